//! Sources of a text: `annotations` of this dialect, and Perplexity's lists beside the answer.

use canon::{Citation, Dialect, Extras};
use serde_json::{Map, Value};

use crate::json::Array;

/// Reads a `url_citation`; gives anything else back.
///
/// # Errors
/// The annotation itself, where it is no citation.
pub(super) fn parse_annotation(annotation: Value) -> Result<Citation, Value> {
    let is_citation = annotation.get("type").and_then(Value::as_str) == Some("url_citation");
    let Some(fields) = annotation.get("url_citation").and_then(Value::as_object) else {
        return Err(annotation);
    };
    if !is_citation {
        return Err(annotation);
    }
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
    let known = ["url", "title", "content", "start_index", "end_index"];
    let is_plain = fields.keys().all(|name| known.contains(&name.as_str()));
    if let Value::Object(native) = annotation
        && !is_plain
    {
        let native = Extras::new(Dialect::OpenAiChat, native);
        return Ok(Citation { native, ..citation });
    }
    Ok(citation)
}

/// Sources beside the answer: Perplexity's addresses in order, with titles where the second list has them, or that
/// list alone (Z.AI).
pub(super) fn parse_sources(addresses: &[Value], results: &[Value]) -> Vec<Citation> {
    let text = |result: &Value, name: &str| {
        let text = result.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let url_of = |result: &Value| text(result, "url").or_else(|| text(result, "link"));
    let found = results.iter().filter_map(|result| {
        Some(Citation {
            url: Some(url_of(result)?),
            title: text(result, "title"),
            content: text(result, "content"),
            ..Citation::default()
        })
    });
    if addresses.is_empty() {
        return found.collect();
    }
    let found: Vec<Citation> = found.collect();
    let urls = addresses.iter().filter_map(Value::as_str);
    urls.map(|url| {
        let known = found.iter().find(|one| one.url.as_deref() == Some(url));
        known.cloned().unwrap_or_else(|| Citation {
            url: Some(url.to_owned()),
            ..Citation::default()
        })
    })
    .collect()
}

/// Appends a citation to a list of annotations. One without an address has no form in this dialect.
pub(super) fn render_citation(citation: &Citation, list: &mut Array<'_>) {
    if let Some(native) = citation.native.of(Dialect::OpenAiChat) {
        list.item::<Map<String, Value>>(native);
        return;
    }
    let Some(url) = &citation.url else { return };
    let mut object = list.object();
    object.field("type", "url_citation");
    let mut fields = object.object("url_citation");
    fields.field("url", url);
    fields.field("title", citation.title.as_deref().unwrap_or_default());
    fields.optional("content", citation.content.as_deref());
    fields.field("start_index", &citation.start.unwrap_or(0));
    fields.field("end_index", &citation.end.unwrap_or(0));
    fields.close();
    object.close();
}

/// Whether the citation has a form in this dialect.
pub(super) fn is_renderable(citation: &Citation) -> bool {
    citation.url.is_some() || citation.native.of(Dialect::OpenAiChat).is_some()
}
