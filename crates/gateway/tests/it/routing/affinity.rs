//! Conversations stay where their prompt cache is warm: each rule of spec/inference.md §7.9 through the whole gateway, and
//! the figure of issue 4.

use std::fmt::Write as _;

use canon::Key;
use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};

use crate::house::{House, new_key};

const MODEL: &str = "acme/warm";

/// A gateway in front of vendors that keep a prompt cache, and charge a tenth for what is in it.
struct Stage {
    house: House,
    vendors: Vec<Vendor>,
}

/// How a vendor charges: USD a token of the prompt, and one that is read from the cache.
struct Fares(&'static str, &'static str);

const ALIKE: [Fares; 3] = [
    Fares("0.000001", "0.0000001"),
    Fares("0.000001", "0.0000001"),
    Fares("0.000001", "0.0000001"),
];

fn caching() -> Mood {
    Mood {
        caches: true,
        ..Mood::default()
    }
}

impl Stage {
    async fn open(fares: &[Fares], settings: &str) -> Self {
        let mut vendors = Vec::new();
        let mut config = settings.to_owned();
        for (place, Fares(prompt, read)) in fares.iter().enumerate() {
            let vendor = VendorConfig {
                mood: caching(),
                ..VendorConfig::default()
            };
            let vendor = Vendor::start(vendor).await.unwrap();
            let address = vendor.base_url(Wire::OpenAiChat);
            write!(
                config,
                r#"
[providers.v{place}]
dialect = "openai-chat"
base_url = "{address}"
[[providers.v{place}.models]]
model = "{MODEL}"
price = {{ prompt = "{prompt}", completion = "0.000002", cache_read = "{read}" }}
"#
            )
            .unwrap();
            vendors.push(vendor);
        }
        let house = House::open(&config).await;
        Self { house, vendors }
    }

    async fn ask_with(&self, key: &str, body: Value) -> (StatusCode, Value) {
        let path = "/api/v1/chat/completions";
        self.house.ask(key, "POST", path, body).await
    }

    /// Asks; which vendor answered, and how many tokens were read from its cache.
    async fn turn(&self, body: Value) -> (usize, u64) {
        let (status, answer) = self.ask_with(&self.house.key.1, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        (provider(&answer), cached(&answer))
    }
}

fn provider(answer: &Value) -> usize {
    let name = answer["provider"].as_str().unwrap();
    name.trim_start_matches('v').parse().unwrap()
}

fn cached(answer: &Value) -> u64 {
    let details = &answer["usage"]["prompt_tokens_details"];
    details["cached_tokens"].as_u64().unwrap_or(0)
}

/// The n-th turn of a conversation: long standing instructions, and all that was said before.
fn body(conversation: &str, turn: usize) -> Value {
    let mut messages =
        vec![json!({"role": "system", "content": format!("{conversation} {}", "x".repeat(8_000))})];
    for turn in 0..=turn {
        if turn > 0 {
            messages.push(json!({"role": "assistant", "content": format!("Answer {turn}.")}));
        }
        let said = format!("Question {turn} of {conversation}? {}", "y".repeat(400));
        messages.push(json!({"role": "user", "content": said}));
    }
    json!({"model": MODEL, "messages": messages})
}

fn named(session: &str, turn: usize) -> Value {
    let mut body = body(session, turn);
    body["session_id"] = json!(session);
    body
}

#[tokio::test]
async fn a_named_session_stays_after_its_first_answer() {
    let stage = Stage::open(&ALIKE, "").await;
    for session in 0..10 {
        let name = format!("s{session}");
        let (home, none) = stage.turn(named(&name, 0)).await;
        assert_eq!(none, 0);
        for turn in 1..6 {
            let (at, cached) = stage.turn(named(&name, turn)).await;
            assert!(at == home && cached > 2_000, "{at} {home} {cached}");
        }
    }
}

#[tokio::test]
async fn the_header_names_a_session_and_the_body_goes_before_it() {
    let stage = Stage::open(&ALIKE, "").await;
    let ask = async |header: &str, body: Value| {
        let request = http::Request::post("/api/v1/chat/completions")
            .header("authorization", format!("Bearer {}", stage.house.key.1))
            .header("x-session-id", header)
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let answer = crate::stage::Answer::read(stage.house.call(request).await).await;
        provider(&answer.json())
    };
    let home = ask("header", body("one", 0)).await;
    for turn in 0..8 {
        // Other words: the header alone makes it the same session.
        assert_eq!(ask("header", body("other", turn)).await, home);
    }
    let own = ask("ignored", named("in-body", 0)).await;
    for turn in 1..8 {
        assert_eq!(ask("header", named("in-body", turn)).await, own);
    }
}

#[tokio::test]
async fn a_nameless_conversation_stays_only_once_a_hit_was_seen() {
    let stage = Stage::open(&ALIKE, "").await;
    let mut moved = 0;
    for conversation in 0..40 {
        let name = format!("c{conversation}");
        let mut seen: Vec<usize> = Vec::new();
        let mut home = None;
        for turn in 0..6 {
            let (at, cached) = stage.turn(body(&name, turn)).await;
            if let Some(home) = home {
                assert_eq!(at, home, "{name}: it stays once a hit was seen");
            } else if cached > 0 {
                home = Some(at);
            } else {
                moved += usize::from(turn > 0 && !seen.contains(&at));
            }
            seen.push(at);
        }
    }
    // Before that it is drawn: two of three second turns are at another one.
    assert!(moved > 10, "{moved}");
}

#[tokio::test]
async fn expected_hits_are_reason_enough_where_the_operator_says_so_and_off_is_off() {
    let expected = Stage::open(&ALIKE, "[routing]\naffinity = \"expected\"\n").await;
    let off = Stage::open(&ALIKE, "[routing]\naffinity = \"off\"\n").await;
    let mut moved = 0;
    for conversation in 0..20 {
        let name = format!("c{conversation}");
        let (home, _) = expected.turn(body(&name, 0)).await;
        assert_eq!(expected.turn(body(&name, 1)).await.0, home);
        let (home, _) = off.turn(named(&name, 0)).await;
        moved += usize::from(off.turn(named(&name, 1)).await.0 != home);
    }
    assert!(moved > 3, "{moved}");
}

#[tokio::test]
async fn where_reading_the_cache_is_not_cheaper_nobody_stays() {
    let same = || Fares("0.000001", "0.000001");
    let stage = Stage::open(&[same(), same(), same()], "").await;
    let mut seen = std::collections::BTreeSet::new();
    for turn in 0..30 {
        seen.insert(stage.turn(named("one", turn % 4)).await.0);
    }
    assert!(seen.len() > 1, "{seen:?}");
}

#[tokio::test]
async fn the_callers_order_goes_before_the_session_and_the_session_is_still_there_behind_it() {
    let stage = Stage::open(&ALIKE, "").await;
    let (home, _) = stage.turn(named("one", 0)).await;
    let other = (home + 1) % 3;
    let mut ordered = named("one", 1);
    ordered["provider"] = json!({"order": [format!("v{other}")]});
    assert_eq!(stage.turn(ordered).await.0, other);
    assert_eq!(stage.turn(named("one", 2)).await.0, home);
}

#[tokio::test]
async fn a_home_that_fails_is_passed_by_and_keeps_its_conversation() {
    let stage = Stage::open(&ALIKE, "").await;
    let (home, _) = stage.turn(named("one", 0)).await;
    stage.turn(named("one", 1)).await;
    stage.vendors[home].script([Mood::fail(503)]);
    let (away, _) = stage.turn(named("one", 2)).await;
    assert_ne!(away, home);
    let (at, cached) = stage.turn(named("one", 3)).await;
    assert_eq!(at, home);
    assert!(cached > 2_000);
}

#[tokio::test]
async fn another_workspace_with_the_same_session_is_another_conversation() {
    let stage = Stage::open(&ALIKE, "").await;
    let in_workspace = async |name: &str| -> (Key, String) {
        let mut new = new_key(name, false);
        new.workspace = canon::WorkspaceId::new(name);
        let (key, secret) = stage.house.app.keyring.create(new).await.unwrap();
        (key, secret.expose().clone())
    };
    let mut homes = std::collections::BTreeSet::new();
    for number in 0..12 {
        let (_, key) = in_workspace(&format!("w{number}")).await;
        let first = provider(&stage.ask_with(&key, named("shared", 0)).await.1);
        let second = provider(&stage.ask_with(&key, named("shared", 1)).await.1);
        assert_eq!(first, second);
        homes.insert(first);
    }
    assert!(homes.len() > 1, "{homes:?}");
}

#[tokio::test]
async fn a_nameless_conversation_leaves_for_who_is_much_cheaper_though_cold() {
    // Warm at the dear one: 2,100 tokens × 0.5; all of it × 0.1 at the cheap one.
    let fares = [Fares("0.00001", "0.000005"), Fares("0.000001", "0.0000009")];
    let stage = Stage::open(&fares, "").await;
    let mut only = body("one", 0);
    only["provider"] = json!({"only": ["v0"]});
    stage.turn(only.clone()).await;
    let (home, cached) = stage.turn(only).await;
    assert!(home == 0 && cached > 2_000);
    let mut left = 0;
    for turn in 1..6 {
        left += usize::from(stage.turn(body("one", turn)).await.0 == 1);
    }
    assert!(left >= 4, "{left}");
}

#[tokio::test]
async fn a_vendor_that_takes_a_cache_key_is_given_one_that_no_other_workspace_has() {
    let vendor = Vendor::start(VendorConfig::default()).await.unwrap();
    let other = Vendor::start(VendorConfig::default()).await.unwrap();
    let (address, elsewhere) = (
        vendor.base_url(Wire::OpenAiChat),
        other.base_url(Wire::OpenAiChat),
    );
    let config = format!(
        "[providers.openai]\napi_key = \"k\"\nbase_url = \"{address}\"\n\
         [[providers.openai.models]]\nmodel = \"{MODEL}\"\n\
         [providers.own]\ndialect = \"openai-chat\"\nbase_url = \"{elsewhere}\"\n\
         [[providers.own.models]]\nmodel = \"{MODEL}\"\n"
    );
    let house = House::open(&config).await;
    let mut new = new_key("other", false);
    new.workspace = canon::WorkspaceId::new("other");
    let (_, secret) = house.app.keyring.create(new).await.unwrap();
    let ask = async |key: &str, mut body: Value, provider: &str| {
        body["provider"] = json!({"only": [provider]});
        let (status, answer) = house
            .ask(key, "POST", "/api/v1/chat/completions", body)
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    };
    let own = &house.key.1;
    for turn in 0..2 {
        ask(own, body("alike", turn), "openai").await;
    }
    ask(secret.expose(), body("alike", 0), "openai").await;
    let mut given = body("alike", 0);
    given["prompt_cache_key"] = json!("mine");
    ask(own, given, "openai").await;
    ask(own, body("alike", 0), "own").await;
    let keys: Vec<Value> = vendor
        .requests()
        .iter()
        .map(|one| one.json()["prompt_cache_key"].clone())
        .collect();
    assert_eq!(keys[0].as_str().unwrap().len(), 32);
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert_eq!(keys[3], "mine");
    assert!(other.requests()[0].json().get("prompt_cache_key").is_none());
}

/// The figure: `cargo nextest run -p gateway warm_turn_share --success-output immediate`.
#[tokio::test]
async fn the_warm_turn_share_of_three_vendors_is_that_of_one() {
    const SESSIONS: usize = 50;
    const TURNS: usize = 8;
    let warm = async |stage: &Stage, failing: bool| {
        let (mut warm, mut asked) = (0_usize, 0);
        let turns = (0..TURNS).flat_map(|turn| (0..SESSIONS).map(move |session| (turn, session)));
        for (turn, session) in turns {
            asked += 1;
            if failing && asked % 50 == 0 {
                stage.vendors[asked / 50 % 3].script([Mood::fail(500)]);
            }
            let (_, cached) = stage.turn(named(&format!("s{session}"), turn)).await;
            warm += usize::from(cached > 0);
        }
        warm
    };
    let alone = Stage::open(&ALIKE[..1], "").await;
    let alone = warm(&alone, false).await;
    assert_eq!(alone, SESSIONS * (TURNS - 1));
    println!(
        "{SESSIONS} sessions of {TURNS} turns, through the gateway; one vendor: {alone} warm turns"
    );
    for (failing, name) in [
        (false, "three vendors"),
        (true, "three vendors, 2 % of requests meet a failure"),
    ] {
        let stage = Stage::open(&ALIKE, "").await;
        let warm = warm(&stage, failing).await;
        println!(
            "{name}: {warm} warm turns, {:?} requests",
            stage
                .vendors
                .iter()
                .map(|one| one.bill().len())
                .collect::<Vec<_>>()
        );
        assert!(warm * 100 >= alone * 95, "{name}: {warm} of {alone}");
    }
}
