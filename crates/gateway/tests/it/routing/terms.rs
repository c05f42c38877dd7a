//! The operator's terms: endpoints switched off, preferred, weighted and capped, names of one's own for models, for all
//! and for one workspace; and what is said of terms that name what is not there.

use std::path::Path;

use canon::WorkspaceId;
use gateway::{
    config::{Config, Problem},
    snapshot::Snapshot,
    terms::check,
};
use http::StatusCode;
use serde_json::{Value, json};
use testbed::Mood;

use crate::{
    house::new_key,
    stage::{Answer, PAIR, Stage, question, with},
};

/// A key of this workspace.
async fn key_of(stage: &Stage, workspace: &str) -> String {
    let mut new = new_key(workspace, false);
    new.workspace = WorkspaceId::new(workspace);
    let (_, secret) = stage.house.app.keyring.create(new).await.unwrap();
    secret.expose().clone()
}

async fn ask_as(stage: &Stage, key: &str, body: Value) -> (StatusCode, Value) {
    let path = "/api/v1/chat/completions";
    stage.house.ask(key, "POST", path, body).await
}

fn whole() -> Value {
    question(false)
}

/// Without a sort of the caller's, which goes before what the operator prefers.
fn unsorted() -> Value {
    with(whole(), json!({"provider": {}}))
}

fn served_by(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["provider"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_switched_off_serves_nobody_and_says_so_where_nobody_is_left() {
    let settings = "[[routing.endpoints]]\nmatch = \"acme/one@alpha\"\ndisabled = true\n";
    let stage = Stage::open(PAIR, settings).await;
    assert_eq!(served_by(&stage.chat(&whole()).await), "beta");
    let only = with(whole(), json!({"provider": {"only": ["alpha"]}}));
    let answer = stage.chat(&only).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let excluded = &answer.error()["metadata"]["excluded"];
    let alpha = excluded.as_array().unwrap().iter();
    let alpha = alpha.filter(|one| one["endpoint"] == "alpha");
    let fields: Vec<&Value> = alpha.map(|one| &one["field"]).collect();
    assert_eq!(fields, [&json!("routing.endpoints")], "{excluded}");
    // Another model of the same provider is not meant.
    let own = with(whole(), json!({"model": "alpha/own"}));
    assert_eq!(served_by(&stage.chat(&own).await), "alpha");
}

#[tokio::test]
async fn the_preferred_one_comes_first_and_the_other_one_when_it_fails() {
    let settings = "[[routing.endpoints]]\nmatch = \"@beta\"\nprefer = true\n";
    let stage = Stage::open(PAIR, settings).await;
    for _ in 0..10 {
        assert_eq!(served_by(&stage.chat(&unsorted()).await), "beta");
    }
    assert_eq!(served_by(&stage.chat(&whole()).await), "alpha");
    stage.script("beta", &[Mood::fail(500)]);
    assert_eq!(served_by(&stage.chat(&unsorted()).await), "alpha");
}

#[tokio::test]
async fn a_cap_of_requests_passes_over_and_when_all_are_full_says_when_to_come_again() {
    let settings = "[[routing.endpoints]]\nmatch = \"@alpha\"\nrequests_per_minute = 2\n\
                    [[routing.endpoints]]\nmatch = \"@beta\"\nrequests_per_minute = 1\n";
    let stage = Stage::open(PAIR, settings).await;
    let mut served = Vec::new();
    for _ in 0..3 {
        served.push(served_by(&stage.chat(&whole()).await));
    }
    assert_eq!(served, ["alpha", "alpha", "beta"]);
    let answer = stage.chat(&whole()).await;
    assert_eq!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        answer.text
    );
    let wait: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    let error = answer.error();
    assert_eq!(
        error["metadata"]["error_type"], "rate_limit_exceeded",
        "{error}"
    );
    let excluded = error["metadata"]["excluded"].as_array().unwrap();
    assert_eq!(excluded.len(), 2);
    assert!(
        excluded[0]["detail"]
            .as_str()
            .unwrap()
            .contains("requests_per_minute")
    );
    assert_eq!(stage.asked(), [2, 1]);
    answer.keeps_secrets();
}

#[tokio::test]
async fn tokens_count_as_they_were_used() {
    // The answer may have 500 tokens and has nine.
    let settings = "[[routing.endpoints]]\nmatch = \"@alpha\"\ntokens_per_minute = 530\n";
    let stage = Stage::open(PAIR, settings).await;
    let body = with(whole(), json!({"max_tokens": 500}));
    let first = served_by(&stage.chat(&body).await);
    let second = served_by(&stage.chat(&body).await);
    assert_eq!([first, second], ["alpha", "alpha"]);
    stage.script("alpha", &[Mood::claiming(20, 500)]);
    let large = with(body, json!({"max_tokens": 490}));
    served_by(&stage.chat(&large).await);
    assert_eq!(served_by(&stage.chat(&large).await), "beta");
}

#[tokio::test]
async fn a_place_is_given_back_whatever_becomes_of_the_request() {
    let settings = "[[routing.endpoints]]\nmatch = \"@alpha\"\nconcurrency_max = 1\n";
    let stage = Stage::open(PAIR, settings).await;
    // Held while an answer is under way …
    let request = stage.request("/api/v1/chat/completions", question(true).to_string());
    let slow = Mood {
        between_ms: 200,
        ..Mood::default()
    };
    stage.script("alpha", &[slow]);
    let under_way = stage.house.call(request).await;
    assert_eq!(under_way.status(), StatusCode::OK);
    assert_eq!(served_by(&stage.chat(&whole()).await), "beta");
    // … and given back when its caller hangs up, when the vendor fails, and when it breaks off.
    drop(under_way);
    stage.vendor("alpha").bill_of(1).await;
    let alpha = |stream| with(question(stream), json!({"provider": {"only": ["alpha"]}}));
    for mood in [Mood::fail(500), Mood::cutting(testbed::Cut::Events(2))] {
        stage.script("alpha", &[mood]);
        stage.chat(&alpha(true)).await;
    }
    assert_eq!(served_by(&stage.chat(&alpha(false)).await), "alpha");
    // The caller that hung up, the one that failed, the one that broke off, and this one.
    assert_eq!(stage.asked(), [4, 1]);
}

#[tokio::test]
async fn a_name_of_the_operators_stands_for_models_in_order_suffixes_and_all() {
    let settings = "[routing.aliases]\nfast = [\"alpha/own\", \"acme/one\"]\none = \"beta/own\"\n";
    let stage = Stage::open(PAIR, settings).await;
    let ask = |name: &str| with(whole(), json!({"model": name}));
    let answer = stage.chat(&ask("fast")).await;
    assert_eq!(answer.json()["model"], "alpha/own");
    assert_eq!(
        stage.chat(&ask("one:floor")).await.json()["model"],
        "beta/own"
    );
    stage.script("alpha", &[Mood::fail(500)]);
    let second = stage.chat(&ask("fast")).await;
    assert_eq!(second.json()["model"], "acme/one");
    let unknown = stage.chat(&ask("slow")).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    // The list of models is the catalogue's; it is the same for everybody.
    let (_, models) = stage.house.get("/api/v1/models").await;
    let models = models["data"].as_array().unwrap();
    assert!(models.iter().all(|model| model["id"] != "fast"));
}

#[tokio::test]
async fn a_workspace_has_terms_of_its_own_beside_the_gateways() {
    let settings = "[routing.aliases]\nfast = \"alpha/own\"\n\
                    [[routing.endpoints]]\nmatch = \"@alpha\"\nrequests_per_minute = 3\n\
                    [workspaces.lab.routing]\nignore = [\"nobody\"]\n\
                    [workspaces.lab.routing.aliases]\nfast = \"beta/own\"\n\
                    [[workspaces.lab.routing.endpoints]]\nmatch = \"acme/one@alpha\"\nrequests_per_minute = 1\n\
                    [workspaces.shut.routing]\nonly = [\"beta\"]\n";
    let stage = Stage::open(PAIR, settings).await;
    let (lab, shut) = (key_of(&stage, "lab").await, key_of(&stage, "shut").await);
    let own = &stage.house.key.1;
    let fast = with(whole(), json!({"model": "fast"}));
    let (_, answer) = ask_as(&stage, &lab, fast.clone()).await;
    assert_eq!(answer["model"], "beta/own");
    let served = async |key: &str| {
        let (status, answer) = ask_as(&stage, key, whole()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["provider"].as_str().unwrap().to_owned()
    };
    assert_eq!(served(&shut).await, "beta");
    // The workspace's own cap is one; the gateway's three are everybody's.
    assert_eq!(served(&lab).await, "alpha");
    assert_eq!(served(&lab).await, "beta");
    assert_eq!(served(own).await, "alpha");
    assert_eq!(served(own).await, "alpha");
    assert_eq!(served(own).await, "beta");
    let (status, answer) = ask_as(&stage, own, fast).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");
}

fn checked(config: &str) -> Result<Vec<Problem>, Vec<Problem>> {
    let variables = std::collections::BTreeMap::new();
    let parsed = Config::parse(config, Path::new("weir.toml"), &variables);
    let config = parsed.map_err(|problems| problems.0)?.config;
    let snapshot = Snapshot::of(&config, Vec::new()).unwrap();
    check(&config, &snapshot.catalog).map_err(|problems| problems.0)
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn terms_that_name_what_is_not_there_are_faults_with_the_nearest_names() {
    let config = "[routing.aliases]\nfast = \"opena/gpt-4o\"\nloop = \"fast\"\n\
                  [[routing.endpoints]]\nmatch = \"openai/gpt-4o@azur\"\ndisabled = true\n";
    let faults = lines(&checked(config).unwrap_err());
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert!(
        faults[0].starts_with("weir.toml:2:8: `routing.aliases.fast`: there is no model \"opena/gpt-4o\"; did you mean openai/gpt-4o"),
        "{faults:#?}"
    );
    assert!(
        faults[1].starts_with("weir.toml:3:8: `routing.aliases.loop`: \"fast\" is an alias itself")
    );
    assert_eq!(
        faults[2],
        "weir.toml:5:9: `routing.endpoints[0].match`: there is no provider \"azur\"; did you mean \"azure\"?"
    );
    // A rule that means nothing now, and a model of a server that may be off, are not.
    let config = "[routing.aliases]\nhere = \"ollama/llama\"\n\
                  [[routing.endpoints]]\nmatch = \"openai/gpt-4o@groq\"\nweight = 2\n";
    assert_eq!(checked(config).unwrap().len(), 2);
    assert_eq!(
        checked("[[routing.endpoints]]\nmatch = \"openai/*@azure\"\nprefer = true\n"),
        Ok(vec![])
    );
}

#[test]
fn terms_that_are_misspelt_are_faults_where_they_stand() {
    let config = "[[routing.endpoints]]\nmatch = \"azure\"\n\
                  [[routing.endpoints]]\nweight = 0\nconcurency_max = 3\n\
                  [routing.aliases]\n\"a b\" = \"openai/gpt-4o\"\nnone = []\n\
                  [workspaces.lab]\nroutin = {}\n";
    let faults = lines(&checked(config).unwrap_err());
    let expected = [
        (
            "weir.toml:2:9: `routing.endpoints[0].match`",
            "expected MODEL@PROVIDER",
        ),
        ("weir.toml:3:1: `routing.endpoints[1].match`", "missing"),
        (
            "weir.toml:4:10: `routing.endpoints[1].weight`",
            "from 1 to 1000",
        ),
        (
            "weir.toml:5:1: `routing.endpoints[1].concurency_max`",
            "did you mean `concurrency_max`",
        ),
        ("weir.toml:7:1: `routing.aliases.a b`", "without colons"),
        (
            "weir.toml:8:1: `routing.aliases.none`",
            "at least one model",
        ),
        (
            "weir.toml:10:1: `workspaces.lab.routin`",
            "did you mean `routing`",
        ),
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, (place, say)) in faults.iter().zip(expected) {
        assert!(fault.starts_with(place) && fault.contains(say), "{fault}");
    }
}
