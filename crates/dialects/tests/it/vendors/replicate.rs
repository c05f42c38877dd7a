//! Replicate's predictions: what they are asked, and how a whole answer is a stream.

use canon::Request;
use dialects::replicate::Replicate;
use dialects::{Call, Dialect, Form, Framing, Thinking};
use serde_json::{Value, json};

use crate::sent::{Sent, asked, assert_sums_equal_wholes, conversation_with_call, function, send};

fn sent(request: &Request) -> Result<Sent, String> {
    sent_to("meta/x", request)
}

fn sent_to(model: &str, request: &Request) -> Result<Sent, String> {
    let form = Form::default();
    let target = crate::sent::target("acme/x", model, Thinking::Unknown, &form);
    send(&Replicate, request, &target)
}

fn user(content: Value) -> Value {
    json!([{"role": "user", "content": content}])
}

#[test]
fn a_whole_answer_is_the_sum_of_the_stream_it_is_given_out_as() {
    assert_eq!(assert_sums_equal_wholes(Dialect::Replicate), 1);
}

#[test]
fn the_model_is_in_the_address_and_a_version_in_the_body() {
    let path = |model: &str| Replicate.path(model, &Form::default(), false).into_owned();
    assert_eq!(path("meta/llama-x"), "/models/meta/llama-x/predictions");
    assert_eq!(path("a?b/c/../d"), "/models/a%3Fb/c%2F..%2Fd/predictions");
    assert_eq!(path("acme/x:5c7d"), "/predictions");
    assert_eq!(Replicate.framing(&Form::default()), Framing::Whole);
    let (body, loss) = sent_to("acme/x:5c7d", &asked(user(json!("Hi")), json!({}))).unwrap();
    let wanted = json!({"version": "acme/x:5c7d", "input": {"prompt": "Hi", "max_tokens": 4000}});
    assert_eq!((body, loss), (wanted, Vec::new()));
    for dots in ["..", "../x", "meta/."] {
        let refused = sent_to(dots, &asked(user(json!("Hi")), json!({})));
        assert!(refused.is_err(), "{dots}");
    }
}

#[test]
fn one_question_is_the_prompt_and_every_input_has_its_place() {
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
    ]);
    let more = json!({
        "temperature": 0.5, "top_p": 0.9, "top_k": 40, "seed": 7, "presence_penalty": 0.1,
        "frequency_penalty": 0.2, "stop": ["END", "\n\n"], "min_tokens": 2, "stream": true,
    });
    let (body, loss) = sent(&asked(messages, more)).unwrap();
    let wanted = json!({"input": {
        "prompt": "Hi", "system_prompt": "Be brief.\n\nBe kind.", "max_tokens": 4000,
        "temperature": 0.5, "top_p": 0.9, "top_k": 40, "presence_penalty": 0.1,
        "frequency_penalty": 0.2, "seed": 7, "stop_sequences": "END,\n\n", "min_tokens": 2,
    }});
    assert_eq!((body, loss), (wanted, Vec::new()));
}

#[test]
fn several_turns_are_one_transcript_and_that_is_declared() {
    let turn = |role: &str, text: &str| json!({"role": role, "content": text});
    let (ann, bob) = (turn("user", "My cat is Ada."), turn("assistant", "Nice."));
    let asks = json!({"role": "user", "content": "Her name?"});
    let reminded = turn("system", "One word.");
    let (body, loss) = sent(&asked(json!([ann, bob, reminded, asks]), json!({}))).unwrap();
    let wanted = "User: My cat is Ada.\n\nAssistant: Nice.\n\nSystem: One word.\n\n\
                  User: Her name?\n\nAssistant:";
    assert_eq!(body["input"]["prompt"], wanted);
    assert_eq!(loss.len(), 1, "{loss:?}");
    assert!(loss[0].starts_with("messages: one prompt"), "{loss:?}");
    // What the assistant has begun is gone on with.
    let begun = turn("assistant", "It is");
    let (body, _) = sent(&asked(json!([ann, begun]), json!({}))).unwrap();
    let wanted = "User: My cat is Ada.\n\nAssistant: It is";
    assert_eq!(body["input"]["prompt"], wanted);
}

#[test]
fn instructions_alone_are_the_prompt() {
    let messages = json!([{"role": "system", "content": "Tell a joke."}]);
    let (body, loss) = sent(&asked(messages, json!({}))).unwrap();
    let wanted = json!({"input": {"prompt": "Tell a joke.", "max_tokens": 4000}});
    assert_eq!((body, loss), (wanted, Vec::new()));
}

#[test]
fn one_picture_has_a_place_and_no_more() {
    let picture = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let words = json!({"type": "text", "text": "What is it?"});
    for url in ["https://a.example/x.png", "data:image/png;base64,AAAA"] {
        let (body, loss) = sent(&asked(user(json!([words, picture(url)])), json!({}))).unwrap();
        assert_eq!(body["input"]["image"], url);
        assert_eq!(body["input"]["prompt"], "What is it?");
        assert!(loss.is_empty(), "{loss:?}");
    }
    let two = user(json!([
        picture("https://a.example/x.png"),
        picture("https://a.example/y.png")
    ]));
    let refused = sent(&asked(two, json!({}))).unwrap_err();
    assert!(refused.contains("one picture"), "{refused}");
}

#[test]
fn what_a_prompt_cannot_say_is_refused() {
    let schema = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": {}}});
    for (messages, more, words) in [
        (
            user(json!("Hi")),
            json!({"tools": [function("f")]}),
            "functions",
        ),
        (
            user(json!("Hi")),
            json!({"response_format": schema}),
            "free text",
        ),
        (conversation_with_call(), json!({}), "know of no calls"),
    ] {
        let refused = sent(&asked(messages, more)).unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }
    // Functions that may not be called are not missed.
    let never = json!({"tools": [function("f")], "tool_choice": "none"});
    let (_, loss) = sent(&asked(user(json!("Hi")), never)).unwrap();
    assert!(loss.is_empty(), "{loss:?}");
}

#[test]
fn a_stop_sequence_with_a_comma_is_declared_lost() {
    let (body, loss) = sent(&asked(user(json!("Hi")), json!({"stop": ["a,b", "END"]}))).unwrap();
    assert_eq!(body["input"]["stop_sequences"], "END");
    assert_eq!(loss.len(), 1, "{loss:?}");
    assert!(loss[0].starts_with("stop: "), "{loss:?}");
}

#[test]
fn an_input_that_a_vendor_drops_is_left_out_and_declared() {
    let form = Form {
        drops: &["system_prompt"],
        ..Form::default()
    };
    let target = crate::sent::target("acme/x", "meta/x", Thinking::Unknown, &form);
    let messages = json!([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
    ]);
    let (body, loss) = send(&Replicate, &asked(messages, json!({})), &target).unwrap();
    assert_eq!(body["input"].get("system_prompt"), None);
    assert_eq!(loss, ["system_prompt: this vendor refuses it"]);
}
