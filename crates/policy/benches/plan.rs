//! What a decision costs: `cargo bench -p policy --bench plan` prints nanoseconds and allocations (docs/routing.md).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that measures time and prints it"
)]

use std::{hint::black_box, time::Instant};

use canon::{PicoUsd, Preferences, Sort};
use policy::{
    catalog::{Lane, Parameters, Quantization},
    health::{Heard, Outcome, Standing, endpoint},
    measure::Measures,
    routing::{Ask, Candidate, Figures, Prices, Quantiles, Ratio, Tier, is_distillable, plan},
    terms::Term,
};
use serde_json::json;

const NOW: i64 = 1_800_000_000_000_000;
const ROUNDS: u32 = 100_000;

fn candidates(count: usize) -> Vec<Candidate<'static>> {
    let prices = (1..).map(|step| PicoUsd::new(100_000 * step));
    let one = |(at, price)| Candidate {
        endpoint: at,
        rank: 0,
        provider: "vendor",
        provider_name: "Vendor",
        tag: "vendor/fp8",
        lane: Lane::Standard,
        price: Some(Prices {
            prompt: price,
            completion: price,
            ..Prices::default()
        }),
        context_length: Some(131_072),
        max_prompt_tokens: None,
        max_output_tokens: Some(16_384),
        quantization: Quantization::Fp8,
        lacks: Parameters::EMPTY,
        cannot: None,
        trains: Some(false),
        retains: Some(false),
        distillable: is_distillable("openai/gpt-oss-120b"),
        is_past: false,
        standing: Standing::Well,
        figures: Figures {
            latency: Some(Quantiles {
                p50: 300,
                p75: 500,
                p90: 900,
                p99: 2_000,
            }),
            throughput: Some(Quantiles {
                p50: 45_200,
                p75: 38_500,
                p90: 28_300,
                p99: 15_100,
            }),
            tools: Some(Ratio {
                good: 990,
                all: 1_000,
            }),
            requests: 1_000,
        },
        warm: None,
        term: Term::default(),
    };
    (0..count).zip(prices).map(one).collect()
}

fn ask<'a>(preferences: &'a Preferences, house: &'a Preferences, has_tools: bool) -> Ask<'a> {
    Ask {
        preferences,
        house,
        wishes: &[],
        tier: Tier::Any,
        prompt_tokens: 1_000,
        max_tokens: Some(1_000),
        has_tools,
    }
}

/// Nanoseconds of one round.
fn time(mut work: impl FnMut(u32)) -> u128 {
    (0..ROUNDS / 10).for_each(&mut work);
    let begun = Instant::now();
    (0..ROUNDS).for_each(&mut work);
    begun.elapsed().as_nanos() / u128::from(ROUNDS)
}

fn show(name: &str, mut work: impl FnMut(u32)) {
    let made = allocation_counter::measure(|| work(1)).count_total;
    println!("{name:<46} {:>6} ns {made:>3} allocations", time(work));
}

fn main() {
    let house = Preferences::default();
    let plain = Preferences::default();
    let picky = Preferences {
        sort: Some(Sort::Throughput),
        ignore: vec!["somebody".to_owned()],
        deny_data_collection: Some(true),
        preferred_max_latency: Some(json!({"p90": 1.0})),
        max_price: vec![("prompt".to_owned(), PicoUsd::new(1_500_000))],
        ..Preferences::default()
    };
    println!("20 endpoints, their candidates made anew each time");
    for (name, preferences, has_tools) in [
        ("plan: drawn by price", &plain, false),
        ("plan: drawn by price, graded for tools", &plain, true),
        ("plan: sorted, filtered, with a soft limit", &picky, false),
    ] {
        let ask = ask(preferences, &house, has_tools);
        show(name, |seed| {
            black_box(plan(&ask, candidates(20), u64::from(seed)));
        });
    }
    show("the candidates alone", |_| {
        black_box(candidates(20));
    });
    println!("One call of an endpoint");
    let (measures, vitals) = (Measures::default(), endpoint(30_000_000));
    show("measure: first token", |at| {
        measures.first_token(i64::from(at), NOW);
    });
    show("measure: answered, with its speed", |at| {
        measures.called(true, NOW);
        measures.answered(500, i64::from(at) * 100, NOW);
    });
    show("measure: the figures, read", |_| {
        black_box(measures.figures(NOW));
    });
    show("measure: the figures, made (once a second)", |at| {
        black_box(measures.figures(NOW + i64::from(at) * 1_000_000));
    });
    show("health: standing", |_| {
        black_box(vitals.standing(NOW));
    });
    show("health: begin, judge and end", |_| {
        if let Some(pass) = vitals.begin(NOW, false) {
            let heard = Heard {
                outcome: Outcome::Success,
                pass,
                rest_ms: None,
                took: 200_000,
            };
            vitals.judge(heard, NOW, 7);
            vitals.end(false, NOW);
        }
    });
}
