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

impl Metadata {
    /// Takes in a value, if it is one that travels; what is said later replaces what was said before.
    pub(super) fn add(&mut self, value: &Value) -> bool {
        let Some((name, fields)) = of_answer(value) else {
            return false;
        };
        let known = if name == CANDIDATE {
            &mut self.candidate
        } else {
            &mut self.answer
        };
        known.extend(fields.clone());
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
