//! What callers of Gemini are told, piece by piece.

use canon::{
    Citation, Event, Extras, FinishReason, Kind, Part, ReasoningBody, ReasoningDelta,
    ReasoningFormat,
};
use dialects::{Dialect, ErrorBody, Receipt, RenderStream, called, served};
use serde_json::{Value, json};

use super::answers::stamp;
use crate::corpus::frames_of;
use crate::replay::replay;

fn stream(shown: Option<bool>) -> Box<dyn RenderStream> {
    served(Dialect::Gemini).unwrap().stream(stamp(shown))
}

fn written(events: Vec<Event>, shown: Option<bool>) -> Vec<Value> {
    let mut stream = stream(shown);
    let mut out = Vec::new();
    for event in events {
        stream.event(event, &mut out);
    }
    stream.finish(&Receipt::default(), &mut out);
    frames_of(&out)
}

fn text(block: u32, text: &str) -> Event {
    let (choice, text) = (0, text.to_owned());
    Event::Text {
        choice,
        block,
        text,
    }
}

fn begin(index: u32, id: &str) -> Event {
    Event::ToolCall {
        choice: 0,
        index,
        id: id.to_owned(),
        name: format!("fn_{id}"),
        custom: false,
        extras: Extras::NONE,
    }
}

fn more(index: u32, fragment: &str) -> Event {
    let (choice, fragment) = (0, fragment.to_owned());
    Event::ToolArguments {
        choice,
        index,
        fragment,
    }
}

fn end(choice: u32, reason: FinishReason) -> Event {
    Event::Finish {
        choice,
        reason,
        native: None,
        stop_sequence: None,
    }
}

fn think(block: u32, body: ReasoningBody, id: Option<&str>, format: ReasoningFormat) -> Event {
    Event::Reasoning(ReasoningDelta {
        choice: 0,
        block,
        body,
        id: id.map(str::to_owned),
        format,
    })
}

fn words(words: &str, signature: Option<&str>) -> ReasoningBody {
    ReasoningBody::Text {
        text: words.to_owned(),
        signature: signature.map(str::to_owned),
    }
}

/// The parts of the first candidate, of all frames but the last.
fn parts(frames: &[Value]) -> Vec<Value> {
    let (_, frames) = frames.split_last().unwrap();
    frames
        .iter()
        .map(|frame| {
            let parts = frame["candidates"][0]["content"]["parts"]
                .as_array()
                .unwrap();
            assert_eq!(parts.len(), 1, "one part a frame");
            parts[0].clone()
        })
        .collect()
}

#[test]
fn calls_in_mixed_pieces_come_whole_and_in_order() {
    let frames = written(
        vec![
            begin(0, "a"),
            more(0, "{\"x\":"),
            begin(1, "b"),
            more(1, "{\"y\": \"}\"}"),
            more(0, " 1.50}"),
            text(0, "so"),
            begin(2, "c"),
            end(0, FinishReason::ToolCalls),
        ],
        None,
    );
    let call = |id: &str, args: Value| json!({"functionCall": {"id": id, "name": format!("fn_{id}"), "args": args}});
    let wanted = [
        call("a", json!({"x": 1.50})),
        call("b", json!({"y": "}"})),
        json!({"text": "so"}),
        call("c", json!({})),
    ];
    assert_eq!(parts(&frames), wanted);
    let last = frames.last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert!(last["usageMetadata"]["totalTokenCount"].is_u64());
}

#[test]
fn a_signature_finds_its_call_before_and_behind_it() {
    let sealed = |data: &str, id| {
        let body = ReasoningBody::Encrypted(data.to_owned());
        think(9, body, Some(id), ReasoningFormat::GEMINI)
    };
    let frames = written(
        vec![
            sealed("YQ==", "a"),
            begin(0, "a"),
            more(0, "{}"),
            begin(1, "b"),
            more(1, "{}"),
            sealed("Yg==", "b"),
            end(0, FinishReason::ToolCalls),
        ],
        None,
    );
    let signatures: Vec<Value> = parts(&frames)
        .iter()
        .map(|part| part["thoughtSignature"].clone())
        .collect();
    assert_eq!(signatures, ["YQ==", "Yg=="]);
}

#[test]
fn thinking_of_another_vendor_streams_in_words_and_comes_back_signed() {
    let format = || ReasoningFormat::ANTHROPIC;
    let events = || {
        vec![
            think(0, words("a", None), None, format()),
            think(0, words("b", None), None, format()),
            think(0, words("", Some("sig")), None, format()),
            think(1, words("c", Some("sig2")), None, format()),
            text(2, "said"),
            end(0, FinishReason::Stop),
        ]
    };
    let serve = served(Dialect::Gemini).unwrap();
    for shown in [Some(true), Some(false)] {
        let frames = written(events(), shown);
        let seen: String = parts(&frames)
            .iter()
            .filter(|part| part["thought"] == true)
            .filter_map(|part| part["text"].as_str())
            .collect();
        assert_eq!(seen, if shown == Some(true) { "abc" } else { "" });
        let body = json!({"contents": [{"role": "model", "parts": parts(&frames)}]});
        let request = serve.parse_request(body.to_string().as_bytes()).unwrap();
        let bodies: Vec<_> = request.messages[0]
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Reasoning(part) => Some((part.body.clone(), part.format.clone())),
                _ => None,
            })
            .collect();
        let wanted = [
            (words("ab", Some("sig")), format()),
            (words("c", Some("sig2")), format()),
        ];
        assert_eq!(bodies, wanted, "{shown:?}");
    }
}

#[test]
fn every_answer_ends_in_one_last_frame_with_all_reasons() {
    let second = Event::Text {
        choice: 1,
        block: 0,
        text: "b".to_owned(),
    };
    let frames = written(
        vec![
            text(0, "a"),
            end(0, FinishReason::Stop),
            second,
            end(1, FinishReason::Length),
        ],
        None,
    );
    let last = frames.last().unwrap();
    let ends: Vec<_> = last["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| {
            (
                candidate["index"].clone(),
                candidate["finishReason"].clone(),
            )
        })
        .collect();
    assert_eq!(
        ends,
        [(json!(0), json!("STOP")), (json!(1), json!("MAX_TOKENS"))]
    );
    for frame in &frames {
        assert_eq!(
            (&frame["modelVersion"], &frame["responseId"]),
            (&json!("acme/small"), &json!("gen-1"))
        );
    }
}

#[test]
fn places_of_sources_are_bytes_of_the_whole_text() {
    let source = |block, start, end| Event::Citation {
        choice: 0,
        block,
        citation: Citation {
            url: Some("https://a.example".to_owned()),
            start: Some(start),
            end: Some(end),
            ..Citation::default()
        },
    };
    let frames = written(
        vec![
            text(0, "ü one"),
            source(0, 2, 5),
            text(1, " twö"),
            source(1, 1, 4),
            end(0, FinishReason::Stop),
        ],
        None,
    );
    let grounding = &frames.last().unwrap()["candidates"][0]["groundingMetadata"];
    assert_eq!(
        grounding["groundingChunks"],
        json!([{"web": {"uri": "https://a.example"}}])
    );
    let segments: Vec<&Value> = grounding["groundingSupports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|support| &support["segment"])
        .collect();
    let whole = "ü one twö";
    for (segment, words) in segments.iter().zip(["one", "twö"]) {
        let byte = |name: &str| usize::try_from(segment[name].as_u64().unwrap()).unwrap();
        let cited = whole.get(byte("startIndex")..byte("endIndex"));
        assert_eq!(cited, Some(words));
        assert_eq!(segment["text"], words);
    }
}

#[test]
fn a_broken_stream_says_so_in_googles_words_and_is_not_complete() {
    let mut stream = stream(None);
    let mut out = Vec::new();
    stream.event(text(0, "a"), &mut out);
    stream.fault(
        &ErrorBody {
            status: 503,
            kind: Kind::ProviderOverloaded,
            message: "Overloaded",
            provider_code: None,
            metadata: None,
            availability: None,
            generation: None,
            router: None,
        },
        &mut out,
    );
    let call = called(Dialect::Gemini).unwrap();
    let read = replay(call, [out.as_slice()]).unwrap();
    assert!(!read.is_complete);
    let error = read.into_response().unwrap_err();
    assert_eq!(error.status, Some(503));
    assert_eq!(error.message.as_deref(), Some("Overloaded"));
    assert_eq!(error.code.as_deref(), Some("PROVIDER_OVERLOADED"));
}

#[test]
fn a_sign_of_life_is_an_answer_that_says_nothing() {
    let mut out = Vec::new();
    stream(None).keep_alive(&mut out);
    assert!(
        out.starts_with(b"data: {"),
        "some clients take a comment for a broken stream"
    );
    let call = called(Dialect::Gemini).unwrap();
    let read = replay(call, [out.as_slice()]).unwrap();
    assert!(!read.is_complete);
    let (events, error) = read.into_events();
    assert!(error.is_none());
    assert!(matches!(&events[..], [Event::Start { .. }]), "{events:?}");
}
