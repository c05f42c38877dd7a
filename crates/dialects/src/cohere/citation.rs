//! Sources of a text.

use canon::{Citation, Extras};
use serde_json::{Map, Value};

use super::DIALECT;

/// The citations that one of Cohere's stands for: one for each source. The first carries the whole.
pub(super) fn parse_citation(citation: Map<String, Value>) -> Vec<Citation> {
    let place = |name: &str| citation.get(name).and_then(Value::as_u64);
    let (start, end) = (place("start"), place("end"));
    let of_source = |source: &Value| {
        // A document of the request, or a part of what a tool said.
        let held = source.get("document").or_else(|| source.get("tool_output"));
        let text = |names: &[&str]| {
            let value = names.iter().find_map(|name| held?.get(*name)?.as_str());
            value.map(str::to_owned)
        };
        Citation {
            url: text(&["url"]),
            title: text(&["title"]),
            content: text(&["text", "snippet", "content"]),
            start,
            end,
            native: Extras::NONE,
        }
    };
    let sources = citation.get("sources").and_then(Value::as_array);
    let mut found: Vec<Citation> = sources.into_iter().flatten().map(of_source).collect();
    if found.is_empty() {
        found.push(Citation {
            start,
            end,
            ..Citation::default()
        });
    }
    if let Some(first) = found.first_mut() {
        first.native = Extras::new(DIALECT, citation);
    }
    found
}
