//! Who else may choose: a rule, or an external ranker; and what holds where they fail.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{ask, model_of, seen};
use crate::stage::{MODEL, PAIR, Stage, with};

/// How many choices each way has made.
async fn choices(stage: &Stage) -> Vec<(String, u64)> {
    let request = http::Request::get("/metrics")
        .header("authorization", format!("Bearer {}", stage.house.manager))
        .body(axum::body::Body::empty());
    let answer = crate::stage::Answer::read(stage.house.call(request.unwrap()).await).await;
    let lines = answer.text.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("weir_router_choices_total{outcome=\""));
    let count = |line: &str| {
        let (name, count) = line.split_once("\"} ").unwrap();
        (name.to_owned(), count.parse().unwrap())
    };
    lines.map(count).filter(|(_, count)| *count > 0).collect()
}

fn only(name: &str) -> Vec<(String, u64)> {
    vec![(name.to_owned(), 1)]
}

#[tokio::test]
async fn a_rule_that_gives_a_list_chooses_instead_of_the_product() {
    let rule = r#"
[routing.routers.auto]
rule = "request.task == 'code:debugging' ? models.filter(m, m.author == 'beta') : models"
"#;
    let stage = Stage::open(PAIR, rule).await;
    let answer = seen(&stage, &ask("openrouter/auto")).await;
    assert_eq!(answer.json()["model"], "beta/own", "{}", answer.text);
    let metadata = &answer.json()["openrouter_metadata"];
    assert_eq!(metadata["pipeline"][0]["data"]["chosen_by"], "rule");
    assert_eq!(choices(&stage).await, only("rule"));
    assert_eq!(
        model_of(&stage, &ask("openrouter/auto-beta")).await,
        MODEL,
        "that one has none"
    );
}

#[tokio::test]
async fn a_rule_of_each_model_sorts_them_or_leaves_them_out() {
    for (rule, chosen) in [
        ("model.completion_price", "alpha/own"),
        ("0.0 - model.completion_price", MODEL),
        ("model.slug.startsWith('beta/')", "beta/own"),
        (
            "model.context < 5000 ? model.prompt_price : -1.0",
            "alpha/own",
        ),
    ] {
        let setting = format!("[routing.routers.auto]\nrule = \"{rule}\"\n");
        let stage = Stage::open(PAIR, &setting).await;
        assert_eq!(
            model_of(&stage, &ask("openrouter/auto")).await,
            chosen,
            "{rule}"
        );
    }
}

#[tokio::test]
async fn a_rule_that_fails_or_chooses_nobody_changes_nothing_but_a_count() {
    for rule in [
        "models.filter(m, m.nothing == 1)",
        "models.filter(m, false)",
        "['nobody/knows']",
        "size(models)",
        "model.slug",
    ] {
        // One that speaks of neither is none; a list that is always the same may speak of them in vain.
        let rule = if rule.starts_with('[') {
            format!("size(models) > 0 ? {rule} : {rule}")
        } else {
            rule.to_owned()
        };
        let setting = format!("[routing.routers.auto]\nrule = \"{rule}\"\n");
        let stage = Stage::open(PAIR, &setting).await;
        assert_eq!(
            model_of(&stage, &ask("openrouter/auto")).await,
            MODEL,
            "{rule}"
        );
        assert_eq!(choices(&stage).await, only("built-in-instead"), "{rule}");
    }
}

#[test]
fn a_rule_that_is_none_is_found_when_the_configuration_is_read() {
    for (rule, say) in [
        ("models.filter(", "no CEL expression"),
        ("1 + 1", "speaks of `models`"),
        ("models.filter(m, m.slug == wish)", "there is no `wish`"),
        ("models == model", "speaks of `models`"),
    ] {
        let file = format!("[routing.routers.auto]\nrule = \"{rule}\"\n");
        let nothing = std::collections::BTreeMap::new();
        let path = std::path::Path::new("weir.toml");
        let problems = gateway::config::Config::parse(&file, path, &nothing).unwrap_err();
        assert!(problems.to_string().contains(say), "{rule}: {problems}");
    }
    let named = "[routing.routers.\"openrouter/mine\"]\n";
    let nothing = std::collections::BTreeMap::new();
    let path = std::path::Path::new("weir.toml");
    assert!(gateway::config::Config::parse(named, path, &nothing).is_err());
}

#[tokio::test]
async fn a_router_of_ones_own_has_a_name_models_and_a_rule() {
    let own = r#"
[routing.routers."my/router"]
models = ["*/own"]
rule = "model.slug == 'beta/own' ? 2 : 1"
"#;
    let stage = Stage::open(PAIR, own).await;
    let answer = seen(&stage, &ask("my/router")).await;
    assert_eq!(answer.json()["model"], "beta/own", "{}", answer.text);
    assert_eq!(answer.json()["openrouter_metadata"]["strategy"], "auto");
    assert_eq!(stage.record(&answer).await["router"], "my/router");
    let other = json!({"plugins": [{"id": "auto-router", "excluded_models": ["beta/*"]}]});
    assert_eq!(
        model_of(&stage, &with(ask("my/router"), other)).await,
        "alpha/own"
    );
}

/// A ranker that answers everything so (never, where that is `None`), and remembers what it was told.
#[expect(
    clippy::disallowed_methods,
    reason = "a ranker is another process, which no shutdown of ours waits for"
)]
async fn ranker(answer: Option<&'static str>) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/rank", listener.local_addr().unwrap());
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let body = loop {
                let mut piece = [0; 4_096];
                let count = stream.read(&mut piece).await.unwrap();
                bytes.extend_from_slice(&piece[..count]);
                let text = String::from_utf8_lossy(&bytes);
                let found = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                if let Some(Ok(body)) = found.map(|body| serde_json::from_str(&body)) {
                    break body;
                }
            };
            heard.lock().unwrap().push(body);
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            open.push(stream);
        }
    });
    (url, told)
}

fn ranked_by(url: &str, more: &str) -> String {
    format!("[routing.routers.auto]\nranker = {{ url = \"{url}\", {more} }}\n")
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 38\r\n\r\n{\"models\":[\"nobody/knows\",\"beta/own\"]}";

#[tokio::test]
async fn a_ranker_is_told_the_facts_and_not_the_prompt_and_chooses() {
    let (url, told) = ranker(Some(GOOD)).await;
    let stage = Stage::open(PAIR, &ranked_by(&url, "timeout_ms = 5000")).await;
    assert_eq!(model_of(&stage, &ask("openrouter/auto")).await, "beta/own");
    assert_eq!(choices(&stage).await, only("ranker"));
    let told = told.lock().unwrap();
    let [question] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(question["request"]["task"], "code:debugging");
    assert_eq!(question["request"]["workspace"], "default");
    let slugs = question["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["slug"]);
    assert!(slugs.clone().any(|slug| slug == "beta/own"), "{question}");
    assert!(!question.to_string().contains("Python"), "{question}");
}

#[tokio::test]
async fn a_ranker_that_may_see_the_prompt_is_shown_what_was_said_last() {
    let (url, told) = ranker(Some(GOOD)).await;
    let setting = ranked_by(&url, "timeout_ms = 5000, send_prompt = true");
    let stage = Stage::open(PAIR, &setting).await;
    model_of(&stage, &ask("openrouter/auto")).await;
    let told = told.lock().unwrap();
    assert!(told[0]["prompt"].as_str().unwrap().contains("Python"));
}

#[tokio::test]
async fn a_ranker_that_is_slow_broken_or_gone_changes_nothing_but_a_count() {
    let broken = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\n{}\n";
    let failing = "HTTP/1.1 500 Oh\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let nobody =
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 13\r\n\r\n{\"models\":[]}";
    for answer in [None, Some(broken), Some(failing), Some(nobody)] {
        let (url, _) = ranker(answer).await;
        let stage = Stage::open(PAIR, &ranked_by(&url, "timeout_ms = 100")).await;
        assert_eq!(
            model_of(&stage, &ask("openrouter/auto")).await,
            MODEL,
            "{answer:?}"
        );
        assert_eq!(
            choices(&stage).await,
            only("built-in-instead"),
            "{answer:?}"
        );
    }
    let stage = Stage::open(
        PAIR,
        &ranked_by("http://127.0.0.1:9/rank", "timeout_ms = 100"),
    )
    .await;
    let answer = stage.chat(&ask("openrouter/auto")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test]
async fn a_ranker_is_asked_once_however_often_its_router_is_named() {
    let (url, told) = ranker(Some(GOOD)).await;
    let stage = Stage::open(PAIR, &ranked_by(&url, "timeout_ms = 5000")).await;
    let models = json!({"models": vec!["openrouter/auto"; 100]});
    let body = with(ask("openrouter/auto"), models);
    assert_eq!(model_of(&stage, &body).await, "beta/own");
    assert_eq!(told.lock().unwrap().len(), 1);
}
