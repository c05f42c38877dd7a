//! What vendors really answered: each recorded answer is read by the codec of one of the vendor's wires.

use std::collections::BTreeMap;

use canon::Dialect;
use dialects::{Form, framing::Item, framing::Reader};
use providers::{Provider, find};
use testbed::corpus::{self, Exchange};

use crate::codec;

/// The vendor whose traffic a folder holds, where it has another name here.
const NAMES: &[(&str, &str)] = &[
    ("bedrock", "amazon-bedrock"),
    ("gemini", "google-ai-studio"),
    ("llamacpp", "llama-cpp"),
    ("moonshot", "moonshotai"),
    ("vercel-gateway", "vercel"),
    ("vertex", "google-vertex"),
    ("zai", "z-ai"),
];

/// Folders of vendors that are none of ours: agents' own back ends, speech and pictures only, a wire of their own.
const NOT_OURS: &[&str] = &[
    "cartesia",
    "chatgpt",
    "copilot",
    "deepgram",
    "elevenlabs",
    "fal",
    "gladia",
    "mistralrs",
    "revai",
    "voyage",
    "writer",
];

/// The wire of a kind of exchange at a vendor.
fn dialect_of(kind: &str, provider: &Provider) -> Option<Dialect> {
    let kind = kind.strip_suffix("_stream").unwrap_or(kind);
    Some(match (kind, provider.id) {
        ("chat", "cohere") => Dialect::Cohere,
        // Recorded by Ollama's own wire, by OpenAI's, and by older ones.
        ("chat", "ollama" | "anthropic" | "google-ai-studio" | "amazon-bedrock") => return None,
        ("chat", _) => Dialect::OpenAiChat,
        ("responses", "amazon-bedrock" | "llama-cpp") => return None,
        ("responses", _) => Dialect::OpenAiResponses,
        ("messages" | "raw_predict", _) => Dialect::Anthropic,
        ("generate_content", _) => Dialect::Gemini,
        ("converse", _) => Dialect::Bedrock,
        ("predictions", _) => Dialect::Replicate,
        _ => return None,
    })
}

/// Whether this is an answer as it came over this wire.
fn is_answer(exchange: &Exchange, dialect: Dialect) -> bool {
    let (body, is_stream) = (&exchange.response.body, exchange.kind.ends_with("_stream"));
    let url = exchange.request.as_ref().map_or("", |request| &request.url);
    match dialect {
        // Beside answers, Responses counts tokens and deletes what it keeps.
        Dialect::OpenAiResponses => body.get("object").is_none_or(|it| it == "response"),
        // Gemini streams one JSON list where nobody asks for events; we always ask.
        Dialect::Gemini => !body.is_array() && !body.is_string(),
        // Frames that were written anew from their content do not fit their checksums.
        Dialect::Bedrock if is_stream => exchange.source_repo != "vercel/ai",
        Dialect::Bedrock => exchange.response.base64.is_none(),
        Dialect::Cohere => !url.contains("/v1/"),
        Dialect::OpenAiChat
        | Dialect::OpenAiCompletions
        | Dialect::Anthropic
        | Dialect::Ollama
        | Dialect::Replicate => !body.is_string(),
    }
}

/// Reads an answer to its end; what the codec says against it.
fn read(exchange: &Exchange, dialect: Dialect) -> Result<(), String> {
    let (codec, form) = (codec(dialect), Form::default());
    let bytes = exchange.response.wire_bytes();
    if !exchange.kind.ends_with("_stream") {
        let parsed = codec.parse_response(&bytes).map(|_| ());
        // Azure was recorded stating a filtered prompt under a good status.
        let is_error = codec.parse_error(200, &bytes).code.is_some();
        return parsed.or_else(|error| is_error.then_some(()).ok_or_else(|| error.to_string()));
    }
    let mut reader = Reader::new(codec.framing(&form), 16 << 20);
    let mut parser = codec.stream(&form);
    let mut steps = Vec::new();
    reader.push(&bytes).map_err(|error| error.to_string())?;
    while let Some(item) = reader.next().map_err(|error| error.to_string())? {
        if let Item::Frame(frame) = item {
            let parsed = parser.frame(&frame, &mut steps);
            parsed.map_err(|error| error.to_string())?;
        }
    }
    if steps.is_empty() {
        return Err("the stream says nothing".to_owned());
    }
    Ok(())
}

#[test]
fn recorded_answers_are_read_on_the_wires_that_the_table_names() {
    if !corpus::available() {
        println!("skipped: the corpus is not beside the repository");
        return;
    }
    let mut read_of = BTreeMap::<&str, usize>::new();
    let mut wrong = Vec::new();
    for folder in corpus::providers().unwrap() {
        if NOT_OURS.contains(&folder.as_str()) {
            continue;
        }
        let named = NAMES.iter().find(|(name, _)| *name == folder);
        let id = named.map_or(folder.as_str(), |(_, id)| id);
        let provider = find(id).unwrap_or_else(|| panic!("{folder} is no vendor of ours"));
        for kind in corpus::kinds(&folder).unwrap() {
            let Some(dialect) = dialect_of(&kind, provider) else {
                continue;
            };
            let also = provider.also.iter().any(|wire| wire.dialect == dialect);
            assert!(
                provider.dialect == dialect || also,
                "{id} answers in {dialect}"
            );
            if dialects::called(dialect).is_none() {
                continue;
            }
            for exchange in corpus::exchanges(Some(&folder), &kind) {
                let exchange = exchange.unwrap();
                if !is_answer(&exchange, dialect) {
                    continue;
                }
                match read(&exchange, dialect) {
                    Ok(()) => *read_of.entry(provider.id).or_default() += 1,
                    Err(error) => wrong.push(format!("{}: {error}", exchange.label())),
                }
            }
        }
    }
    println!("{read_of:?}");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(read_of.len() >= 25, "{read_of:?}");
}
