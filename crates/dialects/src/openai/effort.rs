//! How much thinking is asked for, in the one word that this family has for it.

use canon::{Effort, Reasoning};

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
