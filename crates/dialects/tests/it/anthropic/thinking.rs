//! How much to think, in the exact body (spec/inference.md §8.1).

use canon::{Effort, Message, Reasoning, Request, Role};
use dialects::{Form, Thinking};
use serde_json::{Value, json};

use super::{parse, send, target};

const BUDGET: (&str, Thinking) = ("anthropic/claude-sonnet-4.5", Thinking::Budget);
const EARLY: (&str, Thinking) = ("anthropic/claude-opus-4.6", Thinking::Adaptive);
const LATE: (&str, Thinking) = ("anthropic/claude-opus-4.7", Thinking::Adaptive);
const UNKNOWN: (&str, Thinking) = ("acme/model", Thinking::Unknown);

fn request(max_tokens: Option<u64>, reasoning: Reasoning) -> Request {
    let mut request = Request {
        messages: vec![Message::text(Role::User, "hello")],
        reasoning: Some(reasoning),
        ..Request::default()
    };
    request.sampling.max_tokens = max_tokens;
    request
}

fn effort(effort: Effort) -> Reasoning {
    Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    }
}

fn budget(max_tokens: u64) -> Reasoning {
    Reasoning {
        max_tokens: Some(max_tokens),
        ..Reasoning::default()
    }
}

fn enabled(enabled: bool) -> Reasoning {
    Reasoning {
        enabled: Some(enabled),
        ..Reasoning::default()
    }
}

/// `max_tokens`, `thinking` and `output_config` of the body.
fn asked((model, thinking): (&str, Thinking), request: &Request) -> (u64, Value, Value) {
    let form = Form::default();
    let (body, _) = send(request, &target(model, thinking, &form));
    (
        body["max_tokens"].as_u64().unwrap(),
        body["thinking"].clone(),
        body["output_config"].clone(),
    )
}

#[test]
fn a_level_is_a_share_of_the_limit_on_models_with_budgets() {
    for (max_tokens, level, expected_limit, expected_budget) in [
        (Some(10_000), Effort::Max, 10_000, 9_500),
        (Some(10_000), Effort::XHigh, 10_000, 9_500),
        (Some(10_000), Effort::High, 10_000, 8_000),
        (Some(10_000), Effort::Medium, 10_000, 5_000),
        (Some(10_000), Effort::Low, 10_000, 2_000),
        // At least 1,024, and the answer keeps the room it was given.
        (Some(10_000), Effort::Minimal, 10_000, 1_024),
        (Some(1_024), Effort::Low, 2_048, 1_024),
        (Some(1_025), Effort::Low, 1_025, 1_024),
        (Some(16), Effort::High, 1_040, 1_024),
        // At most 128,000.
        (Some(200_000), Effort::High, 200_000, 128_000),
        (None, Effort::Medium, 4_096, 2_048),
    ] {
        let asked = asked(BUDGET, &request(max_tokens, effort(level)));
        let thinking = json!({"type": "enabled", "budget_tokens": expected_budget});
        assert_eq!(
            asked,
            (expected_limit, thinking, Value::Null),
            "{max_tokens:?} {level:?}"
        );
    }
}

#[test]
fn a_budget_is_at_least_1024_and_below_the_limit() {
    for (max_tokens, wanted, expected_limit, expected_budget) in [
        (Some(10_000), 2_000, 10_000, 2_000),
        (Some(10_000), 5, 10_000, 1_024),
        (Some(2_000), 2_000, 4_000, 2_000),
        (Some(2_001), 2_000, 2_001, 2_000),
        (None, 8_000, 12_096, 8_000),
    ] {
        let thinking = json!({"type": "enabled", "budget_tokens": expected_budget});
        let expected = (expected_limit, thinking, Value::Null);
        let request = request(max_tokens, budget(wanted));
        for model in [BUDGET, EARLY, UNKNOWN] {
            assert_eq!(asked(model, &request), expected, "{max_tokens:?} {wanted}");
        }
    }
}

#[test]
fn a_budget_gives_way_to_the_models_own_limit() {
    let form = Form::default();
    let mut target = target(BUDGET.0, BUDGET.1, &form);
    target.max_output_tokens = Some(8_192);
    let (body, loss) = send(&request(Some(9_000), budget(8_192)), &target);
    assert_eq!(body["max_tokens"], 8_192);
    assert_eq!(body["thinking"]["budget_tokens"], 8_191);
    let lost: Vec<_> = loss.iter().map(|loss| loss.what.as_ref()).collect();
    assert_eq!(lost, ["max_tokens", "reasoning.max_tokens"]);
    target.max_output_tokens = Some(1_000);
    let (body, loss) = send(&request(None, effort(Effort::High)), &target);
    assert_eq!(
        (&body["max_tokens"], &body["thinking"]),
        (&json!(1_000), &Value::Null)
    );
    assert_eq!(loss.len(), 1, "{loss:?}");
}

#[test]
fn models_that_decide_by_themselves_are_told_the_level() {
    let adaptive = json!({"type": "adaptive"});
    for (model, level, expected) in [
        (LATE, Effort::Max, "max"),
        (LATE, Effort::XHigh, "xhigh"),
        (EARLY, Effort::XHigh, "high"),
        (EARLY, Effort::High, "high"),
        (EARLY, Effort::Medium, "medium"),
        (EARLY, Effort::Low, "low"),
        (EARLY, Effort::Minimal, "low"),
    ] {
        let asked = asked(model, &request(Some(100), effort(level)));
        assert_eq!(asked, (100, adaptive.clone(), json!({"effort": expected})));
    }
    let off = json!({"type": "disabled"});
    for reasoning in [effort(Effort::None), enabled(false)] {
        let asked = asked(LATE, &request(Some(100), reasoning));
        assert_eq!(asked, (100, off.clone(), Value::Null));
    }
    let on = asked(LATE, &request(Some(100), enabled(true)));
    assert_eq!(on, (100, adaptive.clone(), Value::Null));
    // From 4.7 on a budget is not understood; before it still is.
    let late = asked(LATE, &request(Some(100), budget(2_000)));
    assert_eq!(late, (100, adaptive, Value::Null));
}

#[test]
fn verbosity_goes_before_effort_where_there_are_levels() {
    let mut wanted = request(None, effort(Effort::Low));
    wanted.verbosity = Some("high".to_owned());
    assert_eq!(asked(LATE, &wanted).2, json!({"effort": "high"}));
    assert_eq!(asked(BUDGET, &wanted).2, Value::Null);
}

#[test]
fn nobody_thinks_unasked() {
    for model in [BUDGET, EARLY, LATE, UNKNOWN] {
        let asked = asked(model, &request(Some(9), Reasoning::default()));
        assert_eq!(asked, (9, Value::Null, Value::Null));
    }
    for reasoning in [enabled(true), enabled(false), effort(Effort::None)] {
        let asked = asked(UNKNOWN, &request(Some(9), reasoning));
        assert_eq!(asked, (9, Value::Null, Value::Null));
    }
    let (limit, thinking, _) = asked(UNKNOWN, &request(Some(5_000), effort(Effort::Medium)));
    assert_eq!((limit, &thinking["budget_tokens"]), (5_000, &json!(2_500)));
}

#[test]
fn a_level_alone_does_not_switch_thinking_on_for_callers_of_this_dialect() {
    let body = json!({"model": "m", "max_tokens": 9, "output_config": {"effort": "low"},
        "messages": [{"role": "user", "content": "hi"}]});
    for model in [BUDGET, EARLY, LATE, UNKNOWN] {
        let asked = asked(model, &parse(&body));
        assert_eq!(
            asked,
            (9, Value::Null, json!({"effort": "low"})),
            "{model:?}"
        );
    }
}

#[test]
fn sampling_that_thinking_forbids_is_left_out_and_reported() {
    let form = Form::default();
    let mut wanted = request(Some(9_000), effort(Effort::Low));
    wanted.sampling.temperature = serde_json::from_str("0.5").ok();
    wanted.sampling.top_p = serde_json::from_str("0.5").ok();
    wanted.sampling.top_k = serde_json::from_str("5").ok();
    let (body, loss) = send(&wanted, &target(BUDGET.0, BUDGET.1, &form));
    let lost: Vec<_> = loss.iter().map(|loss| loss.what.as_ref()).collect();
    assert_eq!(lost, ["temperature", "top_p", "top_k"], "{body}");
    wanted.reasoning = None;
    let (_, loss) = send(&wanted, &target(BUDGET.0, BUDGET.1, &form));
    let lost: Vec<_> = loss.iter().map(|loss| loss.what.as_ref()).collect();
    assert_eq!(lost, ["top_p"], "not beside temperature");
    let (body, loss) = send(&wanted, &target("claude-3-7-sonnet", BUDGET.1, &form));
    assert!(loss.is_empty());
    assert_eq!(body["top_p"], json!(0.5));
    assert_eq!(
        (&body["temperature"], &body["top_k"]),
        (&json!(0.5), &json!(5))
    );
    let (body, loss) = send(&wanted, &target(LATE.0, LATE.1, &form));
    assert_eq!((body.get("temperature"), loss.len()), (None, 3));
}

#[test]
fn thinking_yields_to_a_call_that_must_be_made() {
    let form = Form::default();
    let mut body = json!({"model": "m", "max_tokens": 9_000,
        "thinking": {"type": "enabled", "budget_tokens": 2_000, "display": "omitted"},
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "messages": [{"role": "user", "content": "hi"}]});
    let (sent, loss) = send(&parse(&body), &target(BUDGET.0, BUDGET.1, &form));
    assert_eq!((&sent["thinking"], loss.len()), (&body["thinking"], 0));
    body["tool_choice"] = json!({"type": "any"});
    let (sent, loss) = send(&parse(&body), &target(BUDGET.0, BUDGET.1, &form));
    assert_eq!((sent.get("thinking"), loss.len()), (None, 1), "{loss:?}");
}
