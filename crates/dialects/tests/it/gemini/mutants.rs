//! Requests that somebody spoilt: refused or read, never a panic; and what is read is written the same for good.

use std::sync::LazyLock;

use dialects::{Call, Dialect, Form, Serve, Target, Thinking, called, gemini::Gemini, served};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::fixtures;

/// Small values of every type, and some that Google gives a meaning to.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(0.5)),
        Just(Value::from("")),
        Just(Value::from("model")),
        Just(Value::from("ANY")),
        Just(Value::from("data:image/png;base64,aa+/")),
    ];
    let names = prop::sample::select(vec![
        "text", "parts", "name", "id", "thought", "a_b", "response",
    ]);
    leaf.prop_recursive(2, 6, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..3).prop_map(|fields| {
                let fields = fields.into_iter();
                Value::Object(
                    fields
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect::<Map<_, _>>(),
                )
            }),
        ]
    })
}

/// How many values a value holds, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Puts another value into the place of that number.
fn spoil(value: &mut Value, place: &mut usize, other: &Value) {
    if *place == 0 {
        *value = other.clone();
        *place = usize::MAX;
        return;
    }
    *place = place.saturating_sub(1);
    match value {
        Value::Array(list) => {
            for inner in list {
                if *place < usize::MAX / 2 {
                    spoil(inner, place, other);
                }
            }
        }
        Value::Object(map) => {
            for (_, inner) in map.iter_mut() {
                if *place < usize::MAX / 2 {
                    spoil(inner, place, other);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What Gemini is sent for a body, if it is a request.
fn written(body: &[u8]) -> Option<Value> {
    let request = served(Dialect::Gemini)?.parse_request(body).ok()?;
    let form = Form::default();
    let target = Target {
        upstream_model: "gemini-2.5-flash",
        model: "google/gemini-2.5-flash",
        form: &form,
        max_output_tokens: None,
        thinking: Thinking::Budget,
    };
    let call = called(Dialect::Gemini)?;
    let body = call
        .render_request(&request, &target, &mut Vec::new())
        .ok()?;
    for dialect in [Dialect::OpenAiChat, Dialect::Anthropic] {
        // Refused or written: a panic is neither.
        let _either = called(dialect)?.render_request(&request, &target, &mut Vec::new());
    }
    Some(serde_json::from_slice(&body).expect("a written request is JSON"))
}

/// Our own examples; read once.
static REQUESTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let requests = fixtures::with_file("request.json").into_iter();
    requests
        .filter(|fixture| fixture.dialect == Dialect::Gemini)
        .map(|fixture| serde_json::from_slice(&fixture.bytes).unwrap())
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_spoilt_request_is_refused_or_read_for_good(
        seed in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), values()), 1..3),
    ) {
        let mut body = seed.get(&REQUESTS).clone();
        for (place, other) in &places {
            let mut place = place.index(size(&body));
            spoil(&mut body, &mut place, other);
        }
        if let Some(once) = written(body.to_string().as_bytes()) {
            let again = written(once.to_string().as_bytes());
            prop_assert_eq!(again, Some(once), "{}", body);
        }
        let counting = Serve::counting(&Gemini).unwrap();
        let _either = counting.parse_count(body.to_string().as_bytes());
        let _either = Gemini.parse_response(body.to_string().as_bytes());
    }
}
