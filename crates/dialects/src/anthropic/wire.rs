//! The words of the wire that requests, answers and streams share: cache marks, reasons to stop, citations.

use canon::{CacheMark, CacheTtl, Citation, Dialect, Extras, FinishReason};
use serde_json::Value;

use crate::{Error, Fields, Loss, json::Object};

/// The dialect of this folder.
pub(super) const DIALECT: Dialect = Dialect::Anthropic;

/// The `type` of a value kept as `Part::Other` that is no block: fields of the message itself which a stream
/// states in its `message_delta` (why a refusal, the container, applied edits).
pub(super) const MESSAGE_FIELDS: &str = "message_delta";

/// What may hang on every block, behind its own fields.
pub(super) struct Tail {
    pub(super) cache: Option<CacheMark>,
    pub(super) extras: Extras,
}

/// Takes the cache mark and keeps what is left over.
pub(super) fn take_tail(mut fields: Fields) -> Result<Tail, Error> {
    let (cache, whole) = take_cache(&mut fields)?;
    let mut extras = fields.rest(DIALECT);
    if let Some(whole) = whole {
        extras.insert(DIALECT, "cache_control", whole);
    }
    Ok(Tail { cache, extras })
}

/// Takes `cache_control`. A mark that says more than canon knows also comes back whole.
pub(super) fn take_cache(fields: &mut Fields) -> Result<(Option<CacheMark>, Option<Value>), Error> {
    let whole = fields.peek("cache_control").cloned();
    let Some(mut mark) = fields.object("cache_control")? else {
        return Ok((None, None));
    };
    let kind = mark.required_string("type")?;
    if kind != "ephemeral" {
        return Err(mark.wrong("type", "\"ephemeral\"", &kind.into()));
    }
    let ttl = mark.string("ttl")?;
    let ttl = match ttl.as_deref() {
        None => None,
        Some("5m") => Some(CacheTtl::FiveMinutes),
        Some("1h") => Some(CacheTtl::OneHour),
        Some(other) => return Err(mark.wrong("ttl", "\"5m\" or \"1h\"", &other.into())),
    };
    let whole = whole.filter(|_| !mark.into_map().is_empty());
    Ok((Some(CacheMark { ttl }), whole))
}

/// Writes the cache mark and the fields that only this dialect has.
pub(super) fn render_tail(cache: Option<CacheMark>, extras: &Extras, object: &mut Object<'_>) {
    render_tail_without(&[], cache, extras, object);
}

/// The same, without fields that were written already.
pub(super) fn render_tail_without(
    written: &[&str],
    cache: Option<CacheMark>,
    extras: &Extras,
    object: &mut Object<'_>,
) {
    let own = extras.of(DIALECT);
    let is_whole = own.is_some_and(|own| own.contains_key("cache_control"));
    if let Some(mark) = cache.filter(|_| !is_whole) {
        render_cache(mark, object);
    }
    for (name, value) in own.into_iter().flatten() {
        if !written.contains(&name.as_str()) {
            object.field(name, value);
        }
    }
}

/// Writes `cache_control`.
pub(super) fn render_cache(mark: CacheMark, object: &mut Object<'_>) {
    let mut control = object.object("cache_control");
    control.field("type", "ephemeral");
    if let Some(ttl) = mark.ttl {
        let ttl = match ttl {
            CacheTtl::FiveMinutes => "5m",
            CacheTtl::OneHour => "1h",
        };
        control.field("ttl", ttl);
    }
    control.close();
}

/// Reports fields that only another dialect has.
pub(super) fn lose_foreign(extras: &Extras, at: &str, loss: &mut Vec<Loss>) {
    let Some((dialect, fields)) = extras.any() else {
        return;
    };
    if dialect == DIALECT {
        return;
    }
    for name in fields.keys() {
        loss.push(Loss::new(join(at, name), "only another dialect has it"));
    }
}

/// The path of a field of an object.
pub(super) fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

/// The reason in canon's word. An unknown word counts as an ordinary end: the answer is there.
pub(super) fn finish_reason(stop_reason: &str) -> FinishReason {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    }
}

/// How an answer ended, in canon's terms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ending<'a> {
    pub(super) finish: Option<FinishReason>,
    pub(super) native: Option<&'a str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) has_calls: bool,
    pub(super) has_refusal: bool,
}

impl Ending<'_> {
    /// The reason in this dialect's word: the vendor's own where it is one, else what canon's stands for.
    /// `None` is an answer that the vendor broke off.
    pub(super) fn stop_reason(self) -> Option<&'static str> {
        const WORDS: &[&str] = &[
            "end_turn",
            "max_tokens",
            "model_context_window_exceeded",
            "stop_sequence",
            "tool_use",
            "pause_turn",
            "refusal",
            "compaction",
        ];
        let native = self.native.unwrap_or_default();
        let own = WORDS.iter().copied().find(|word| *word == native);
        if own.is_some() {
            return own;
        }
        match self.finish? {
            FinishReason::Stop if self.stop_sequence.is_some() => Some("stop_sequence"),
            // Some vendors end with `stop` although tools are called; callers go on by this word alone.
            FinishReason::Stop if self.has_calls => Some("tool_use"),
            FinishReason::Stop if self.has_refusal => Some("refusal"),
            FinishReason::Stop => Some("end_turn"),
            FinishReason::Length => Some("max_tokens"),
            FinishReason::ToolCalls => Some("tool_use"),
            FinishReason::ContentFilter => Some("refusal"),
            FinishReason::Error => None,
        }
    }
}

/// Reads a citation. The whole of it is kept: what it points to differs from kind to kind.
pub(super) fn parse_citation(value: Value, path: String) -> Result<Citation, Error> {
    let whole = value.as_object().cloned().unwrap_or_default();
    let mut fields = Fields::from_value(value, path)?;
    let title = match fields.string("title")? {
        None => fields.string("document_title")?,
        title => title,
    };
    Ok(Citation {
        url: fields.string("url")?,
        title,
        content: fields.string("cited_text")?,
        start: None,
        end: None,
        native: Extras::new(DIALECT, whole),
    })
}

/// Whether a citation can be said here: its own form is, and of others those with an address.
pub(super) fn is_sayable(citation: &Citation) -> bool {
    citation.native.of(DIALECT).is_some() || citation.url.is_some()
}

/// Writes a citation; see [`is_sayable`].
pub(super) fn render_citation(citation: &Citation, out: &mut Vec<u8>) {
    if let Some(native) = citation.native.of(DIALECT) {
        crate::json::write(out, native);
        return;
    }
    let mut object = Object::open(out);
    object.field("type", "web_search_result_location");
    object.field("url", citation.url.as_deref().unwrap_or_default());
    object.field("title", &citation.title);
    object.field(
        "cited_text",
        citation.content.as_deref().unwrap_or_default(),
    );
    object.field("encrypted_index", "");
    object.close();
}
