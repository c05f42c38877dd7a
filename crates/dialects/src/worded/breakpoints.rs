//! "Cache the prompt up to here" towards OpenAI: from GPT-5.6 on its models take marks in the prompt, in words of their
//! own and without a lifetime (spec/inference.md §8.2).

use canon::{CacheMark, Dialect, Extras, Part, Request, Role};
use serde_json::json;

use crate::{Loss, Target};

/// OpenAI's word for a mark.
const BREAKPOINT: &str = "prompt_cache_breakpoint";
/// The first version that takes marks.
const VERSION_LEAST: (u32, u32) = (5, 6);

/// The request with its marks in OpenAI's words; `None` where there are none, or the vendor has other words.
pub(crate) fn translated(
    dialect: Dialect,
    target: &Target<'_>,
    request: &Request,
    loss: &mut Vec<Loss>,
) -> Option<Request> {
    let speaks = matches!(dialect, Dialect::OpenAiChat | Dialect::OpenAiResponses);
    if !speaks || target.form.cache_marks || !takes_marks(target.model) {
        return None;
    }
    let is_marked = |part: &Part| mark_of(part).is_some();
    let mut messages = request.messages.iter();
    if !messages.any(|message| message.parts.iter().any(is_marked)) {
        return None;
    }
    let mut request = request.clone();
    for (turn, message) in request.messages.iter_mut().enumerate() {
        if message.role == Role::Assistant {
            // Marks stand in what the model reads of others.
            continue;
        }
        for (place, part) in message.parts.iter_mut().enumerate() {
            if translate(dialect, part).is_some_and(|mark| mark.ttl.is_some()) {
                let what = format!("messages[{turn}].content[{place}].cache_control.ttl");
                loss.push(Loss::new(what, "marks have no lifetime here"));
            }
        }
    }
    Some(request)
}

fn mark_of(part: &Part) -> Option<CacheMark> {
    match part {
        Part::Text(text) => text.cache,
        Part::Media { cache, .. } => *cache,
        Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => None,
    }
}

/// Puts the mark of one part into OpenAI's words, and gives the mark that stood there. One beside fields of another
/// dialect stays what it is, and is reported with them.
fn translate(dialect: Dialect, part: &mut Part) -> Option<CacheMark> {
    let (cache, extras): (&mut Option<CacheMark>, &mut Extras) = match part {
        Part::Text(text) => (&mut text.cache, &mut text.extras),
        Part::Media { cache, extras, .. } => (cache, extras),
        Part::Reasoning(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_)
        | Part::Other { .. } => return None,
    };
    let own = extras.of(dialect);
    let is_said = own.is_some_and(|own| own.contains_key(BREAKPOINT));
    if is_said || (own.is_none() && !extras.is_empty()) {
        return None;
    }
    let mark = cache.take()?;
    extras.insert(dialect, BREAKPOINT, json!({"mode": "explicit"}));
    Some(mark)
}

/// Whether a model is GPT-5.6 or later.
fn takes_marks(model: &str) -> bool {
    let version = |name: &str| {
        let (number, rest) = split_number(name)?;
        let minor = rest.strip_prefix('.').and_then(split_number);
        Some((number, minor.map_or(0, |(minor, _)| minor)))
    };
    let name = model.strip_prefix("openai/gpt-");
    name.and_then(version)
        .is_some_and(|version| version >= VERSION_LEAST)
}

/// The number that a text begins with, and what follows.
fn split_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    let (number, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_from_5_6_on() {
        for (model, takes) in [
            ("openai/gpt-5.6", true),
            ("openai/gpt-5.6-mini", true),
            ("openai/gpt-5.10", true),
            ("openai/gpt-6", true),
            ("openai/gpt-5.5", false),
            ("openai/gpt-5", false),
            ("openai/gpt-4o", false),
            ("openai/o3", false),
            ("acme/gpt-5.6", false),
        ] {
            assert_eq!(takes_marks(model), takes, "{model}");
        }
    }
}
