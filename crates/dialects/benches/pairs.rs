//! What translating one chunk of a stream costs, for each dialect called × each one served: nanoseconds from a
//! vendor's frame, already cut out of its bytes, to a caller's frame. Run by `cargo x bench dialects`.
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
    CALLED, Call, Form, Frame, Framing, ParseStream, RenderStream, SERVED, Serve, Short, Stamp,
    Step,
};
use serde_json::Value;

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
}

/// Nanoseconds for one chunk.
fn round(call: &dyn Call, serve: &dyn Serve, open: Open, sample: &Sample) -> u128 {
    let mut parser = open(call);
    let mut renderer = serve.stream(Stamp {
        generation: "gen-1760000000-example".to_owned(),
        created: 1_760_000_000,
        model: "acme/small".to_owned(),
        provider: "Acme".to_owned(),
        echo: None,
    });
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
