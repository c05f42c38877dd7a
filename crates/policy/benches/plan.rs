//! What a decision costs: `cargo bench -p policy --bench plan` prints nanoseconds and allocations (docs/routing.md).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that measures time and prints it"
)]

use std::{hint::black_box, time::Instant};

use canon::{Message, PicoUsd, Preferences, Request, Role, Sort};
use policy::{
    affinity::{Conversation, Lifetime, Salt, Sessions, Turn},
    catalog::{Lane, Parameters, Quantization},
    health::{Heard, Outcome, Standing, endpoint},
    measure::Measures,
    routing::{
        Ask, Candidate, Figures, Prices, Quantiles, Ratio, Tier, Warm, is_distillable, plan, trail,
    },
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

/// A plan for a conversation that two of the endpoints know.
fn staying(plain: &Preferences, house: &Preferences) {
    let ask = ask(plain, house, false);
    show("plan: drawn, a conversation stays", |seed| {
        let mut candidates = candidates(20);
        for at in [3, 7] {
            if let Some(one) = candidates.get_mut(at) {
                one.warm = Some(Warm {
                    named: false,
                    is_home: at == 3,
                    tokens: 9_000,
                    prompt_tokens: 10_000,
                    completion_tokens: 200,
                    cache_read: PicoUsd::new(10_000),
                });
            }
        }
        black_box(plan(&ask, candidates, u64::from(seed)));
    });
}

/// What it takes to keep for the record why each endpoint stands where it does.
fn trails(plain: &Preferences, house: &Preferences) {
    let tags: Vec<String> = (0..20).map(|at| format!("vendor-{at}/fp8")).collect();
    let name = |at: usize| {
        tags.get(at).map(|tag| trail::Name {
            tag,
            model: "openai/gpt-oss-120b",
        })
    };
    for count in [2, 20] {
        let ask = ask(plain, house, false);
        let order = plan(&ask, candidates(count), 7);
        show(&format!("trail: {count} endpoints"), |_| {
            black_box(trail::write(&order, name));
        });
        let text = trail::write(&order, name);
        show(
            &format!("trail: {count} endpoints, in the record's JSON"),
            |_| {
                let mut out = Vec::with_capacity(1_024);
                black_box(serde_json::to_writer(&mut out, &text).is_ok());
            },
        );
    }
}

/// What it takes to find where a conversation is.
fn conversations() {
    println!("A conversation of 2 KiB of instructions and a question");
    let instructions = "Be brief. ".repeat(200);
    let mut request = Request {
        messages: vec![
            Message::text(Role::System, instructions),
            Message::text(Role::User, "What does the fox say?"),
        ],
        ..Request::default()
    };
    let (salt, sessions) = (Salt([1, 2]), Sessions::default());
    let find = |request: &Request| {
        let conversation = Conversation::of(salt, "default", request);
        conversation.map(|conversation| sessions.recall(conversation.with("acme/one"), NOW))
    };
    show("affinity: found by its beginning", |_| {
        black_box(find(&request));
    });
    request.session_id = Some("01890a5d-ac96-774b-bcce-b302099a8057".to_owned());
    show("affinity: found by its session", |_| {
        black_box(find(&request));
    });
    if let Some(conversation) = Conversation::of(salt, "default", &request) {
        let turn = Turn {
            endpoint: 3,
            warm_tokens: 9_000,
            prompt_tokens: 10_000,
            completion_tokens: 200,
            lifetime: Lifetime {
                sure_s: 300,
                most_s: 600,
            },
            begins: true,
        };
        show("affinity: remembered", |_| {
            sessions.answered(conversation.with("acme/one"), &turn, NOW);
        });
    }
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
    staying(&plain, &house);
    trails(&plain, &house);
    show("the candidates alone", |_| {
        black_box(candidates(20));
    });
    conversations();
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
