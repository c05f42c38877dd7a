//! What a request says and a dialect has no word for, reported in one way by the dialects that are only called.

use canon::{Dialect, Extras, ReasoningBody, ReasoningFormat, ReasoningPart, Request};
use serde_json::Value;

use crate::Loss;

/// Why a field of another dialect is left out.
pub(crate) const FOREIGN: &str = "only the dialect it came from has it";
/// Why a field is left out that the dialect has no word for.
pub(crate) const UNKNOWN: &str = "this dialect has no such field";

/// Reports the fields that hang on something at `at` and came from another dialect than `own`.
pub(crate) fn lose_extras(extras: &Extras, own: Dialect, at: &str, loss: &mut Vec<Loss>) {
    let Some((dialect, fields)) = extras.any() else {
        return;
    };
    if dialect != own {
        let lost = |name: &String| Loss::new(format!("{at}.{name}"), FOREIGN);
        loss.extend(fields.keys().map(lost));
    }
}

/// Reports those fields that are set.
pub(crate) fn lose_set(
    fields: impl IntoIterator<Item = (&'static str, bool)>,
    why: &'static str,
    loss: &mut Vec<Loss>,
) {
    for (name, is_set) in fields {
        if is_set {
            loss.push(Loss::new(name, why));
        }
    }
}

/// The fields of the request that canon has no name for and this dialect takes (`own`). Callers of any dialect may
/// set them: what only one vendor knows is handed on to it. The others are reported.
pub(crate) fn own_fields<'a>(
    request: &'a Request,
    own: &[&str],
    loss: &mut Vec<Loss>,
) -> Vec<(&'a str, &'a Value)> {
    let mut taken = Vec::new();
    let fields = request.extras.any().into_iter().flat_map(|(_, map)| map);
    for (name, value) in fields {
        if own.contains(&name.as_str()) {
            taken.push((name.as_str(), value));
        } else {
            loss.push(Loss::new(name.clone(), FOREIGN));
        }
    }
    taken
}

/// The words of thinking that is nobody's in particular: not signed, not in the form of one family of vendors.
pub(crate) fn plain_thinking(part: &ReasoningPart) -> Option<&str> {
    match &part.body {
        ReasoningBody::Text {
            text,
            signature: None,
        } => (part.format == ReasoningFormat::UNKNOWN).then_some(text),
        ReasoningBody::Text { .. } | ReasoningBody::Summary(_) | ReasoningBody::Encrypted(_) => {
            None
        }
    }
}
