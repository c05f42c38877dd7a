//! `weir route --record`, `--generation` and `--replay`: what was served, why, and what if.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use canon::{EntryId, Generation, Record};
use serde_json::{Value, json};
use store::Store;

const START: i64 = 1_800_000_000_000_000;

/// Runs `weir` in a folder: how it ended, what it said, what it complained of.
fn weir(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    // Keys in the environment of whoever runs the tests would enable vendors.
    command
        .env_clear()
        .env("WEIR_DATA_FOLDER", folder)
        .env("WEIR_LOCAL_DISCOVER", "false")
        .stdin(Stdio::null())
        .args(arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A configuration with these vendors of one model, each dearer than the one before it, and so many attempts a request.
fn config(folder: &Path, name: &str, vendors: &[&str], attempts_max: u8) -> PathBuf {
    let mut text = format!("[upstream]\nattempts_max = {attempts_max}\n");
    for (place, id) in (1..).zip(vendors) {
        text.push_str(&format!(
            r#"
[providers.{id}]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
api_key = "key-of-{id}"
[[providers.{id}.models]]
model = "acme/one"
context_length = 100000
price = {{ prompt = "0.00000{place}", completion = "0.00000{place}" }}
"#
        ));
    }
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// The record of a request that sorts by price, and of its calls: who, with which status, after how long.
fn generation(number: i64, calls: &[(&str, u16, u64)]) -> Generation {
    let attempts = calls
        .iter()
        .enumerate()
        .map(|(place, (who, status, latency_ms))| {
            let mut attempt = json!({
                "number": place,
                "provider": who.to_uppercase(),
                "model": "acme/one",
                "endpoint": who,
                "status": status,
                "latency_ms": latency_ms,
            });
            if *status != 200 {
                attempt["error"] = json!("provider_overloaded");
            }
            attempt
        });
    let attempts: Vec<Value> = attempts.collect();
    let is_answered = calls.last().is_some_and(|(_, status, _)| *status == 200);
    let waited: u64 = calls.iter().map(|(_, _, latency_ms)| latency_ms).sum();
    let mut record = json!({
        "id": format!("gen-{number:06}"),
        "key": "key-1",
        "workspace": "default",
        "created_at": START + number * 200_000,
        "dialect": "openai-chat",
        "model": "acme/one",
        "streamed": true,
        "first_token_ms": waited,
        "latency_ms": waited + 400,
        "usage": { "prompt_tokens": 1_000, "completion_tokens": 100 },
        "cost": 1_100_000,
        "attempts": attempts,
        "route": {
            "trail": "@acme/one alpha=sorted:price beta=sorted:price -gamma=zdr!",
            "wish": { "provider": { "sort": "price" }, "uses": "temperature tools" },
        },
    });
    if !is_answered {
        record["error"] = json!("provider_overloaded");
        record["cost"] = json!(0);
    }
    serde_json::from_value(record).unwrap()
}

/// Ten minutes: in the middle third the cheapest vendor is out of order, and whoever it fails is answered by nobody, but
/// for one in ten.
fn storm() -> Vec<Generation> {
    let mut all = Vec::new();
    for number in 0..3_000 {
        let is_down = (1_000..2_000).contains(&number);
        all.push(match (is_down, number % 10) {
            (false, 0) => generation(number, &[("beta", 200, 500)]),
            (false, _) => generation(number, &[("alpha", 200, 300)]),
            (true, 0) => generation(number, &[("alpha", 503, 40), ("beta", 200, 500)]),
            (true, _) => generation(number, &[("alpha", 503, 40)]),
        });
    }
    all
}

/// A data folder with these records.
async fn kept(folder: &Path, generations: &[Generation]) {
    let store = Store::open(folder.join("weir.db").to_str().unwrap())
        .await
        .unwrap();
    let records = generations
        .iter()
        .map(|generation| Arc::new(Record::of(generation).unwrap()));
    let records: Vec<_> = records.collect();
    store
        .generations()
        .ship(1, EntryId(1), &records)
        .await
        .unwrap();
    store.close().await;
}

fn policy<'a>(report: &'a Value, name: &str) -> &'a Value {
    let policies = report["policies"].as_array().unwrap();
    let mut named = policies
        .iter()
        .filter(|policy| policy["name"].as_str().unwrap().ends_with(name));
    named.next().unwrap()
}

#[tokio::test]
async fn a_recorded_storm_is_played_through_two_configurations_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    kept(path, &storm()).await;
    let stubborn = config(path, "stubborn.toml", &["alpha", "beta"], 1);
    let clever = config(path, "clever.toml", &["alpha", "beta"], 3);
    let file = path.join("storm.jsonl");
    let (file, stubborn, clever) = (
        file.to_str().unwrap(),
        stubborn.to_str().unwrap(),
        clever.to_str().unwrap(),
    );
    let since = ["--since", "2020-01-01T00:00:00Z"];
    let (code, _, err) = weir(path, &[&["route", "--record", file], &since[..]].concat());
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("3000 requests"), "{err}");
    let recording = fs::read_to_string(file).unwrap();
    assert!(recording.starts_with("{\"weir_recording\":1}\n"));
    assert_eq!(recording.lines().count(), 3_001);

    let arguments = [
        "route",
        "--replay",
        file,
        "--config",
        clever,
        "--against",
        stubborn,
    ];
    let replay = |more: &[&str]| weir(path, &[&arguments[..], more].concat());
    let (code, out, err) = replay(&["--json", "--seed", "7"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(replay(&["--json", "--seed", "7"]).1, out, "by seed");
    let report: Value = serde_json::from_str(&out).unwrap();
    let answered = |name: &str| policy(&report, name)["answered"].as_u64().unwrap();
    assert_eq!(answered("recorded"), 2_100);
    assert!(answered("stubborn.toml") < 3_000, "{out}");
    assert!(answered("clever.toml") >= 2_999, "{out}");
    assert!(answered("clever.toml") > answered("stubborn.toml"));
    let clever = policy(&report, "clever.toml");
    assert_eq!(clever["requests"], 3_000);
    let cost = |name: &str| policy(&report, name)["cost"].as_f64().unwrap();
    assert!(
        cost("clever.toml") > cost("recorded"),
        "beta is dearer, and answers more"
    );
    let endpoints = clever["endpoints"].as_array().unwrap();
    assert!(
        endpoints.iter().all(|endpoint| endpoint["assumed"] == 0),
        "{clever}"
    );

    let (code, table, _) = replay(&[]);
    assert_eq!(code, Some(0));
    for word in [
        "3000 requests",
        "RECORDED",
        "DIFFERENCE",
        "answered",
        "first token p50",
        "beta",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[tokio::test]
async fn what_no_recording_tells_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let all: Vec<Generation> = (0..50)
        .map(|number| generation(number, &[("alpha", 200, 300)]))
        .collect();
    kept(path, &all).await;
    let file = path.join("day.jsonl");
    let file = file.to_str().unwrap();
    let since = "2020-01-01T00:00:00Z";
    weir(path, &["route", "--record", file, "--since", since]);
    let other = config(path, "other.toml", &["gamma"], 3);
    let other = other.to_str().unwrap();
    let (code, table, err) = weir(path, &["route", "--replay", file, "--config", other]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        table.contains("Assumed") && table.contains("gamma (50)"),
        "{table}"
    );
    for (wrong, why) in [
        ("nothing.jsonl", "cannot be opened"),
        ("other.toml", "line 1: no recording"),
    ] {
        let file = path.join(wrong);
        let (code, _, err) = weir(path, &["route", "--replay", file.to_str().unwrap()]);
        assert_eq!(code, Some(1));
        assert!(err.contains(why), "{err}");
    }
    fs::write(
        path.join("bad.jsonl"),
        "{\"weir_recording\":1}\n{\"at\":true}\n",
    )
    .unwrap();
    let bad = path.join("bad.jsonl");
    let (code, _, err) = weir(path, &["route", "--replay", bad.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(err.contains("line 2"), "{err}");
}

#[test]
fn figures_that_cannot_be_are_refused_where_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let one = config(path, "one.toml", &["alpha"], 1);
    let (one, bad) = (one.to_str().unwrap(), path.join("bad.jsonl"));
    let line = |at: i64, took: u64, tokens: u64| {
        json!({
            "at": at, "generation": "g", "key": "k", "workspace": "default", "model": "acme/one",
            "usage": { "prompt_tokens": tokens, "completion_tokens": 1 }, "latency_ms": took,
            "calls": [{ "endpoint": "alpha", "model": "acme/one", "status": 200, "latency_ms": took }],
        })
    };
    for (line, said) in [
        (line(START, u64::MAX, 1), "latency_ms"),
        (line(i64::MAX, 1, 1), "at"),
        (line(i64::MIN, 1, 1), "at"),
        (line(START, 1, u64::MAX), "usage.prompt_tokens"),
    ] {
        let text = format!("{}\n\n{line}\n", json!({ "weir_recording": 1 }));
        fs::write(&bad, text).unwrap();
        let bad = bad.to_str().unwrap();
        let (code, out, err) = weir(path, &["route", "--replay", bad, "--config", one]);
        assert_eq!(code, Some(1), "{out}{err}");
        let said = format!("bad.jsonl, line 3: `{said}`");
        assert!(err.contains(&said), "{said}: {err}");
    }
}

#[test]
fn a_search_that_is_asked_for_is_planned_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let one = config(path, "one.toml", &["alpha"], 1);
    let one = one.to_str().unwrap();
    let (code, _, err) = weir(path, &["route", "acme/one:online", "--config", one]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("plugins"), "{err}");
}

#[tokio::test]
async fn a_generation_that_was_served_is_explained_from_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    kept(
        path,
        &[generation(7, &[("alpha", 503, 40), ("beta", 200, 500)])],
    )
    .await;
    let (code, out, err) = weir(path, &["route", "--generation", "gen-000007"]);
    assert_eq!(code, Some(0), "{err}");
    for word in [
        "acme/one (direct)",
        "selected=BETA",
        "by price",
        "Could not serve",
        "gamma",
        "503",
    ] {
        assert!(out.contains(word), "{word}: {out}");
    }
    let (code, out, _) = weir(path, &["route", "--generation", "gen-000007", "--json"]);
    assert_eq!(code, Some(0));
    let explained: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(explained["excluded"][0]["by_house"], true, "{out}");
    assert_eq!(explained["openrouter_metadata"]["attempt"], 2);
    let (code, _, err) = weir(path, &["route", "--generation", "gen-none"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("there is no generation gen-none"), "{err}");
}

#[test]
fn a_whole_request_is_explained_and_a_seed_draws_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let two = config(path, "two.toml", &["alpha", "beta"], 3);
    let body = json!({
        "model": "acme/one",
        "messages": [{ "role": "user", "content": "Hello" }],
        "provider": { "ignore": ["alpha"] },
    });
    let file = path.join("body.json");
    fs::write(&file, body.to_string()).unwrap();
    let (two, file) = (two.to_str().unwrap(), file.to_str().unwrap());
    let shown = [
        "route",
        "--request",
        file,
        "--config",
        two,
        "--explain",
        "--json",
    ];
    let (code, out, err) = weir(path, &shown);
    assert_eq!(code, Some(0), "{err}");
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["order"][0]["endpoint"], "beta");
    assert_eq!(shown["excluded"][0]["endpoint"], "alpha");
    assert_eq!(
        shown["openrouter_metadata"]["endpoints"]["total"], 2,
        "{out}"
    );
    let drawn = |seed: &str| {
        let drawn = weir(
            path,
            &[
                "route", "acme/one", "--config", two, "--seed", seed, "--json",
            ],
        );
        drawn.1
    };
    assert_eq!(drawn("3"), drawn("3"));
    let firsts: std::collections::BTreeSet<String> =
        (0..40).map(|seed| drawn(&seed.to_string())).collect();
    assert!(firsts.len() > 1, "other seeds draw other orders");
    let (code, _, _) = weir(path, &["route"]);
    assert_eq!(code, Some(2), "a model, or something else to do");
}
