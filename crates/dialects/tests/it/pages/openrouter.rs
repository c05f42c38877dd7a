//! OpenRouter's own recorded answers beside ours for the same content, key by key: theirs are read as a vendor's and
//! served again. Every key that only one of the two has stands on the page with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use dialects::{Call, Dialect, Serve, Stamp, called, served};
use serde_json::Value;
use testbed::corpus::{self, Exchange};

use crate::corpus::{frames_of, stream_bytes};
use crate::golden::{receipt_of, serve_steps_as, stamp};
use crate::replay::replay;

/// The recordings compared.
const KINDS: &[(&str, Dialect)] = &[
    ("chat", Dialect::OpenAiChat),
    ("chat_stream", Dialect::OpenAiChat),
    ("responses", Dialect::OpenAiResponses),
    ("responses_stream", Dialect::OpenAiResponses),
];

/// Which of the two has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Theirs,
    Ours,
}

/// A key and the type of its value, at a path in which every list element is `[]`.
type Key = (String, &'static str);

/// Why a key is only in one of the two: which recordings, the beginning of its path, its type (any, where empty), why.
type Reason = (&'static str, &'static str, &'static str, &'static str);

const NULL: &str = "null says what absence says";
const WRITTEN: &str = "OpenAI's have it, too, and its clients are promised it";
const YOUNGER: &str = "older recordings lack it; today OpenRouter states it";
const EMPTY: &str = "theirs is an empty text where nothing is said, ours null";

/// Keys that only theirs have.
const THEIRS: &[Reason] = &[
    ("chat", ".choices[].message.content", "string", EMPTY),
    ("chat", ".choices[].message.refusal", "string", EMPTY),
    ("chat", ".system_fingerprint", "string", EMPTY),
    (
        "chat",
        ".choices[].message.reasoning",
        "null",
        "the thinking is in `reasoning_details`; ours repeats it here",
    ),
    (
        "chat",
        ".citations",
        "",
        "Perplexity's own field; ours says it in `annotations`",
    ),
    (
        "chat",
        ".usage.server_tool_use_details",
        "",
        "counts tools that OpenRouter runs itself; Weir runs none",
    ),
    (
        "chat",
        ".usage.cost_details.upstream_inference_cost",
        "null",
        "theirs is known with the caller's own key only, ours always",
    ),
    (
        "chat",
        ".choices[].delta.reasoning_details[].provider",
        "",
        "in one recording only; a field that no document has",
    ),
    ("chat", ".", "null", NULL),
    ("responses", "", "null", NULL),
    (
        "responses",
        ".reasoning",
        "string",
        "the vendor's defaults; ours repeats what was asked",
    ),
];

/// Keys that only ours have.
const OURS: &[Reason] = &[
    (
        "responses",
        ".usage.input_tokens_details.cache_write_tokens",
        "number",
        WRITTEN,
    ),
    (
        "responses_stream",
        "response.completed .response.usage.input_tokens_details.cache_write_tokens",
        "number",
        WRITTEN,
    ),
    ("chat", ".choices[].message.content", "null", EMPTY),
    ("chat", ".choices[].message.refusal", "null", EMPTY),
    ("chat", ".choices[].message.reasoning", "null", NULL),
    (
        "chat",
        ".choices[].message.reasoning",
        "string",
        "repeats the words of `reasoning_details`",
    ),
    ("chat", ".system_fingerprint", "null", NULL),
    ("chat", ".choices[].native_finish_reason", "", YOUNGER),
    ("chat", ".provider", "", YOUNGER),
    ("chat", ".usage", "", YOUNGER),
    (
        "chat_stream",
        ".choices[].delta.reasoning_details",
        "",
        "theirs has the words in `reasoning` only; ours in both",
    ),
    ("responses", "", "null", NULL),
    (
        "responses_stream",
        "response.c",
        "object",
        "theirs is null where nothing was asked, ours an object of nulls, as OpenAI's",
    ),
    (
        "responses_stream",
        "response.in_progress .response.reasoning",
        "object",
        "theirs is null where nothing was asked, ours an object of nulls, as OpenAI's",
    ),
];

/// Appends the table of differences, and fails where one has no reason.
pub(super) fn compare(page: &mut String) {
    page.push_str(
        "## OpenRouter's answers and ours\n\n\
         OpenRouter's own recorded answers, read as a vendor's and served again by Weir; each key, with the type of its value, that\n\
         only one of the two has. A key whose type differs stands on both sides. *in*: recordings in which that is so.\n\n",
    );
    let mut unexplained = Vec::new();
    for (kind, dialect) in KINDS {
        let Some((call, serve)) = called(*dialect).zip(served(*dialect)) else {
            continue;
        };
        let (all, found) = differences(kind, call, serve);
        writeln!(page, "### {kind}: {all} recordings\n").unwrap();
        if found.is_empty() {
            page.push_str("The same keys of the same types in all of them.\n\n");
            continue;
        }
        page.push_str("| only in | key | type | in | why |\n|---|---|---|---|---|\n");
        for ((side, (path, name)), count) in found {
            let reasons = match side {
                Side::Theirs => THEIRS,
                Side::Ours => OURS,
            };
            let reason = reasons.iter().find(|(of, begin, of_type, _)| {
                kind.starts_with(of)
                    && path.starts_with(begin)
                    && (of_type.is_empty() || *of_type == name)
            });
            let why = reason.map_or("", |(.., why)| why);
            if reason.is_none() {
                unexplained.push(format!("{kind} {side:?} {path} {name} ({count})"));
            }
            let side = match side {
                Side::Theirs => "theirs",
                Side::Ours => "ours",
            };
            writeln!(page, "| {side} | `{path}` | {name} | {count} | {why} |").unwrap();
        }
        page.push('\n');
    }
    assert!(unexplained.is_empty(), "without a reason: {unexplained:#?}");
}

/// How many recordings there are, and in how many of them each key is on one side only.
fn differences(
    kind: &str,
    call: &dyn Call,
    serve: &dyn Serve,
) -> (usize, BTreeMap<(Side, Key), usize>) {
    let mut all = 0;
    let mut found: BTreeMap<(Side, Key), usize> = BTreeMap::new();
    for exchange in corpus::exchanges(Some("openrouter"), kind) {
        let exchange = exchange.unwrap();
        let Some((theirs, ours)) = bodies(&exchange, call, serve) else {
            continue;
        };
        all += 1;
        let (theirs, ours) = (keys_of(&theirs), keys_of(&ours));
        let mut count = |side, key: &Key| *found.entry((side, key.clone())).or_default() += 1;
        theirs
            .difference(&ours)
            .for_each(|key| count(Side::Theirs, key));
        ours.difference(&theirs)
            .for_each(|key| count(Side::Ours, key));
    }
    (all, found)
}

/// The JSON of an answer: theirs and ours. None where theirs is an error.
fn bodies(
    exchange: &Exchange,
    call: &dyn Call,
    serve: &dyn Serve,
) -> Option<(Vec<Value>, Vec<Value>)> {
    if exchange.kind.ends_with("_stream") {
        let bytes = stream_bytes(exchange);
        let came = replay(call, [bytes.as_slice()]).unwrap();
        replay(call, [bytes.as_slice()])
            .unwrap()
            .into_response()
            .ok()?;
        let out = serve_steps_as(serve, stamp_of(exchange, serve), came.steps);
        return Some((frames_of(&bytes), frames_of(&out)));
    }
    let theirs = &exchange.response.body;
    if theirs.get("error").is_some_and(|error| !error.is_null()) {
        return None;
    }
    let response = call
        .parse_response(&exchange.response.wire_bytes())
        .unwrap();
    let receipt = receipt_of(response.usage.clone().unwrap_or_default());
    let mut out = Vec::new();
    serve.render_response(&response, &stamp_of(exchange, serve), &receipt, &mut out);
    Some((
        vec![theirs.clone()],
        vec![serde_json::from_slice(&out).unwrap()],
    ))
}

/// What is ours in the answer, with what it repeats of the request.
fn stamp_of(exchange: &Exchange, serve: &dyn Serve) -> Stamp {
    let asked = exchange.request.as_ref();
    let asked = asked.and_then(|request| serve.parse_request(&request.wire_bytes()).ok());
    Stamp {
        echo: asked.and_then(|request| serve.echo(&request)),
        ..stamp()
    }
}

fn keys_of(bodies: &[Value]) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for body in bodies {
        // Frames of different kinds have different keys.
        let kind = body["type"]
            .as_str()
            .filter(|kind| kind.starts_with("response."));
        let root = kind.map_or(String::new(), |kind| format!("{kind} "));
        collect(&root, body, &mut keys);
    }
    keys
}

fn collect(path: &str, value: &Value, keys: &mut BTreeSet<Key>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                keys.insert((path.clone(), type_of(value)));
                collect(&path, value, keys);
            }
        }
        Value::Array(list) => {
            for value in list {
                collect(&format!("{path}[]"), value, keys);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}
