//! Costs: vectors computed by hand, and laws that hold for every sheet and usage.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use canon::{NanoUsd, PicoUsd, Usage};
use policy::{
    catalog::{PriceSheet, Unit},
    pricing::{Bounds, Pieces, affordable_output, ceiling, cost, cost_with},
};
use proptest::prelude::*;

/// Prices in pico-USD, as `Unit` and number.
fn sheet(prices: &[(Unit, i64)]) -> PriceSheet {
    PriceSheet::new(
        prices
            .iter()
            .map(|(unit, price)| (*unit, PicoUsd::new(*price))),
    )
    .unwrap()
}

fn above(sheet: PriceSheet, tokens: u64, prices: &[(Unit, i64)]) -> PriceSheet {
    let prices = prices
        .iter()
        .map(|(unit, price)| (*unit, PicoUsd::new(*price)));
    sheet.with_above(tokens, prices).unwrap()
}

fn usage(prompt_tokens: u64, completion_tokens: u64) -> Usage {
    Usage {
        prompt_tokens,
        completion_tokens,
        ..Usage::default()
    }
}

/// 3 and 15 USD a million, cache 0.30 read, 3.75 and 6 written; above 200,000: 6, 22.50, 0.60, 7.50.
fn claude() -> PriceSheet {
    let base = sheet(&[
        (Unit::Prompt, 3_000_000),
        (Unit::Completion, 15_000_000),
        (Unit::CacheRead, 300_000),
        (Unit::CacheWrite, 3_750_000),
        (Unit::CacheWrite1h, 6_000_000),
        (Unit::WebSearch, 10_000_000_000),
    ]);
    let tier = [
        (Unit::Prompt, 6_000_000),
        (Unit::Completion, 22_500_000),
        (Unit::CacheRead, 600_000),
        (Unit::CacheWrite, 7_500_000),
    ];
    above(base, 200_000, &tier)
}

/// Compares a vector that was computed by hand, in nano-USD.
fn costs(name: &str, sheet: &PriceSheet, usage: &Usage, nano: i64) {
    assert_eq!(cost(sheet, usage).total, NanoUsd::new(nano), "{name}");
}

#[test]
fn tokens_cost_their_price_and_a_fraction_is_rounded_up_once() {
    let gpt = sheet(&[(Unit::Prompt, 1_250_000), (Unit::Completion, 10_000_000)]);
    costs("nothing", &gpt, &usage(0, 0), 0);
    costs("one and one", &gpt, &usage(1, 1), 11_250);
    costs(
        "a thousand and five hundred",
        &gpt,
        &usage(1_000, 500),
        6_250_000,
    );
    let tiny = sheet(&[(Unit::Prompt, 37_500), (Unit::Completion, 150_000)]);
    costs("37.5 nano", &tiny, &usage(1, 0), 38);
    costs(
        "37.5 + 150 nano, rounded together",
        &tiny,
        &usage(1, 1),
        188,
    );
    costs("two halves make a whole", &tiny, &usage(2, 0), 75);
}

#[test]
fn cached_and_written_tokens_are_not_also_prompt_tokens() {
    let read = |tokens, cached_tokens| Usage {
        cached_tokens,
        ..usage(tokens, 0)
    };
    let gpt = sheet(&[(Unit::Prompt, 1_250_000), (Unit::CacheRead, 125_000)]);
    costs("800 of 1000 cached", &gpt, &read(1_000, 800), 350_000);
    costs("all cached", &gpt, &read(1_000, 1_000), 125_000);
    costs(
        "more cached than prompted is cut",
        &gpt,
        &read(10, 1_000),
        1_250,
    );
    let plain = sheet(&[(Unit::Prompt, 1_000_000)]);
    costs(
        "no cache price: a prompt token",
        &plain,
        &read(100, 40),
        100_000,
    );

    let both = Usage {
        cache_write_tokens: 100,
        cache_write_1h_tokens: 200,
        ..usage(1_000, 0)
    };
    // 100 * 3750 + 200 * 6000 + 700 * 3000
    costs("writes of both lifetimes", &claude(), &both, 3_675_000);
    let mixed = Usage {
        cached_tokens: 500,
        cache_write_tokens: 400,
        ..usage(1_000, 10)
    };
    // 500 * 300 + 400 * 3750 + 100 * 3000 + 10 * 15000
    costs("read and written", &claude(), &mixed, 2_100_000);
    let hour = Usage {
        cache_write_1h_tokens: 10,
        ..usage(10, 0)
    };
    let write = sheet(&[(Unit::Prompt, 1_000_000), (Unit::CacheWrite, 2_000_000)]);
    costs("no price for an hour: a write", &write, &hour, 20_000);
}

#[test]
fn a_threshold_holds_for_all_tokens_once_it_is_passed() {
    costs("at 200,000", &claude(), &usage(200_000, 1_000), 615_000_000);
    costs(
        "at 200,001",
        &claude(),
        &usage(200_001, 1_000),
        1_222_506_000,
    );
    let read = |tokens| Usage {
        cached_tokens: 200_000,
        ..usage(tokens, 0)
    };
    costs("at 200,000, cached", &claude(), &read(200_000), 60_000_000);
    costs(
        "cached tokens count for it",
        &claude(),
        &read(200_001),
        120_006_000,
    );
    let hour = Usage {
        cache_write_1h_tokens: 1,
        ..usage(200_001, 0)
    };
    // 6000 + 200000 * 6000: the tier has no price for an hour's write.
    costs(
        "what a tier leaves out is inherited",
        &claude(),
        &hour,
        1_200_006_000,
    );
    let third = above(claude(), 1_000_000, &[(Unit::Prompt, 9_000_000)]);
    // 1000001 * 9000 + 22500
    costs(
        "the highest passed decides",
        &third,
        &usage(1_000_001, 1),
        9_000_031_500,
    );
}

#[test]
fn audio_images_and_reasoning_have_their_own_prices() {
    let audio = sheet(&[
        (Unit::Prompt, 2_500_000),
        (Unit::Completion, 10_000_000),
        (Unit::Audio, 40_000_000),
        (Unit::AudioOutput, 80_000_000),
    ]);
    let spoken = Usage {
        audio_prompt_tokens: 60,
        audio_completion_tokens: 30,
        ..usage(100, 50)
    };
    // 40 * 2500 + 60 * 40000 + 20 * 10000 + 30 * 80000
    costs("audio in and out", &audio, &spoken, 5_100_000);
    let cached = Usage {
        cached_tokens: 100,
        audio_prompt_tokens: 60,
        ..usage(100, 0)
    };
    costs("cached audio is cached", &audio, &cached, 250_000);

    let thinker = sheet(&[(Unit::Completion, 8_000_000), (Unit::Reasoning, 3_000_000)]);
    let thought = |reasoning_tokens, all| Usage {
        reasoning_tokens,
        ..usage(0, all)
    };
    // 70 * 3000 + 30 * 8000
    costs(
        "reasoning at its price",
        &thinker,
        &thought(70, 100),
        450_000,
    );
    costs(
        "more reasoning than answer is cut",
        &thinker,
        &thought(9, 1),
        3_000,
    );
    let plain = sheet(&[(Unit::Completion, 10_000_000)]);
    costs(
        "reasoning is in the answer",
        &plain,
        &thought(70, 100),
        1_000_000,
    );

    let painter = sheet(&[
        (Unit::Completion, 2_500_000),
        (Unit::ImageOutput, 30_000_000),
    ]);
    let drawn = Usage {
        image_completion_tokens: 1_290,
        ..usage(0, 1_300)
    };
    // 1290 * 30000 + 10 * 2500
    costs("a drawn image's tokens", &painter, &drawn, 38_725_000);
    let viewer = sheet(&[(Unit::Prompt, 1_000_000), (Unit::ImageToken, 3_000_000)]);
    let seen = Usage {
        image_prompt_tokens: 258,
        ..usage(300, 0)
    };
    // 258 * 3000 + 42 * 1000
    costs("a seen image's tokens", &viewer, &seen, 816_000);
}

#[test]
fn requests_and_searches_are_paid_by_the_piece() {
    let search = sheet(&[(Unit::Prompt, 1_000_000), (Unit::Request, 5_000_000_000)]);
    costs("a request", &search, &usage(2, 0), 5_002_000);
    let searched = Usage {
        web_searches: 3,
        ..usage(1_000, 0)
    };
    costs("three searches", &claude(), &searched, 33_000_000);
}

#[test]
fn pieces_are_paid_by_the_piece() {
    let sheet = sheet(&[
        (Unit::Image, 2_650_000_000),
        (Unit::Picture, 40_000_000_000),
        (Unit::AudioSecond, 100_000_000),
        (Unit::VideoSecond, 400_000_000_000),
        (Unit::Character, 15_000_000),
    ]);
    let pieces = Pieces {
        images: 2,
        pictures: 1,
        audio_seconds: 30,
        video_seconds: 8,
        characters: 100,
    };
    let cost = cost_with(&sheet, &Usage::default(), pieces);
    // 5.3 + 40 + 3 + 3200 + 1.5 thousandths of a dollar
    assert_eq!(cost.total, NanoUsd::new(3_249_800_000));
    assert_eq!(cost.pieces, cost.total);
}

#[test]
fn absurd_counts_stop_at_the_end_of_the_scale() {
    let dear = sheet(&[
        (Unit::Prompt, i64::MAX),
        (Unit::Completion, i64::MAX),
        (Unit::Image, i64::MAX),
    ]);
    let cost = cost_with(
        &dear,
        &usage(u64::MAX, u64::MAX),
        Pieces {
            images: u64::MAX,
            ..Pieces::default()
        },
    );
    assert_eq!(cost.total, NanoUsd::MAX);
    assert_eq!(ceiling(&dear, u64::MAX, u64::MAX, u64::MAX), NanoUsd::MAX);
    assert_eq!(affordable_output(&dear, u64::MAX, NanoUsd::MAX), None);
}

#[test]
fn an_answer_is_clamped_to_what_is_left() {
    let gpt = sheet(&[(Unit::Prompt, 1_250_000), (Unit::Completion, 10_000_000)]);
    // 1,000 prompt tokens cost 1,250,000 nano-USD; a token of the answer 10,000.
    for (headroom, tokens) in [
        (1_249_999, None),
        (1_250_000, Some(0)),
        (1_259_999, Some(0)),
        (1_260_000, Some(1)),
        (11_250_000, Some(1_000)),
        (-1, None),
    ] {
        assert_eq!(
            affordable_output(&gpt, 1_000, NanoUsd::new(headroom)),
            tokens,
            "{headroom}"
        );
    }
    let free = sheet(&[(Unit::Prompt, 0), (Unit::Completion, 0)]);
    assert_eq!(
        affordable_output(&free, 1_000, NanoUsd::ZERO),
        Some(u64::MAX)
    );
}

#[test]
fn a_ceiling_reaches_only_thresholds_that_the_prompt_can_pass() {
    // Without cache writes the dearest prompt token is the plain one.
    let tiered = above(
        sheet(&[(Unit::Prompt, 1_000), (Unit::Completion, 2_000)]),
        200_000,
        &[(Unit::Prompt, 2_000)],
    );
    assert_eq!(ceiling(&tiered, 200_000, 0, 0), NanoUsd::new(200_000));
    assert_eq!(ceiling(&tiered, 200_001, 0, 0), NanoUsd::new(400_002));
}

/// Sheets with any units, small and large prices, and up to three thresholds.
fn sheets() -> impl Strategy<Value = PriceSheet> {
    let price = || prop_oneof![0_i64..100, 0_i64..1_000_000_000, Just(37_500_i64)];
    let prices =
        move || proptest::collection::vec((proptest::sample::select(Unit::ALL), price()), 0..8);
    let tiers =
        proptest::collection::vec((prop_oneof![0_u64..50, Just(200_000_u64)], prices()), 0..3);
    (prices(), tiers).prop_map(|(base, tiers)| {
        tiers
            .into_iter()
            .fold(sheet(&base), |sheet, (tokens, prices)| {
                above(sheet, tokens, &prices)
            })
    })
}

/// Usages, plausible and not, within bounds.
fn usages(prompt_max: u64, completion_max: u64) -> impl Strategy<Value = Usage> {
    let part = |max: u64| 0..=max.saturating_mul(2).min(max + 100);
    (
        (0..=prompt_max, 0..=completion_max),
        (
            part(prompt_max),
            part(prompt_max),
            part(prompt_max),
            part(prompt_max),
            part(prompt_max),
        ),
        (
            part(completion_max),
            part(completion_max),
            part(completion_max),
        ),
    )
        .prop_map(|(whole, prompt, completion)| Usage {
            prompt_tokens: whole.0,
            completion_tokens: whole.1,
            cached_tokens: prompt.0,
            cache_write_tokens: prompt.1,
            cache_write_1h_tokens: prompt.2,
            audio_prompt_tokens: prompt.3,
            image_prompt_tokens: prompt.4,
            reasoning_tokens: completion.0,
            audio_completion_tokens: completion.1,
            image_completion_tokens: completion.2,
            ..Usage::default()
        })
}

fn bounded() -> impl Strategy<Value = (u64, u64, Usage)> {
    let bound = || prop_oneof![0_u64..100, 0_u64..1_000_000];
    (bound(), bound()).prop_flat_map(|(prompt, completion)| {
        usages(prompt, completion).prop_map(move |usage| (prompt, completion, usage))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_ceiling_is_never_below_a_cost(sheet in sheets(), (prompt, completion, usage) in bounded(), images in 0_u64..5) {
        let paid = cost_with(&sheet, &usage, Pieces { images, ..Pieces::default() });
        prop_assert!(ceiling(&sheet, prompt, completion, images) >= paid.total);
    }

    #[test]
    fn an_affordable_answer_is_affordable_and_one_token_more_is_not(
        sheet in sheets(),
        prompt in 0_u64..300_000,
        headroom in 0_i64..1_000_000_000_000,
    ) {
        let headroom = NanoUsd::new(headroom);
        match affordable_output(&sheet, prompt, headroom) {
            None => prop_assert!(ceiling(&sheet, prompt, 0, 0) > headroom),
            Some(u64::MAX) => prop_assert!(ceiling(&sheet, prompt, u64::MAX, 0) <= headroom),
            Some(tokens) => {
                prop_assert!(ceiling(&sheet, prompt, tokens, 0) <= headroom);
                prop_assert!(ceiling(&sheet, prompt, tokens + 1, 0) > headroom);
            }
        }
    }

    #[test]
    fn parts_add_up_to_the_total_and_none_is_negative(sheet in sheets(), (_, _, usage) in bounded()) {
        let cost = cost(&sheet, &usage);
        let parts = [cost.prompt, cost.completion, cost.pieces];
        prop_assert!(parts.iter().all(|part| *part >= NanoUsd::ZERO));
        prop_assert_eq!(parts.into_iter().sum::<NanoUsd>(), cost.total);
    }

    #[test]
    fn a_longer_answer_never_costs_less(sheet in sheets(), (_, _, usage) in bounded(), more in 1_u64..1_000) {
        let longer = Usage { completion_tokens: usage.completion_tokens + more, ..usage.clone() };
        prop_assert!(cost(&sheet, &longer).total >= cost(&sheet, &usage).total);
    }

    #[test]
    fn a_longer_prompt_never_costs_less_on_one_tier(prices in proptest::collection::vec((proptest::sample::select(Unit::ALL), 0_i64..1_000_000), 0..8), (_, _, usage) in bounded(), more in 1_u64..1_000) {
        let sheet = sheet(&prices);
        let longer = Usage { prompt_tokens: usage.prompt_tokens + more, ..usage.clone() };
        prop_assert!(cost(&sheet, &longer).total >= cost(&sheet, &usage).total);
    }

    #[test]
    fn rounding_adds_less_than_one_nano(price in 0_i64..1_000_000_000, tokens in 0_u64..1_000_000) {
        let sheet = sheet(&[(Unit::Prompt, price)]);
        let exact = i128::from(price) * i128::from(tokens);
        let charged = i128::from(cost(&sheet, &usage(tokens, 0)).total.get()) * 1_000;
        prop_assert!(charged >= exact && charged - exact < 1_000);
    }

    #[test]
    fn searches_within_bounds_stay_below_their_ceiling(sheet in sheets(), (prompt_tokens, completion_tokens, usage) in bounded(), web_searches in 0_u64..20) {
        let usage = Usage { web_searches, ..usage };
        let bounds = Bounds { prompt_tokens, completion_tokens, web_searches, pieces: Pieces::default() };
        prop_assert!(bounds.ceiling(&sheet) >= cost(&sheet, &usage).total);
    }
}
