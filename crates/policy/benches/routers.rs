//! What a router's choice costs: `cargo bench -p policy --bench routers` prints nanoseconds and allocations
//! (docs/routing.md).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that measures time and prints it"
)]

use std::{hint::black_box, time::Instant};

use canon::PicoUsd;
use policy::{
    catalog::{Catalog, Unit},
    health::Standing,
    routers::{
        AutoSettings, Board, Candidate, Needs, ParetoSettings, Sight, Task, Wish, choose,
        choose_free, choose_pareto, classify,
    },
    routing::Figures,
};

const ROUNDS: u32 = 2_000;

fn show(name: &str, mut work: impl FnMut(u64)) {
    let made = allocation_counter::measure(|| work(1)).count_total;
    let begun = Instant::now();
    (0..u64::from(ROUNDS)).for_each(&mut work);
    let took = begun.elapsed().as_nanos() / u128::from(ROUNDS);
    println!("{name:<58} {took:>8} ns {made:>4} allocations");
}

/// Every model of the catalogue that writes text.
fn candidates<'a>(catalog: &'a Catalog, board: &'a Board) -> Vec<Candidate<'a>> {
    let candidate = |model: &'a policy::catalog::Model| {
        let sheet = catalog
            .endpoints(model)
            .iter()
            .find_map(|one| one.prices.as_ref());
        let price = |unit| {
            sheet
                .and_then(|sheet| sheet.price(unit))
                .unwrap_or(PicoUsd::ZERO)
        };
        Candidate {
            slug: model.slug.as_str(),
            created: model.created,
            reasons: model.reasoning.is_some(),
            price: sheet.map(|_| (price(Unit::Prompt), price(Unit::Completion))),
            rated: board.of(model.slug.as_str()),
            standing: Standing::Well,
            figures: Figures::default(),
        }
    };
    catalog.models().iter().map(candidate).collect()
}

fn main() {
    let (catalog, board) = (Catalog::embedded(), Board::embedded());
    let long = "Please review the following module and tell me what you would change. ".repeat(400);
    for (name, user) in [
        (
            "classify: a short question",
            "What is the capital of Mongolia?",
        ),
        ("classify: 28,000 bytes", long.as_str()),
    ] {
        let sight = Sight {
            user,
            ..Sight::default()
        };
        show(name, |_| {
            black_box(classify(black_box(&sight)));
        });
    }
    let all = candidates(&catalog, &board);
    let few = all.get(..20).unwrap_or_default();
    let settings = AutoSettings::default();
    for (name, candidates) in [("20 models", few), ("every model", all.as_slice())] {
        let wish = Wish {
            task: Some(Task::CodeDebugging),
            settings: &settings,
            pinned: None,
            sticky: None,
            needs: Needs::default(),
            prompt_tokens: 1_000,
        };
        let count = candidates.len();
        show(&format!("auto: {name} ({count})"), |_| {
            black_box(choose(&wish, candidates).ok());
        });
        show(&format!("pareto-code: {name} ({count})"), |_| {
            black_box(choose_pareto(ParetoSettings::default(), candidates, false).ok());
        });
        show(&format!("free: {name} ({count})"), |seed| {
            black_box(choose_free(candidates, seed).ok());
        });
    }
}
