//! Writes seeds for the fuzz targets: our own examples, and recorded traffic where it is at hand.
//!
//! usage: cargo run --example seeds FOLDER

use std::fs;
use std::path::Path;

use dialects::framing::{Framing, Item, Reader};
use serde_json::Value;
use testbed::corpus;

/// Larger ones make each try slow and teach nothing new.
const BYTES_MAX: usize = 6 << 10;
/// Of one target.
const SEEDS_MAX: usize = 150;

/// What is recorded under which kind.
const KINDS: &[(&str, &str)] = &[
    ("chat", "openai_chat"),
    ("responses", "openai_responses"),
    ("completions", "openai_completions"),
    ("messages", "anthropic"),
    ("generate_content", "gemini"),
    ("converse", "bedrock"),
];

fn main() {
    let folder = std::env::args().nth(1).expect("a folder to write to");
    let mut seeds = Seeds { folder, written: 0 };
    wire(&mut seeds);
    features(&mut seeds);
    for (kind, dialect) in KINDS {
        recorded(kind, dialect, &mut seeds);
    }
    println!("{} seeds", seeds.written);
}

struct Seeds {
    folder: String,
    written: usize,
}

impl Seeds {
    fn put(&mut self, target: &str, bytes: &[u8]) {
        let folder = Path::new(&self.folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        let count = fs::read_dir(&folder).unwrap().count();
        if bytes.len() <= BYTES_MAX && count < SEEDS_MAX {
            fs::write(folder.join(format!("{count:03}")), bytes).unwrap();
            self.written += 1;
        }
    }

    /// A stream: the first byte says where it is cut.
    fn stream(&mut self, dialect: &str, bytes: &[u8]) {
        let cut = [&[0x80], bytes].concat();
        self.put(&format!("stream_{dialect}"), &cut);
        match dialect {
            "ollama" => self.put("framing_lines", &cut),
            _ => self.put("framing_sse", &cut),
        }
    }
}

fn wire(seeds: &mut Seeds) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire");
    for dialect in fs::read_dir(root).unwrap() {
        let dialect = dialect.unwrap().path();
        let name = dialect
            .file_name()
            .unwrap()
            .to_string_lossy()
            .replace('-', "_");
        for case in fs::read_dir(dialect).unwrap() {
            let case = case.unwrap().path();
            let file = |name: &str| fs::read(case.join(name));
            if let Ok(bytes) = file("request.json") {
                seeds.put(&format!("request_{name}"), &bytes);
            }
            if let Ok(bytes) = file("response.json") {
                seeds.put(&format!("answer_{name}"), &bytes);
            }
            for stream in ["stream.sse", "stream.ndjson", "stream.jsonl"] {
                if let Ok(bytes) = file(stream) {
                    seeds.stream(&name, &bytes);
                }
            }
        }
    }
}

/// Every feature of the sheets, on its plain body.
fn features(seeds: &mut Seeds) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/features");
    for (kind, target) in [("requests", "request"), ("answers", "answer")] {
        for sheet in fs::read_dir(root.join(kind)).unwrap() {
            let sheet = sheet.unwrap().path();
            let dialect = sheet
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .replace('-', "_");
            let sheet: Value = serde_json::from_slice(&fs::read(&sheet).unwrap()).unwrap();
            for feature in sheet["features"].as_array().unwrap() {
                let mut body = sheet["base"].clone();
                for (name, value) in feature["patch"].as_object().unwrap() {
                    body[name] = value.clone();
                }
                seeds.put(&format!("{target}_{dialect}"), body.to_string().as_bytes());
            }
        }
    }
}

fn recorded(kind: &str, dialect: &str, seeds: &mut Seeds) {
    for exchange in corpus::exchanges(None, kind).map_while(Result::ok) {
        let dialect = speaks(&exchange, dialect);
        seeds.put(
            &format!("answer_{dialect}"),
            &exchange.response.wire_bytes(),
        );
        if let Some(request) = &exchange.request {
            seeds.put(&format!("request_{dialect}"), &request.wire_bytes());
        }
    }
    for exchange in corpus::exchanges(None, &format!("{kind}_stream")).map_while(Result::ok) {
        let dialect = speaks(&exchange, dialect);
        let bytes = exchange.response.wire_bytes();
        if dialect == "bedrock" {
            seeds.put("framing_aws", &[&[0x80], bytes.as_slice()].concat());
            seeds.stream(dialect, &as_events(&bytes));
        } else {
            seeds.stream(dialect, &bytes);
        }
    }
}

/// Cohere and Ollama are recorded under `chat`.
fn speaks<'d>(exchange: &corpus::Exchange, dialect: &'d str) -> &'d str {
    let is_lines = exchange.response.sse.is_none();
    match (exchange.provider.as_str(), exchange.kind.as_str()) {
        ("cohere", "chat" | "chat_stream") => "cohere",
        ("ollama", "chat") if exchange.response.body.get("choices").is_none() => "ollama",
        ("ollama", "chat_stream") if is_lines => "ollama",
        _ => dialect,
    }
}

/// The frames of a binary stream, written as server-sent events: what the target `stream_bedrock` reads.
fn as_events(bytes: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(Framing::AwsEventStream, 1 << 20);
    let mut out = Vec::new();
    if reader.push(bytes).is_err() {
        return out;
    }
    while let Ok(Some(item)) = reader.next() {
        if let Item::Frame(frame) = item {
            let event = frame.event.unwrap_or_default();
            out.extend(format!("event: {event}\ndata: ").into_bytes());
            out.extend(&*frame.data);
            out.extend(b"\n\n");
        }
    }
    out
}
