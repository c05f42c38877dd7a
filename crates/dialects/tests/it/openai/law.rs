//! The law on generated answers: what is served and read back is what was served, streamed or whole.

use canon::{
    Citation, Event, Extras, FinishReason, Media, MediaKind, ReasoningBody, ReasoningDelta,
    ReasoningFormat, Response, Usage, fold,
};
use dialects::{Call, Receipt, Serve, openai::chat::Chat};
use proptest::prelude::*;
use serde_json::json;

use super::{serve_whole, stamp};
use crate::replay::replay;

fn words() -> impl Strategy<Value = String> {
    prop::string::string_regex("[a-zA-Z0-9 ä漢🏝\"\\\\/<>&:\n\r\t\u{0}\u{2028}]{1,16}").unwrap()
}

/// A piece of an answer before it has its numbers.
#[derive(Clone, Debug)]
enum Step {
    Text(String),
    Thought(String, Option<String>),
    Summary(String),
    Encrypted(String),
    Call(String, Vec<String>),
    Picture,
    Source(String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        words().prop_map(Step::Text),
        (words(), prop::option::of(words())).prop_map(|(text, sign)| Step::Thought(text, sign)),
        words().prop_map(Step::Summary),
        words().prop_map(Step::Encrypted),
        (words(), prop::collection::vec(words(), 0..3))
            .prop_map(|(name, pieces)| Step::Call(name, pieces)),
        Just(Step::Picture),
        words().prop_map(Step::Source),
    ];
    prop::collection::vec(step, 1..8)
}

fn thought(block: u32, body: ReasoningBody) -> Event {
    Event::Reasoning(ReasoningDelta {
        choice: 0,
        block,
        body,
        id: Some(format!("id_{block}")),
        format: ReasoningFormat::ANTHROPIC,
    })
}

/// The steps as events, numbered as a reader of this dialect numbers them.
fn events(steps: Vec<Step>) -> Vec<Event> {
    let mut events = vec![Event::Start {
        id: Some("gen-1".to_owned()),
        model: Some("a/b".to_owned()),
        created: Some(7),
        usage: None,
        system_fingerprint: None,
        extras: Extras::NONE,
    }];
    let mut calls = 0;
    for (block, step) in (0..).zip(steps) {
        match step {
            Step::Text(text) => events.push(Event::Text {
                choice: 0,
                block,
                text,
            }),
            Step::Thought(text, signature) => {
                events.push(thought(block, ReasoningBody::Text { text, signature }));
            }
            Step::Summary(text) => events.push(thought(block, ReasoningBody::Summary(text))),
            Step::Encrypted(data) => events.push(thought(block, ReasoningBody::Encrypted(data))),
            Step::Call(name, pieces) => {
                let index = calls;
                calls += 1;
                events.push(Event::ToolCall {
                    choice: 0,
                    index,
                    id: format!("call_{index}"),
                    name,
                    custom: false,
                    extras: Extras::NONE,
                });
                let argument = |fragment| Event::ToolArguments {
                    choice: 0,
                    index,
                    fragment,
                };
                events.extend(pieces.into_iter().map(argument));
            }
            Step::Picture => events.push(Event::Media {
                choice: 0,
                media: Media {
                    kind: MediaKind::Image,
                    ..Media::spoken("QUJD".to_owned(), None, Some("image/png".to_owned()))
                },
            }),
            Step::Source(title) => events.push(Event::Citation {
                choice: 0,
                block,
                citation: Citation {
                    url: Some("https://x".to_owned()),
                    title: Some(title),
                    content: None,
                    start: Some(1),
                    end: Some(2),
                    native: Extras::NONE,
                },
            }),
        }
    }
    events.push(Event::Finish {
        choice: 0,
        reason: FinishReason::Length,
        native: Some("max_tokens".to_owned()),
        stop_sequence: None,
    });
    events
}

fn receipt() -> Receipt {
    Receipt {
        usage: Usage {
            prompt_tokens: 11,
            completion_tokens: 7,
            cached_tokens: 3,
            reasoning_tokens: 2,
            ..Usage::default()
        },
        ..Receipt::default()
    }
}

/// What callers of this dialect can tell apart: all text, all thinking piece by piece, all calls and so on.
fn told(response: &Response) -> String {
    let body = serve_whole(response, &Receipt::default());
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["usage"] = json!(null);
    body.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_stream_that_is_served_and_read_back_says_the_same(steps in steps()) {
        let wanted = fold(events(steps.clone())).unwrap();
        let mut stream = Serve::stream(&Chat, stamp());
        let mut bytes = Vec::new();
        for event in events(steps) {
            stream.event(event, &mut bytes);
        }
        stream.finish(&receipt(), &mut bytes);
        let again = replay(&Chat, [bytes.as_slice()]).unwrap();
        prop_assert!(again.is_complete);
        let again = again.into_response().unwrap();
        prop_assert_eq!(told(&again), told(&wanted));
        prop_assert_eq!(again.usage, Some(receipt().usage));
        prop_assert_eq!(again.id.as_deref(), Some("gen-1"));
    }

    #[test]
    fn a_whole_answer_that_is_served_and_read_back_says_the_same(steps in steps()) {
        let wanted = fold(events(steps)).unwrap();
        let body = serve_whole(&wanted, &receipt());
        let again = Chat.parse_response(body.as_bytes()).unwrap();
        prop_assert_eq!(told(&again), told(&wanted));
        prop_assert_eq!(again.usage, Some(receipt().usage));
    }

    #[test]
    fn no_bytes_make_the_readers_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _answer = Chat.parse_response(&body);
        let _request = Chat.parse_request(&body);
        let _error = Chat.parse_error(500, &body);
    }

    #[test]
    fn no_json_makes_the_readers_panic(value in json_values()) {
        let body = json!({"messages": value, "tools": value, "choices": [{"delta": value, "message": value}],
            "usage": value, "error": value, "provider": value, "reasoning": value});
        let body = body.to_string();
        let _answer = Chat.parse_response(body.as_bytes());
        let _request = Chat.parse_request(body.as_bytes());
        let _error = Chat.parse_error(500, body.as_bytes());
    }
}

/// JSON made of the names that the readers know.
fn json_values() -> impl Strategy<Value = serde_json::Value> {
    let name = prop::sample::select(vec![
        "role",
        "content",
        "type",
        "text",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "id",
        "index",
        "reasoning_details",
        "image_url",
        "url",
        "annotations",
        "code",
        "message",
        "detail",
    ]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|yes| json!(yes)),
        any::<i64>().prop_map(|number| json!(number)),
        prop::sample::select(vec![
            "user",
            "text",
            "function",
            "reasoning.text",
            "",
            "image_url"
        ])
        .prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((name.clone(), inner), 0..4).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                serde_json::Value::Object(fields.collect())
            }),
        ]
    })
}
