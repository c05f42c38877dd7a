//! What translating one chunk of a stream costs, for each dialect called × each one served: nanoseconds from a
//! vendor's frame, already cut out of its bytes, to a caller's frame. And what passing on a whole answer costs where
//! both speak one dialect. Run by `cargo x bench dialects`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark fails loudly, and measures time"
)]

use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use dialects::{
    CALLED, Call, Dialect, Form, Frame, Framing, ParseStream, Receipt, RenderStream, SERVED, Serve,
    Short, Stamp, Step, Whole, called, served,
};
use serde_json::{Value, json};

/// Chunks of one stream: an answer of a page.
const CHUNKS: usize = 500;
/// The fastest of these rounds counts: the machine does other things, too.
const ROUNDS: usize = 60;

/// The odd streams (`fixtures/odd`) that show text and arguments in pieces; the first a dialect has.
const TEXT: &[&str] = &["as it should be"];
const ARGUMENTS: &[&str] = &[
    "tool call as it should be",
    "tool use as it should be",
    "tool use",
    "function call",
    "tool call",
];

/// A stream up to the chunk that is measured.
struct Sample {
    before: Vec<Piece>,
    chunk: Piece,
}

#[derive(Clone)]
struct Piece {
    event: Option<String>,
    data: String,
}

type Open = fn(&dyn Call) -> Box<dyn ParseStream>;

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let mut out = std::io::stdout().lock();
    let short: Open = |call| Box::new(Short::new(call.stream(&Form::default())));
    let long: Open = |call| call.stream(&Form::default());
    let tables: [(&str, &[&str], &str, Open); 3] = [
        ("A chunk of text, the short way", TEXT, "lo\"", short),
        ("A chunk of text, the long way", TEXT, "lo\"", long),
        (
            "A piece of a call's arguments (Gemini, Ollama: a whole call)",
            ARGUMENTS,
            "Oslo",
            short,
        ),
    ];
    for (title, names, mark, open) in tables {
        writeln!(out, "\n### {title}\n").unwrap();
        let heads = SERVED.iter().map(|serve| serve.dialect().name());
        let heads: Vec<&str> = heads.collect();
        writeln!(
            out,
            "| ns; vendor \\ caller | bytes | {} |",
            heads.join(" | ")
        )
        .unwrap();
        writeln!(out, "|---|---|{}", "---|".repeat(heads.len())).unwrap();
        for call in CALLED {
            let Some(sample) = sample(*call, names, mark) else {
                continue;
            };
            let name = call.dialect().name();
            write!(out, "| **{name}** | {} |", sample.chunk.data.len()).unwrap();
            for serve in SERVED {
                let nanos = (0..ROUNDS)
                    .map(|_| round(*call, *serve, open, &sample))
                    .min();
                write!(out, " {} |", nanos.unwrap()).unwrap();
            }
            writeln!(out).unwrap();
        }
    }
    wholes(&mut out);
}

/// What reading and writing a whole answer costs, for a caller of the vendor's dialect, each way.
fn wholes(out: &mut impl std::io::Write) {
    writeln!(out, "\n### A whole answer in the caller's own dialect\n").unwrap();
    writeln!(out, "| ns | bytes | long way | short way |").unwrap();
    writeln!(out, "|---|---|---|---|").unwrap();
    for (title, dialect, body) in answers() {
        let (call, serve) = (called(dialect).unwrap(), served(dialect).unwrap());
        let long = fastest(&body, |body, out| {
            let response = call.parse_response(body).unwrap();
            serve.render_response(&response, &stamp(), &Receipt::default(), out);
        });
        let short = fastest(&body, |body, out| {
            let whole = Whole::read(dialect, body).expect("it goes the short way");
            whole.render(&stamp(), &Receipt::default(), out);
        });
        let (name, bytes) = (dialect.name(), body.len());
        writeln!(out, "| **{name}**, {title} | {bytes} | {long} | {short} |").unwrap();
    }
}

/// The fastest of the rounds.
fn fastest(body: &[u8], pass_on: impl Fn(&[u8], &mut Vec<u8>)) -> u128 {
    const ANSWERS: u32 = 50;
    let mut out = Vec::new();
    let round = || {
        let begin = Instant::now();
        for _ in 0..ANSWERS {
            out.clear();
            pass_on(black_box(body), &mut out);
            black_box(&out);
        }
        begin.elapsed().as_nanos() / u128::from(ANSWERS)
    };
    std::iter::repeat_with(round).take(ROUNDS).min().unwrap()
}

/// Answers of a paragraph, of a page with thinking, and of a call.
fn answers() -> Vec<(&'static str, Dialect, Vec<u8>)> {
    let line = "A line of an answer, with some \"quoted\" words in it.\n";
    let (short, page, thought) = (line.repeat(5), line.repeat(60), line.repeat(30));
    let args = json!({"city": "Oslo", "days": 3}).to_string();
    let mut answers = Vec::new();
    for (title, text, thought, is_called) in [
        ("a paragraph", Some(&short), None, false),
        ("a page and thinking", Some(&page), Some(&thought), false),
        ("a call", None, None, true),
    ] {
        let call = json!({"id": "c1", "type": "function", "function": {"name": "weather", "arguments": args}});
        let calls: Vec<Value> = is_called.then_some(call).into_iter().collect();
        let chat = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, "reasoning_content": thought,
                "tool_calls": calls}, "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}});
        let mut blocks = Vec::new();
        blocks.extend(thought.map(
            |text| json!({"type": "thinking", "thinking": text, "signature": "c2ln".repeat(80)}),
        ));
        blocks.extend(text.map(|text| json!({"type": "text", "text": text})));
        let input = || json!({"city": "Oslo", "days": 3});
        let call = || json!({"type": "tool_use", "id": "t1", "name": "weather", "input": input()});
        blocks.extend(is_called.then(call));
        let messages = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": blocks,
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 9}});
        let mut items = Vec::new();
        items.extend(thought.map(|text| {
            json!({"id": "rs_1", "type": "reasoning",
            "summary": [{"type": "summary_text", "text": text}]})
        }));
        items.extend(text.map(|text| json!({"id": "msg_1", "type": "message", "status": "completed",
            "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]})));
        items.extend(is_called.then(|| {
            json!({"id": "fc_1", "type": "function_call", "status": "completed",
            "call_id": "c1", "name": "weather", "arguments": args})
        }));
        let responses = json!({"id": "resp_1", "object": "response", "created_at": 1, "status": "completed",
            "error": null, "incomplete_details": null, "model": "m", "output": items, "temperature": 1.0,
            "text": {"format": {"type": "text"}}, "tools": [{"type": "function", "name": "weather",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}],
            "usage": {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}});
        let mut parts = Vec::new();
        parts.extend(thought.map(|text| json!({"text": text, "thought": true})));
        parts.extend(text.map(|text| json!({"text": text, "thoughtSignature": "c2ln".repeat(80)})));
        parts.extend(
            is_called.then(|| json!({"functionCall": {"name": "weather", "args": input()}})),
        );
        let gemini = json!({"candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": "STOP",
            "index": 0}], "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 9,
            "totalTokenCount": 18}, "modelVersion": "m", "responseId": "r"});
        for (dialect, body) in [
            (Dialect::OpenAiChat, chat),
            (Dialect::OpenAiResponses, responses),
            (Dialect::Anthropic, messages),
            (Dialect::Gemini, gemini),
        ] {
            answers.push((title, dialect, body.to_string().into_bytes()));
        }
    }
    answers
}

/// What is ours in an answer.
fn stamp() -> Stamp {
    Stamp {
        generation: "gen-1760000000-example".to_owned(),
        created: 1_760_000_000,
        model: "acme/small".to_owned(),
        provider: "Acme".to_owned(),
        echo: None,
    }
}

/// Nanoseconds for one chunk.
fn round(call: &dyn Call, serve: &dyn Serve, open: Open, sample: &Sample) -> u128 {
    let mut parser = open(call);
    let mut renderer = serve.stream(stamp());
    let mut steps = Vec::new();
    let mut out = Vec::new();
    // The first chunk also teaches the short way.
    for piece in sample.before.iter().chain([&sample.chunk]) {
        translate(
            piece,
            parser.as_mut(),
            renderer.as_mut(),
            &mut steps,
            &mut out,
        );
    }
    let begin = Instant::now();
    for _ in 0..CHUNKS {
        out.clear();
        let piece = black_box(&sample.chunk);
        translate(
            piece,
            parser.as_mut(),
            renderer.as_mut(),
            &mut steps,
            &mut out,
        );
        black_box(&out);
    }
    begin.elapsed().as_nanos() / CHUNKS as u128
}

fn translate(
    piece: &Piece,
    parser: &mut dyn ParseStream,
    renderer: &mut dyn RenderStream,
    steps: &mut Vec<Step>,
    out: &mut Vec<u8>,
) {
    let frame = Frame {
        event: piece.event.as_deref(),
        data: piece.data.as_bytes().into(),
    };
    parser.frame(&frame, steps).expect("the examples are read");
    for step in steps.drain(..) {
        if let Step::Event(event) = step {
            renderer.event(event, out);
        }
    }
}

/// None where the dialect has no pieces of it (Replicate's answers come whole).
fn sample(call: &dyn Call, names: &[&str], mark: &str) -> Option<Sample> {
    if call.framing(&Form::default()) == Framing::Whole {
        return None;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/odd");
    let bytes = fs::read(path.join(format!("{}.json", call.dialect()))).unwrap();
    let streams: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    let named = |name: &&str| streams.iter().find(|stream| stream["name"] == **name);
    let stream = names.iter().find_map(named)?;
    let frames = stream["frames"].as_array().unwrap();
    let pieces: Vec<Piece> = frames.iter().map(piece_of).collect();
    let place = pieces
        .iter()
        .position(|piece| piece.data.contains(mark))
        .unwrap();
    Some(Sample {
        before: pieces[..place].to_vec(),
        chunk: pieces[place].clone(),
    })
}

fn piece_of(frame: &Value) -> Piece {
    match (&frame["event"], &frame["data"]) {
        (Value::String(event), data) => Piece {
            event: Some(event.clone()),
            data: data.to_string(),
        },
        _ => Piece {
            event: frame["type"].as_str().map(str::to_owned),
            data: frame.to_string(),
        },
    }
}
