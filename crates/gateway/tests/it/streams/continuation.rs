//! Continuation: a stream that breaks off goes on at another endpoint, and reads as if nothing had happened; what it
//! costs is paid once. `WEIR_CUTS` says how many are cut at random (docs/routing.md has the figures of 1,000).

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use testbed::{
    Cut, GoOn, Mood, Wire,
    seed::{Rng, Seed},
};

use crate::{
    audit::Audit,
    stage::{Answer, Cast, PAIR, Stage, TRIO, question, with},
};

use super::cuts::{Counts, DOORS, Door, Job, TEXT, WIRES, cuts};

/// A model that takes the beginning of its answer, where it is asked in its vendor's own dialect.
const CLAUDE: &str = "anthropic/claude-sonnet-4";
const COMMENT: &str = ": weir continued\n\n";

fn continued(more: Value) -> Value {
    let body = with(question(true), json!({"weir": {"on_break": "continue"}}));
    with(body, more)
}

fn saying(text: &str) -> Mood {
    Mood {
        goes_on: Some(GoOn::AsAsked),
        ..Mood::saying(text)
    }
}

fn cut(text: &str, events: usize) -> Mood {
    Mood {
        cut: Some(Cut::Events(events)),
        ..Mood::saying(text)
    }
}

/// The journal against the vendors' bills: balanced, and nothing lost.
fn audit(stage: &Stage) -> (i64, i64, i64) {
    let app = &stage.house.app;
    let snapshot = app.snapshot.load();
    let bills = stage.vendors().map(|(id, vendor)| {
        let endpoints = snapshot.catalog.all_endpoints().iter();
        let mut own = endpoints.filter(|endpoint| {
            endpoint.provider.as_str() == id && endpoint.upstream_id.starts_with("one-at-")
        });
        (
            id,
            own.next().unwrap().prices.clone().unwrap(),
            vendor.bill(),
        )
    });
    let mut audit = Audit::over(&app.config.data.folder, bills);
    assert_eq!(audit.figures().lost, 0);
    audit.check();
    audit.reconcile()
}

/// Cuts so many streams, each at another first vendor than the last, and a second one goes on.
async fn cut_all(rounds: usize, mut rng: Rng) -> Counts {
    let stage = Stage::open_with(&WIRES, CLAUDE, "").await;
    let mut counts = Counts::new();
    for number in 0..rounds {
        let first = WIRES[number % WIRES.len()].0;
        let next = 1 + usize::try_from(rng.below(7)).unwrap();
        let second = WIRES[(number + next) % WIRES.len()].0;
        let how = match rng.below(4) {
            0 => GoOn::Over,
            1 => GoOn::Words(3 + usize::try_from(rng.below(4)).unwrap()),
            _ => GoOn::AsAsked,
        };
        let job = Job::drawn(number, &mut rng);
        stage.vendor(first).script([job.mood()]);
        stage.vendor(second).set_mood(Mood {
            goes_on: Some(how),
            writes: job.writes,
            ..Mood::saying(TEXT)
        });
        let more = json!({
            "provider": {"order": [first, second], "allow_fallbacks": false},
            "weir": {"on_break": "continue"},
        });
        let asked: usize = stage.asked().iter().sum();
        let door = if job.door == Door::Gemini {
            Door::Chat
        } else {
            job.door
        };
        let answer = door.ask(&stage, CLAUDE, &more).await;
        let calls = stage.asked().iter().sum::<usize>() - asked;
        let case = format!("{first} {second} {how:?} {door:?} {job:?} {}", answer.text);
        assert_eq!(answer.status, StatusCode::OK, "{case}");
        let told = door.read(&answer);
        assert_eq!(
            (told.text.as_str(), told.errors, told.ends),
            (TEXT, 0, 1),
            "{case}"
        );
        let outcome = match (answer.text.contains(COMMENT), calls) {
            (true, _) => "continued",
            (false, 1) => "whole",
            (false, _) => "elsewhere before the first word",
        };
        *counts.entry(outcome).or_default() += 1;
    }
    assert_eq!(stage.house.app.books.open_attempts(), 0);
    let (bill, cost, suspense) = audit(&stage);
    assert_eq!((bill - cost, suspense), (0, 0), "bill and ledger");
    counts
}

#[tokio::test]
async fn a_stream_that_is_cut_anywhere_reads_as_if_it_had_not_been() {
    /// An endpoint that fails more often is left alone.
    const A_STAGE: usize = 32;
    let seed = Seed::from_environment();
    let mut rng = seed.rng();
    let stages = cuts(192).div_ceil(A_STAGE);
    let mut counts = Counts::new();
    for _ in 0..stages {
        let jobs = (0..1).map(|_| cut_all(A_STAGE, rng.fork()));
        for (outcome, count) in join_all(jobs).await.into_iter().flatten() {
            *counts.entry(outcome).or_default() += count;
        }
    }
    println!("{} streams cut: {counts:?}", counts.values().sum::<usize>());
    let all: usize = counts.values().sum();
    assert!(counts["continued"] > all / 4, "{counts:?}");
}

#[tokio::test]
async fn the_caller_pays_once_and_both_attempts_are_in_the_record() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[cut(TEXT, 12)]);
    stage.vendor("beta").set_mood(saying(TEXT));
    let answer = stage.chat(&continued(json!({}))).await;
    assert_eq!(answer.said(), TEXT);
    assert_eq!(answer.text.matches(COMMENT).count(), 1, "{}", answer.text);
    let chunks = answer.chunks();
    let of = |name: &str| {
        chunks
            .iter()
            .map(|chunk| chunk[name].clone())
            .collect::<Vec<_>>()
    };
    assert!(
        of("provider").iter().all(|provider| provider == "alpha"),
        "{}",
        answer.text
    );
    let usage = &chunks.last().unwrap()["usage"];
    let record = stage.record(&answer).await;
    let attempts = record["provider_responses"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{record}");
    assert_eq!(attempts[1]["weir"]["cause"], "continuation", "{record}");
    assert!(
        attempts[1]["weir"]["insured"].as_f64().unwrap() > 0.0,
        "the second prompt: {record}"
    );
    assert_eq!(record["total_cost"], usage["cost"], "{record}");
    let key = &stage.house.key.1;
    let (_, body) = stage
        .house
        .ask(key, "GET", "/api/v1/key", Value::Null)
        .await;
    assert_eq!(
        body["data"]["usage"], record["total_cost"],
        "both attempts are on the bill"
    );
    // Alpha's tokens at alpha's price, beta's at beta's, each once, and no second prompt.
    let upstream = usage["cost_details"]["upstream_inference_cost"]
        .as_f64()
        .unwrap();
    let cost = usage["cost"].as_f64().unwrap();
    assert!(cost < upstream, "{cost} of {upstream}");
    let (bill, ledger, suspense) = audit(&stage);
    assert_eq!((bill - ledger, suspense), (0, 0));
}

#[tokio::test]
async fn every_dialect_tells_who_went_on_and_where() {
    for door in DOORS {
        let stage = Stage::open(PAIR, "[routing]\non_break = \"continue\"\n").await;
        stage.script("alpha", &[cut(TEXT, 12)]);
        stage.vendor("beta").set_mood(saying(TEXT));
        let more = if door == Door::Gemini {
            json!({})
        } else {
            json!({"provider": {"sort": "price"}})
        };
        // Gemini's bodies say nothing of providers: the price decides there too, if not always.
        let answer = loop {
            let answer = door.ask(&stage, "acme/one", &more).await;
            if stage.vendor("alpha").requests().len() == 1 {
                break answer;
            }
        };
        let told = door.read(&answer);
        assert_eq!(
            (told.text.as_str(), told.errors),
            (TEXT, 0),
            "{}",
            answer.text
        );
        let found = answer.events().into_iter().find_map(|(_, data)| {
            let event: Value = serde_json::from_str(&data).ok()?;
            let weir = [&event["weir"], &event["response"]["weir"]];
            weir.into_iter().find(|weir| weir.is_object()).cloned()
        });
        let weir = found.unwrap_or_else(|| panic!("{door:?}: {}", answer.text));
        let by = &weir["continued"][0];
        assert_eq!(
            (&by["provider"], &by["model"]),
            (&json!("beta"), &json!("acme/one"))
        );
        let at = usize::try_from(by["at"].as_u64().unwrap()).unwrap();
        assert!(at > 0 && at < TEXT.chars().count(), "{weir}");
    }
}

#[tokio::test]
async fn nobody_goes_on_unless_that_is_wanted_and_the_house_may_want_it() {
    let refused = json!({"weir": {"on_break": "fail"}});
    for (settings, body, goes_on) in [
        ("", question(true), false),
        ("", with(question(true), refused.clone()), false),
        ("[routing]\non_break = \"continue\"\n", question(true), true),
        (
            "[routing]\non_break = \"continue\"\n",
            with(question(true), refused),
            false,
        ),
    ] {
        let stage = Stage::open(PAIR, settings).await;
        stage.script("alpha", &[cut(TEXT, 9)]);
        stage.vendor("beta").set_mood(saying(TEXT));
        let answer = stage.chat(&body).await;
        assert_eq!(
            stage.asked(),
            [1, usize::from(goes_on)],
            "{settings} {body}"
        );
        assert_eq!(answer.said() == TEXT, goes_on, "{}", answer.text);
        assert_eq!(
            answer.text.contains("\"error\""),
            !goes_on,
            "{}",
            answer.text
        );
    }
}

/// One error in the answer, at its end.
fn is_broken(answer: &Answer) {
    let chunks = answer.chunks();
    let errors = chunks.iter().filter(|chunk| chunk["error"].is_object());
    assert_eq!(errors.count(), 1, "{}", answer.text);
    assert!(
        chunks.last().unwrap()["error"].is_object(),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn the_arguments_of_a_call_are_never_of_two_models() {
    let tool = json!({"type": "function", "function": {"name": "weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}});
    for events in 2..8 {
        let stage = Stage::open(PAIR, "").await;
        stage.script(
            "alpha",
            &[Mood {
                tools: 2,
                cut: Some(Cut::Events(events)),
                ..Mood::default()
            }],
        );
        stage.vendor("beta").set_mood(Mood {
            tools: 2,
            ..Mood::default()
        });
        let answer = stage.chat(&continued(json!({"tools": [tool]}))).await;
        if stage.asked() == [1, 1] {
            // Alpha had said nothing yet.
            assert!(!answer.text.contains("\"error\""), "{}", answer.text);
            continue;
        }
        assert_eq!(stage.asked(), [1, 0], "{}", answer.text);
        is_broken(&answer);
    }
}

#[tokio::test]
async fn what_was_to_be_json_stays_json() {
    let form = json!({"response_format": {"type": "json_object"}});
    let stage = Stage::open(PAIR, "").await;
    let pieces = Mood {
        chunks: Some(6),
        ..Mood::default()
    };
    stage.script(
        "alpha",
        &[Mood {
            cut: Some(Cut::Events(4)),
            ..pieces.clone()
        }],
    );
    stage.vendor("beta").set_mood(pieces);
    let answer = stage.chat(&continued(form)).await;
    assert_eq!(stage.asked(), [1, 1], "{}", answer.text);
    let said: Value = serde_json::from_str(&answer.said()).unwrap();
    assert!(said.is_object(), "{}", answer.text);
    let sent = stage.vendor("beta").requests()[0].json();
    assert_eq!(
        sent["messages"].as_array().unwrap().len(),
        1,
        "asked the same: {sent}"
    );
}

#[tokio::test]
async fn another_answer_is_not_joined_to_the_half_of_the_first() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[cut(TEXT, 20)]);
    let other = format!("{} nobody in particular.", TEXT.split_at(60).0);
    stage.vendor("beta").set_mood(Mood::saying(&other));
    let answer = stage.chat(&continued(json!({}))).await;
    assert_eq!(stage.asked(), [1, 1], "{}", answer.text);
    is_broken(&answer);
    assert!(TEXT.starts_with(&answer.said()), "{}", answer.text);
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}

#[tokio::test]
async fn thoughts_are_thought_anew_and_not_twice_in_an_answer_that_has_begun() {
    for events in [4, 30] {
        let stage = Stage::open(PAIR, "").await;
        let thinking = |mood: Mood| Mood {
            reasoning: true,
            ..mood
        };
        stage.script("alpha", &[thinking(cut(TEXT, events))]);
        stage.vendor("beta").set_mood(thinking(saying(TEXT)));
        let answer = stage.chat(&continued(json!({}))).await;
        assert_eq!(stage.asked(), [1, 1], "{}", answer.text);
        assert_eq!(answer.said(), TEXT, "{}", answer.text);
        let thoughts: String = answer
            .chunks()
            .iter()
            .filter_map(|chunk| {
                chunk["choices"][0]["delta"]["reasoning"]
                    .as_str()
                    .map(str::to_owned)
            })
            .collect();
        // Cut in a thought: it begins anew. Cut in the text: the second thought is not shown.
        let begun = thoughts.matches("The user wants").count();
        assert_eq!(begun, if events == 4 { 2 } else { 1 }, "{thoughts}");
    }
}

#[tokio::test]
async fn all_attempts_together_are_as_many_as_for_any_request() {
    let stage = Stage::open(TRIO, "[upstream]\nattempts_max = 2\n").await;
    for id in ["alpha", "beta"] {
        stage.vendor(id).set_mood(Mood {
            cut: Some(Cut::Events(10)),
            ..saying(TEXT)
        });
    }
    let answer = stage.chat(&continued(json!({}))).await;
    assert_eq!(stage.asked(), [1, 1, 0], "{}", answer.text);
    is_broken(&answer);
    let record = stage.record(&answer).await;
    assert_eq!(
        record["provider_responses"].as_array().unwrap().len(),
        2,
        "{record}"
    );
    let stage = Stage::open(TRIO, "").await;
    for id in ["alpha", "beta"] {
        stage.vendor(id).set_mood(Mood {
            cut: Some(Cut::Events(10)),
            ..saying(TEXT)
        });
    }
    stage.vendor("gamma").set_mood(saying(TEXT));
    let answer = stage.chat(&continued(json!({}))).await;
    assert_eq!(stage.asked(), [1, 1, 1], "{}", answer.text);
    assert_eq!(answer.said(), TEXT);
    let (bill, ledger, suspense) = audit(&stage);
    assert_eq!((bill - ledger, suspense), (0, 0));
}

#[tokio::test]
async fn several_answers_at_once_are_not_gone_on_with() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[cut(TEXT, 9)]);
    let answer = stage.chat(&continued(json!({"n": 2}))).await;
    assert_eq!(stage.asked(), [1, 0], "{}", answer.text);
    is_broken(&answer);
}

#[tokio::test]
async fn where_nobody_can_go_on_the_caller_hears_of_the_break_and_pays_for_what_came() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[cut(TEXT, 9)]);
    stage.vendor("beta").set_mood(Mood::fail(503));
    let answer = stage.chat(&continued(json!({}))).await;
    assert_eq!(stage.asked(), [1, 1]);
    is_broken(&answer);
    assert!(TEXT.starts_with(&answer.said()) && !answer.said().is_empty());
    let record = stage.record(&answer).await;
    assert!(record["total_cost"].as_f64().unwrap() > 0.0, "{record}");
    assert_eq!(record["provider_name"], "alpha", "{record}");
    assert_eq!(stage.house.app.books.open_attempts(), 0);
}

#[tokio::test]
async fn a_model_that_takes_the_beginning_of_its_answer_is_given_it() {
    let cast: Cast<'_> = &[("alpha", Wire::OpenAiChat), ("beta", Wire::Anthropic)];
    let stage = Stage::open_with(cast, CLAUDE, "").await;
    stage.script("alpha", &[cut(TEXT, 12)]);
    stage.vendor("beta").set_mood(saying(TEXT));
    let answer = stage
        .chat(&with(continued(json!({})), json!({"model": CLAUDE})))
        .await;
    assert_eq!(answer.said(), TEXT, "{}", answer.text);
    let sent = stage.vendor("beta").requests()[0].json();
    let turns = sent["messages"].as_array().unwrap();
    assert_eq!(turns.len(), 2, "{sent}");
    assert_eq!(turns[1]["role"], "assistant", "{sent}");
}

#[tokio::test]
async fn the_prompt_is_paid_by_whoever_is_given_the_answer_though_the_first_brought_no_word() {
    let pair: Cast<'_> = &[("alpha", Wire::Anthropic), ("beta", Wire::OpenAiChat)];
    for events in 1..7 {
        let stage = Stage::open(pair, "").await;
        let thinking = |mood: Mood| Mood {
            reasoning: true,
            ..mood
        };
        stage.script("alpha", &[thinking(cut(TEXT, events))]);
        stage.vendor("beta").set_mood(saying(TEXT));
        let long = json!([{"role": "user", "content": "fox ".repeat(2_000)}]);
        let answer = stage
            .chat(&continued(
                json!({"messages": long, "reasoning": {"effort": "low"}}),
            ))
            .await;
        assert_eq!(answer.said(), TEXT, "{}", answer.text);
        let usage = answer.chunks().last().unwrap()["usage"].clone();
        let prompt = usage["cost_details"]["upstream_inference_prompt_cost"].as_f64();
        let cost = usage["cost"].as_f64().unwrap();
        // Both prompts are in there; the caller pays one of them.
        assert!(cost > prompt.unwrap() / 3.0, "{events} events: {usage}");
    }
}
