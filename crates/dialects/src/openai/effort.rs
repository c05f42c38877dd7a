//! How much thinking is asked for: read from callers, and said in the one word that this family has for it.

use canon::{Dialect, Effort, Reasoning};

use crate::{Error, Fields};

/// Reads a `reasoning` object of this dialect.
pub(super) fn parse_reasoning(mut fields: Fields, dialect: Dialect) -> Result<Reasoning, Error> {
    let path = fields.path_of("max_tokens");
    let reasoning = Reasoning {
        effort: take_effort(&mut fields, "effort")?,
        max_tokens: fields.u64("max_tokens")?,
        enabled: fields.bool("enabled")?,
        adaptive: false,
        exclude: fields.bool("exclude")?,
        summary: fields.string("summary")?,
        display: None,
        extras: fields.rest(dialect),
    };
    refuse_both(&reasoning, path)?;
    Ok(reasoning)
}

/// An effort and a budget are two answers to one question.
pub(super) fn refuse_both(reasoning: &Reasoning, path: String) -> Result<(), Error> {
    match (reasoning.effort, reasoning.max_tokens) {
        (Some(effort), Some(max_tokens)) => Err(Error::Field {
            path,
            expected: "either an effort or max_tokens for reasoning".to_owned(),
            found: format!("effort {:?} and max_tokens {max_tokens}", effort.name()),
        }),
        _ => Ok(()),
    }
}

/// Takes a level of thinking.
pub(super) fn take_effort(fields: &mut Fields, name: &str) -> Result<Option<Effort>, Error> {
    let Some(word) = fields.string(name)? else {
        return Ok(None);
    };
    let Some(effort) = Effort::named(&word) else {
        let names: Vec<&str> = Effort::ALL.iter().map(|effort| effort.name()).collect();
        let expected = format!("one of {}", names.join(", "));
        return Err(fields.wrong(name, &expected, &word.into()));
    };
    Ok(Some(effort))
}

/// The level of thinking that is asked for, one way or another (spec/inference.md §8.1).
pub(super) fn effort_of(reasoning: &Reasoning, answer_max: Option<u64>) -> Option<Effort> {
    if let Some(effort) = reasoning.effort {
        return Some(effort);
    }
    if reasoning.enabled == Some(false) {
        return Some(Effort::None);
    }
    if let Some(budget) = reasoning.max_tokens {
        return Some(nearest_effort(budget, answer_max));
    }
    (reasoning.enabled == Some(true) || reasoning.adaptive).then_some(Effort::Medium)
}

/// The level whose share of the answer is nearest to a budget in tokens.
fn nearest_effort(budget: u64, answer_max: Option<u64>) -> Effort {
    /// What an answer may have where nobody says.
    const ANSWER_MAX: u64 = 32_000;
    let answer_max = answer_max.unwrap_or(ANSWER_MAX).max(1);
    let percent = budget.saturating_mul(100) / answer_max;
    let levels = [
        Effort::Minimal,
        Effort::Low,
        Effort::Medium,
        Effort::High,
        Effort::XHigh,
    ];
    levels
        .into_iter()
        .min_by_key(|effort| effort.percent().abs_diff(percent))
        .unwrap_or(Effort::Medium)
}
