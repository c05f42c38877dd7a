//! Fault storms through the whole gateway: one of three endpoints is dead, or all are, and callers hardly notice, or
//! the vendors are left in peace. `WEIR_STORM_REQUESTS` says how many requests a storm has; docs/routing.md has the
//! figures of 10,000.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use testbed::{Cut, Mood, Reply};
use tokio::time::Instant;

use crate::stage::{Stage, TRIO, question};

/// Requests under way at once.
const AT_ONCE: usize = 8;
/// The first token comes within this, or never.
const SETTINGS: &str = "[upstream]\nfirst_byte_ms = 400\nwhole_ms = 400\nidle_ms = 400\n";

/// The seven ways to be dead, and whether the caller learns of it at once.
fn ways() -> [(&'static str, Mood, bool); 7] {
    [
        ("refuse", Mood::refuse(), true),
        ("reset", Mood::cutting(Cut::Bytes(0)), true),
        ("5xx", Mood::fail(503), true),
        ("429", Mood::rate_limited(1), true),
        ("empty 200", Mood::replying(Reply::EmptyBody), true),
        ("error first", Mood::replying(Reply::FirstEventError), true),
        ("hang", Mood::hang(), false),
    ]
}

/// How many requests a storm has: so many, unless the figures are wanted.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn requests(usual: usize) -> usize {
    let wanted = std::env::var("WEIR_STORM_REQUESTS").ok();
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(usual)
}

/// What a storm did to its callers.
struct Weathered {
    good: usize,
    /// Answers in which more than one vendor speaks, or one does not finish.
    mixed: usize,
    p99: Duration,
}

/// How often each vendor was asked, whether it took the request or not.
fn calls(stage: &Stage) -> [u64; 3] {
    ["alpha", "beta", "gamma"].map(|id| {
        let vendor = stage.vendor(id);
        let last = vendor.requests().pop();
        vendor.refused() + last.map_or(0, |last| last.number)
    })
}

/// Half of the requests are streamed, half are not.
async fn weather(stage: &Stage, requests: usize) -> Weathered {
    let one = async |number: usize| {
        let streamed = number.is_multiple_of(2);
        let began = Instant::now();
        let answer = stage.chat(&question(streamed)).await;
        let took = began.elapsed();
        if answer.status != StatusCode::OK {
            return (took, None);
        }
        let said = if streamed {
            answer.said()
        } else {
            let content = &answer.json()["choices"][0]["message"]["content"];
            content.as_str().unwrap_or_default().to_owned()
        };
        (took, Some(said))
    };
    let answers: Vec<_> = stream::iter(0..requests)
        .map(one)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let whole =
        ["alpha", "beta", "gamma"].map(|id| format!("{id} says hello to the whole wide world"));
    let said = answers.iter().filter_map(|(_, said)| said.as_ref());
    let mut times: Vec<Duration> = answers.iter().map(|(took, _)| *took).collect();
    times.sort_unstable();
    Weathered {
        good: said.clone().count(),
        mixed: said.filter(|said| !whole.contains(said)).count(),
        p99: times[(times.len() * 99).div_ceil(100) - 1],
    }
}

#[tokio::test]
async fn one_dead_endpoint_of_three_is_hardly_noticed_in_whichever_way_it_is_dead() {
    let requests = requests(200);
    let calm = Stage::open(TRIO, SETTINGS).await;
    let calm = weather(&calm, requests).await;
    assert_eq!((calm.good, calm.mixed), (requests, 0));
    for (way, mood, is_fast) in ways() {
        let stage = Stage::open(TRIO, SETTINGS).await;
        stage.vendor("alpha").set_mood(mood);
        let storm = weather(&stage, requests).await;
        let added = storm.p99.saturating_sub(calm.p99);
        println!(
            "{way}: {} of {requests} answered, {} mixed, p99 + {} ms, calls {:?}",
            storm.good,
            storm.mixed,
            added.as_millis(),
            calls(&stage),
        );
        assert!(
            storm.good * 1_000 >= requests * 999,
            "{way}: {}",
            storm.good
        );
        assert_eq!(storm.mixed, 0, "{way}");
        assert!(
            !is_fast || added <= Duration::from_millis(250),
            "{way}: {added:?}"
        );
    }
}

#[tokio::test]
async fn while_everything_is_down_the_vendors_are_not_asked_much_more_than_the_callers_ask() {
    let requests = requests(60);
    for (way, mood, _) in ways() {
        let stage = Stage::open(TRIO, SETTINGS).await;
        for id in ["alpha", "beta", "gamma"] {
            stage.vendor(id).set_mood(mood.clone());
        }
        let storm = weather(&stage, requests).await;
        let calls: u64 = calls(&stage).iter().sum();
        println!("{way}: {calls} calls for {requests} requests");
        assert_eq!(storm.good, 0, "{way}");
        let most = u64::try_from(requests * 12 / 10).unwrap();
        assert!(calls <= most, "{way}: {calls} for {requests}");
    }
}
