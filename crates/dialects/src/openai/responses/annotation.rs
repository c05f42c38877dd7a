//! Sources of a text: flat annotations, in both directions.

use canon::{Citation, Extras};
use serde_json::{Map, Value};

use super::DIALECT;
use crate::json::Array;

const KNOWN: [&str; 6] = [
    "type",
    "url",
    "title",
    "content",
    "start_index",
    "end_index",
];

/// Reads an annotation. What canon has no words for (a place in a file) stays whole beside them.
pub(super) fn parse_annotation(annotation: Value) -> Option<Citation> {
    let Value::Object(fields) = annotation else {
        return None;
    };
    let text = |name| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let place = |name| fields.get(name).and_then(Value::as_u64);
    let citation = Citation {
        url: text("url"),
        title: text("title"),
        content: text("content"),
        start: place("start_index"),
        end: place("end_index"),
        native: Extras::NONE,
    };
    // Only what would be written again just so needs no copy.
    let is_plain = fields
        .get("type")
        .is_some_and(|kind| kind == "url_citation")
        && citation.url.is_some()
        && citation.title.is_some()
        && citation.start.is_some()
        && citation.end.is_some()
        && fields.keys().all(|name| KNOWN.contains(&name.as_str()));
    if is_plain {
        return Some(citation);
    }
    let native = Extras::new(DIALECT, fields);
    Some(Citation { native, ..citation })
}

/// Appends a citation to a list of annotations. One without an address has no form in this dialect, unless it came
/// in it.
pub(super) fn render_citation(citation: &Citation, list: &mut Array<'_>) {
    if let Some(native) = citation.native.of(DIALECT) {
        list.item::<Map<String, Value>>(native);
        return;
    }
    let Some(url) = &citation.url else { return };
    let mut object = list.object();
    object.field("type", "url_citation");
    object.field("url", url);
    object.field("title", citation.title.as_deref().unwrap_or_default());
    object.field("start_index", &citation.start.unwrap_or(0));
    object.field("end_index", &citation.end.unwrap_or(0));
    object.optional("content", citation.content.as_deref());
    object.close();
}

/// Whether the citation has a form in this dialect.
pub(super) fn is_renderable(citation: &Citation) -> bool {
    citation.url.is_some() || citation.native.of(DIALECT).is_some()
}
