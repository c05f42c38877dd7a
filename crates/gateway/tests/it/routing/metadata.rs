//! `X-OpenRouter-Metadata`: how a request was routed, for the caller who asks, in answers and in errors; and the same in
//! its record.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use testbed::{Cut, Mood, Reply, Wire};

use crate::stage::{Answer, MODEL, PAIR, Stage, question, with};

/// The fields that every metadata has, in order.
const REQUIRED: [&str; 7] = [
    "requested",
    "strategy",
    "region",
    "summary",
    "attempt",
    "is_byok",
    "endpoints",
];

async fn ask(
    stage: &Stage,
    path: &str,
    body: &Value,
    (name, level): (&'static str, &str),
) -> Answer {
    let mut request = stage.request(path, body.to_string());
    let level = HeaderValue::from_str(level).unwrap();
    request.headers_mut().insert(name, level);
    Answer::read(stage.house.call(request).await).await
}

async fn chat(stage: &Stage, body: &Value) -> Answer {
    let header = ("x-openrouter-metadata", "enabled");
    ask(stage, "/api/v1/chat/completions", body, header).await
}

/// The metadata of an answer with all that it must have.
fn metadata(body: &Value) -> &Value {
    let found = &body["openrouter_metadata"];
    let fields = found.as_object().unwrap_or_else(|| panic!("{body}"));
    for name in REQUIRED {
        assert!(fields.contains_key(name), "{name} in {found}");
    }
    found
}

fn selected(metadata: &Value) -> Vec<&str> {
    let available = metadata["endpoints"]["available"].as_array().unwrap();
    let selected = available.iter().filter(|one| one["selected"] == true);
    selected
        .map(|one| one["provider"].as_str().unwrap())
        .collect()
}

/// The pieces of JSON that an answer consists of.
fn frames_of(answer: &Answer, stream: bool) -> Vec<String> {
    if !stream {
        return vec![answer.text.clone()];
    }
    let events = answer.events().into_iter().map(|(_, data)| data);
    events.filter(|data| data != "[DONE]").collect()
}

#[tokio::test]
async fn every_door_shows_how_it_was_routed_to_who_asks_and_to_nobody_else() {
    let doors = [
        ("/api/v1/chat/completions", json!({})),
        (
            "/api/v1/completions",
            json!({ "prompt": "What does the fox say?" }),
        ),
        ("/api/v1/messages", json!({ "max_tokens": 500 })),
        (
            "/api/v1/responses",
            json!({ "input": "What does the fox say?" }),
        ),
    ];
    let stage = Stage::open(PAIR, "").await;
    for (path, more) in doors {
        for stream in [false, true] {
            let mut body = with(question(stream), more.clone());
            if more["input"].is_string() || more["prompt"].is_string() {
                body.as_object_mut().unwrap().remove("messages");
            }
            let names = [
                "x-openrouter-metadata",
                "x-openrouter-experimental-metadata",
            ];
            for header in names.map(|name| (name, "Enabled")) {
                let answer = ask(&stage, path, &body, header).await;
                assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text);
                let frames = frames_of(&answer, stream);
                let last: Value = serde_json::from_str(frames.last().unwrap()).unwrap();
                let wrapped = last.get("response").filter(|_| stream);
                let shown = metadata(wrapped.unwrap_or(&last));
                assert_eq!(shown["requested"], MODEL);
                assert_eq!(shown["strategy"], "direct");
                assert_eq!(shown["region"], Value::Null);
                assert_eq!(shown["summary"], "available=2, selected=alpha");
                assert_eq!(shown["attempt"], 1);
                assert_eq!(shown["endpoints"]["total"], 2);
                assert_eq!(selected(shown), ["alpha"], "{path} {shown}");
                assert_eq!(shown.get("attempts"), None, "the first one answered");
                let mentions = frames
                    .iter()
                    .filter(|frame| frame.contains("openrouter_metadata"));
                assert_eq!(mentions.count(), 1, "{path} {}", answer.text);
            }
            for level in ["disabled", "yes", ""] {
                let answer = ask(&stage, path, &body, ("x-openrouter-metadata", level)).await;
                assert!(
                    !answer.text.contains("openrouter_metadata"),
                    "{path} {level}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_second_choice_shows_who_failed_before_it() {
    for stream in [false, true] {
        let stage = Stage::open(PAIR, "").await;
        stage.script("alpha", &[Mood::fail(503)]);
        let answer = chat(&stage, &question(stream)).await;
        let body = if stream {
            answer.chunks().pop().unwrap()
        } else {
            answer.json()
        };
        let shown = metadata(&body);
        assert_eq!(shown["attempt"], 2, "{shown}");
        assert_eq!(selected(shown), ["beta"]);
        let attempts = json!([
            { "provider": "alpha", "model": MODEL, "status": 503 },
            { "provider": "beta", "model": MODEL, "status": 200 },
        ]);
        assert_eq!(shown["attempts"], attempts);
    }
}

#[tokio::test]
async fn errors_show_it_with_nobody_selected() {
    for stream in [false, true] {
        let stage = Stage::open(PAIR, "").await;
        stage.script("alpha", &[Mood::refuse()]);
        stage.script("beta", &[Mood::fail(502)]);
        let answer = chat(&stage, &question(stream)).await;
        assert!(answer.status.is_server_error(), "{}", answer.text);
        let body = answer.json();
        let shown = metadata(&body);
        assert_eq!(shown["attempt"], 2);
        assert_eq!(shown["summary"], "available=2, selected=none");
        assert!(selected(shown).is_empty(), "{shown}");
        let statuses = shown["attempts"].as_array().unwrap().iter();
        let statuses: Vec<&Value> = statuses.map(|attempt| &attempt["status"]).collect();
        assert_eq!(
            statuses,
            [502, 502],
            "nobody was there, so no status came: {shown}"
        );
        assert!(stage.chat(&question(stream)).await.status.is_success());
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_shows_it_with_its_error() {
    let stage = Stage::open(PAIR, "").await;
    for cut in [Mood::cutting(Cut::Events(3))] {
        stage.script("alpha", &[cut]);
        let answer = chat(&stage, &question(true)).await;
        let last = answer.chunks().pop().unwrap();
        assert!(last["error"].is_object(), "{last}");
        let shown = metadata(&last);
        assert_eq!(shown["attempt"], 1);
        assert!(selected(shown).is_empty(), "{shown}");
    }
}

#[tokio::test]
async fn where_nobody_may_serve_it_says_that_none_was_reached() {
    let stage = Stage::open(PAIR, "").await;
    let nobody = with(
        question(false),
        json!({ "provider": { "only": ["nobody"] } }),
    );
    let answer = chat(&stage, &nobody).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let body = answer.json();
    let shown = metadata(&body);
    assert_eq!(
        (&shown["attempt"], &shown["requested"]),
        (&json!(0), &json!(MODEL))
    );
    assert_eq!(shown["endpoints"], json!({ "total": 2, "available": [] }));
    // Nobody asked.
    assert!(
        !stage
            .chat(&nobody)
            .await
            .text
            .contains("openrouter_metadata")
    );
    // Refused at the door: there is nothing to show.
    let wrong = with(question(false), json!({ "messages": "wrong" }));
    let answer = chat(&stage, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        !answer.text.contains("openrouter_metadata"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn the_record_keeps_why_whether_or_not_anybody_asked() {
    let stage = Stage::open(
        &[("alpha", Wire::OpenAiChat), ("beta", Wire::Anthropic)],
        "",
    )
    .await;
    stage.script("alpha", &[Mood::replying(Reply::EmptyBody)]);
    let wish = json!({ "max_tokens": 300, "provider": { "sort": "price", "ignore": ["gamma"] } });
    let answer = stage.chat(&with(question(false), wish)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let record = stage.record(&answer).await;
    let route = &record["weir"]["route"];
    let shown = metadata(route);
    assert_eq!(selected(shown), ["beta"]);
    assert_eq!(shown["attempt"], 2);
    let order = route["order"].as_array().unwrap();
    assert_eq!(order[0]["endpoint"], "alpha");
    assert_eq!(order[0]["why"], "by price", "{route}");
    assert_eq!(route["wish"]["max_tokens"], 300);
    assert_eq!(route["wish"]["provider"]["ignore"], json!(["gamma"]));
    assert_eq!(route["attempts"][1]["endpoint"], "beta");
    assert_eq!(record["router"], Value::Null);
}

/// Failures of every kind leave the metadata's statuses as numbers, as its schema wants them.
#[tokio::test]
async fn every_attempt_has_a_status() {
    let moods = [
        Mood::hang(),
        Mood::replying(Reply::GarbageBody),
        Mood::rate_limited(1),
    ];
    for mood in moods {
        let stage = Stage::open(
            PAIR,
            "[upstream]\nfirst_byte_ms = 150\nwhole_ms = 150\nidle_ms = 150\n",
        )
        .await;
        stage.script("alpha", &[mood]);
        let answer = chat(&stage, &question(false)).await;
        let body = answer.json();
        let attempts = metadata(&body)["attempts"].as_array().unwrap().clone();
        assert_eq!(attempts.len(), 2);
        assert!(
            attempts.iter().all(|attempt| attempt["status"].is_u64()),
            "{attempts:?}"
        );
    }
}
