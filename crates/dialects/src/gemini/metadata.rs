//! What stands beside the parts of an answer and that only Gemini has: ratings, grounding whole, averages, why a
//! prompt was blocked.
//!
//! Canon has no place for it in a stream, so it travels as [`canon::Event::Other`] and [`canon::Part::Other`] in an
//! object of one field whose name no part can have. Only Gemini's own callers read it; it is no part of a
//! conversation and never goes back to the vendor.

use canon::{Dialect, Part};
use serde_json::{Map, Value};

/// The fields of a candidate.
const CANDIDATE: &str = "#candidate";
/// The fields of the whole answer.
const ANSWER: &str = "#answer";

/// The field of the probabilities of words.
const PROBABILITIES: &str = "logprobsResult";

/// What stands beside the parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Metadata {
    /// Fields of the candidate.
    pub(super) candidate: Map<String, Value>,
    /// Fields of the answer (`promptFeedback`).
    pub(super) answer: Map<String, Value>,
}

/// The fields of a candidate as a value that travels.
pub(super) fn of_candidate(fields: Map<String, Value>) -> Value {
    Value::Object(Map::from_iter([(
        CANDIDATE.to_owned(),
        Value::Object(fields),
    )]))
}

/// The fields of an answer as a value that travels.
pub(super) fn of_whole(fields: Map<String, Value>) -> Value {
    Value::Object(Map::from_iter([(ANSWER.to_owned(), Value::Object(fields))]))
}

/// The name and the fields, if a value is one that travels.
pub(super) fn of_answer(value: &Value) -> Option<(&str, &Map<String, Value>)> {
    let (name, fields) = value.as_object()?.iter().next()?;
    let fields = fields.as_object()?;
    matches!(name.as_str(), CANDIDATE | ANSWER).then_some((name.as_str(), fields))
}

/// Adds the lists of a piece to those of the pieces before it.
fn go_on(before: &mut Value, piece: &Value) {
    for (name, value) in piece.as_object().into_iter().flatten() {
        match (before.get_mut(name), value) {
            (Some(Value::Array(known)), Value::Array(more)) => known.extend_from_slice(more),
            _ => {
                if let Some(fields) = before.as_object_mut() {
                    fields.insert(name.clone(), value.clone());
                }
            }
        }
    }
}

impl Metadata {
    /// Takes in a value, if it is one that travels; what is said later replaces what was said before, but for
    /// probabilities, which each piece of a stream has of its own words.
    pub(super) fn add(&mut self, value: &Value) -> bool {
        let Some((name, fields)) = of_answer(value) else {
            return false;
        };
        let known = if name == CANDIDATE {
            &mut self.candidate
        } else {
            &mut self.answer
        };
        for (name, value) in fields {
            match known.get_mut(name) {
                Some(before) if name == PROBABILITIES => go_on(before, value),
                Some(before) => before.clone_from(value),
                None => {
                    known.insert(name.clone(), value.clone());
                }
            }
        }
        true
    }

    /// What stands beside these parts.
    pub(super) fn among(parts: &[Part]) -> Self {
        let mut metadata = Self::default();
        for part in parts {
            if let Part::Other { dialect, value } = part
                && *dialect == Dialect::Gemini
            {
                metadata.add(value);
            }
        }
        metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn probabilities_of_pieces_add_up_and_all_else_is_said_anew() {
        let mut metadata = Metadata::default();
        for word in ["Oslo", " is"] {
            let chosen = json!([{"token": word}]);
            let piece =
                json!({"logprobsResult": {"chosenCandidates": chosen}, "avgLogprobs": word});
            assert!(metadata.add(&of_candidate(
                piece.as_object().cloned().unwrap_or_default()
            )));
        }
        let whole = json!({
            "logprobsResult": {"chosenCandidates": [{"token": "Oslo"}, {"token": " is"}]}, "avgLogprobs": " is",
        });
        assert_eq!(Value::Object(metadata.candidate), whole);
    }
}
