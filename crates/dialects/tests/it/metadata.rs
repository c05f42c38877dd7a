//! Where each dialect shows how a request was routed (`openrouter_metadata`), and that it does not where nobody asked.

use canon::{
    Choice, Dialect, Event, FinishReason, Kind, Part, Response, RouterAttempt, RouterEndpoint,
    RouterMetadata, Stage, StageKind, Strategy,
};
use dialects::{ErrorBody, Receipt, Serve};
use serde_json::{Value, json};

use crate::golden::stamp;

fn metadata(selected: bool) -> RouterMetadata {
    let mut metadata = RouterMetadata {
        requested: "openrouter/auto".to_owned(),
        strategy: Strategy::Auto,
        summary: "available=2, selected=Lab".to_owned(),
        attempt: 2,
        ..RouterMetadata::default()
    };
    metadata.endpoints.total = 3;
    metadata.endpoints.available = vec![
        RouterEndpoint {
            provider: "Den".to_owned(),
            model: "lab/small".to_owned(),
            selected: false,
        },
        RouterEndpoint {
            provider: "Lab".to_owned(),
            model: "lab/small".to_owned(),
            selected,
        },
    ];
    metadata.attempts = vec![RouterAttempt {
        provider: "Den".to_owned(),
        model: "lab/small".to_owned(),
        status: 502,
    }];
    let stage = Stage::new(StageKind::Plugin, "auto-router").with("task_type", "code:debugging");
    metadata.pipeline = vec![stage];
    metadata
}

/// As the schema `OpenRouterMetadata` has it.
fn shown(selected: bool) -> Value {
    json!({
        "requested": "openrouter/auto",
        "strategy": "auto",
        "region": null,
        "summary": "available=2, selected=Lab",
        "attempt": 2,
        "is_byok": false,
        "endpoints": {
            "total": 3,
            "available": [
                { "provider": "Den", "model": "lab/small", "selected": false },
                { "provider": "Lab", "model": "lab/small", "selected": selected },
            ],
        },
        "attempts": [{ "provider": "Den", "model": "lab/small", "status": 502 }],
        "pipeline": [{
            "type": "plugin",
            "name": "auto-router",
            "data": { "task_type": "code:debugging" },
        }],
    })
}

fn receipt(is_asked: bool) -> Receipt {
    Receipt {
        router: is_asked.then(|| Box::new(metadata(true))),
        ..Receipt::default()
    }
}

fn error(router: Option<&RouterMetadata>) -> ErrorBody<'_> {
    ErrorBody {
        status: 502,
        kind: Kind::ProviderUnavailable,
        message: "Provider returned error",
        provider_code: None,
        metadata: None,
        availability: None,
        generation: Some("gen-1"),
        router,
    }
}

fn whole(serve: &dyn Serve, is_asked: bool) -> Value {
    let response = Response {
        choices: vec![Choice {
            parts: vec![Part::text("Hello")],
            finish: Some(FinishReason::Stop),
            ..Choice::default()
        }],
        ..Response::default()
    };
    let mut out = Vec::new();
    serve.render_response(&response, &stamp(), &receipt(is_asked), &mut out);
    serde_json::from_slice(&out).unwrap()
}

/// The objects in the frames of a stream that ends, or breaks off, after a word.
fn stream(serve: &dyn Serve, end: Result<&Receipt, &ErrorBody<'_>>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut renderer = serve.stream(stamp());
    let text = "Hello".to_owned();
    let word = Event::Text {
        choice: 0,
        text,
        block: 0,
    };
    renderer.event(word, &mut out);
    match end {
        Ok(receipt) => renderer.finish(receipt, &mut out),
        Err(error) => renderer.fault(error, &mut out),
    }
    let text = String::from_utf8(out).unwrap();
    let frames = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let frames = frames.filter(|frame| *frame != "[DONE]");
    frames
        .map(|frame| serde_json::from_str(frame).unwrap())
        .collect()
}

/// What is found in the frames, and in how many.
fn found<'a>(serve: &dyn Serve, frames: &'a [Value]) -> (Option<&'a Value>, usize) {
    let place = if serve.dialect() == Dialect::OpenAiResponses {
        "/response/openrouter_metadata"
    } else {
        "/openrouter_metadata"
    };
    let all = frames.iter().filter_map(|frame| frame.pointer(place));
    (frames.last().unwrap().pointer(place), all.count())
}

#[test]
fn whole_answers_show_it_at_the_top() {
    for serve in dialects::SERVED {
        let answer = whole(*serve, true);
        assert_eq!(answer["openrouter_metadata"], shown(true), "{answer}");
    }
}

#[test]
fn streams_show_it_once_at_their_end() {
    for serve in dialects::SERVED {
        let frames = stream(*serve, Ok(&receipt(true)));
        assert_eq!(
            found(*serve, &frames),
            (Some(&shown(true)), 1),
            "{frames:?}"
        );
        let last = frames.last().unwrap();
        match serve.dialect() {
            Dialect::Anthropic => assert_eq!(last["type"], "message_stop"),
            Dialect::OpenAiResponses => assert_eq!(last["type"], "response.completed"),
            Dialect::OpenAiChat => assert!(last["usage"].is_object(), "{last}"),
            Dialect::OpenAiCompletions
            | Dialect::Gemini
            | Dialect::Bedrock
            | Dialect::Cohere
            | Dialect::Ollama
            | Dialect::Replicate => {}
        }
    }
}

#[test]
fn errors_show_it_beside_the_error() {
    let metadata = metadata(false);
    for serve in dialects::SERVED {
        let mut out = Vec::new();
        serve.render_error(&error(Some(&metadata)), &mut out);
        let body: Value = serde_json::from_slice(&out).unwrap();
        assert!(body["error"].is_object(), "{body}");
        assert_eq!(body["openrouter_metadata"], shown(false), "{body}");
    }
}

#[test]
fn streams_that_break_off_show_it_with_the_error() {
    let metadata = metadata(false);
    for serve in dialects::SERVED {
        let frames = stream(*serve, Err(&error(Some(&metadata))));
        assert_eq!(
            found(*serve, &frames),
            (Some(&shown(false)), 1),
            "{frames:?}"
        );
    }
}

#[test]
fn nothing_shows_it_where_nobody_asked() {
    for serve in dialects::SERVED {
        let mut out = Vec::new();
        serve.render_error(&error(None), &mut out);
        let mut all = vec![serde_json::from_slice(&out).unwrap(), whole(*serve, false)];
        all.extend(stream(*serve, Ok(&receipt(false))));
        all.extend(stream(*serve, Err(&error(None))));
        for frame in all {
            assert!(
                !frame.to_string().contains("openrouter_metadata"),
                "{frame}"
            );
        }
    }
}
