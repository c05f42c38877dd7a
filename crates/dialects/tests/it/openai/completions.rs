//! OpenAI's legacy Completions: what only this dialect promises.

use canon::{Choice, Event, FinishReason, Message, Part, Request, Response, Role, Usage};
use dialects::{Serve, Stamp, openai::completions::Completions};
use serde_json::{Value, json};
use testbed::corpus;

use crate::corpus::frames_of;
use crate::golden::{receipt_of, stamp};

fn read(fields: &Value) -> Result<Request, String> {
    let mut body = json!({"model": "a/b", "prompt": "Once"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    Completions
        .parse_request(body.to_string().as_bytes())
        .map_err(|error| error.to_string())
}

#[test]
fn a_prompt_is_the_one_turn_of_a_user() {
    for prompt in [json!("Once"), json!(["Once"])] {
        let request = read(&json!({ "prompt": prompt })).unwrap();
        assert_eq!(request.messages, [Message::text(Role::User, "Once")]);
    }
}

#[test]
fn what_cannot_be_done_behind_a_chat_is_refused_in_words() {
    for (fields, wanted) in [
        (
            json!({"prompt": ["a", "b"]}),
            "`prompt`: expected one prompt a request, got 2 prompts",
        ),
        (json!({"prompt": [1, 2]}), "`prompt`: expected text"),
        (json!({"prompt": [[1, 2]]}), "`prompt`: expected text"),
        (json!({"prompt": []}), "`prompt`: expected a string"),
        (json!({"prompt": null}), "`prompt` is missing"),
        (json!({"prompt": {}}), "`prompt`: expected a string"),
        (json!({"suffix": " end"}), "`suffix`: expected no suffix"),
        (json!({"best_of": 3}), "`best_of`: expected as many as n"),
        (
            json!({"logprobs": 21}),
            "`logprobs`: expected a whole number from 0 to 20",
        ),
        (
            json!({"logprobs": 1, "echo": true}),
            "`echo`: expected false",
        ),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f"}}]}),
            "`tools`",
        ),
        (
            json!({"messages": [{"role": "user", "content": "hi"}]}),
            "`messages`",
        ),
    ] {
        let said = read(&fields).unwrap_err();
        assert!(said.contains(wanted), "{fields}: {said}");
    }
    let quiet = json!({"suffix": null, "best_of": 1, "echo": false, "logprobs": null, "tools": []});
    assert!(read(&quiet).is_ok());
    assert!(read(&json!({"best_of": 2, "n": 2})).is_ok());
}

#[test]
fn a_number_of_alternatives_is_what_chat_says_in_two_fields() {
    let sampling = read(&json!({"logprobs": 2})).unwrap().sampling;
    assert_eq!(
        (sampling.logprobs, sampling.top_logprobs),
        (Some(true), Some(2))
    );
    let sampling = read(&json!({"logprobs": 0})).unwrap().sampling;
    assert_eq!(
        (sampling.logprobs, sampling.top_logprobs),
        (Some(true), None)
    );
}

fn answer(text: &str, logprobs: Option<Value>) -> Response {
    Response {
        choices: vec![Choice {
            parts: vec![Part::text(text)],
            finish: Some(FinishReason::Length),
            native_finish: Some("length".to_owned()),
            logprobs,
            ..Choice::default()
        }],
        ..Response::default()
    }
}

fn whole(response: &Response, stamp: &Stamp) -> Value {
    let mut out = Vec::new();
    Completions.render_response(response, stamp, &receipt_of(Usage::default()), &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn streamed(stamp: Stamp) -> Vec<Value> {
    let mut stream = Completions.stream(stamp);
    let mut out = Vec::new();
    for text in [" upon", " a"] {
        let text = text.to_owned();
        stream.event(
            Event::Text {
                choice: 0,
                block: 0,
                text,
            },
            &mut out,
        );
    }
    stream.event(
        Event::Finish {
            choice: 0,
            reason: FinishReason::Stop,
            native: None,
            stop_sequence: None,
        },
        &mut out,
    );
    stream.finish(&receipt_of(Usage::default()), &mut out);
    assert!(out.ends_with(b"data: [DONE]\n\n"));
    frames_of(&out)
}

#[test]
fn the_prompt_stands_before_the_answer_where_that_is_asked_for() {
    let request = read(&json!({"echo": true})).unwrap();
    let stamp = Stamp {
        echo: Completions.echo(&request),
        ..stamp()
    };
    assert_eq!(
        whole(&answer(" upon", None), &stamp)["choices"][0]["text"],
        "Once upon"
    );
    let frames = streamed(stamp);
    let texts = frames
        .iter()
        .filter_map(|frame| frame["choices"][0]["text"].as_str());
    assert_eq!(texts.collect::<Vec<_>>(), ["Once", " upon", " a", ""]);
    assert_eq!(Completions.echo(&read(&json!({})).unwrap()), None);
}

#[test]
fn usage_comes_once_and_last() {
    let frames = streamed(stamp());
    let has_usage = |frame: &&Value| frame.get("usage").is_some();
    assert_eq!(frames.iter().filter(has_usage).count(), 1);
    let last = frames.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["cost"], json!(0.0000125));
}

#[test]
fn probabilities_are_four_lists_side_by_side() {
    let token = |token: &str, logprob: f64| json!({"token": token, "logprob": logprob});
    let content = json!({"content": [
        {"token": " ü", "logprob": -0.5, "top_logprobs": [token(" ü", -0.5), token(" a", -1.5)]},
        {"token": "ber", "logprob": -0.25, "top_logprobs": [token("ber", -0.25)]},
    ]});
    let body = whole(&answer(" über", Some(content)), &stamp());
    assert_eq!(
        body["choices"][0]["logprobs"],
        json!({"tokens": [" ü", "ber"], "token_logprobs": [-0.5, -0.25],
            "top_logprobs": [{" ü": -0.5, " a": -1.5}, {"ber": -0.25}], "text_offset": [0, 2]})
    );
}

/// Fields of recorded answers that ours do not have, and why.
const UNSAID: &[(&str, &str)] = &[
    ("prompt_filter_results", "Azure's own"),
    ("content_filter_results", "Azure's own"),
];

#[test]
fn recorded_requests_are_read_and_recorded_answers_have_no_field_that_ours_lack() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let ours = whole(&answer("x", None), &stamp());
    let mut checked = 0;
    for exchange in corpus::exchanges(None, "completions") {
        let exchange = exchange.unwrap();
        let body = &exchange.response.body;
        if body["object"] != "text_completion" {
            continue;
        }
        for (theirs, ours) in [(body, &ours), (&body["choices"][0], &ours["choices"][0])] {
            for (name, value) in theirs.as_object().unwrap() {
                let is_excused = UNSAID.iter().any(|(known, _)| known == name);
                let has_it = ours.get(name).is_some() || value.is_null() || is_excused;
                assert!(has_it, "{}: {name}", exchange.label());
            }
        }
        let request = &exchange.request.as_ref().unwrap().body;
        let read = Completions.parse_request(request.to_string().as_bytes());
        let prompt = &request["prompt"];
        let is_list_of_one = prompt.as_array().is_some_and(|list| list.len() == 1);
        let is_one_text = prompt.is_string() || (is_list_of_one && prompt[0].is_string());
        assert_eq!(read.is_ok(), is_one_text, "{}: {read:?}", exchange.label());
        checked += 1;
    }
    println!("{checked} recorded completions");
    assert!(checked >= 11, "only {checked} recorded completions");
}
