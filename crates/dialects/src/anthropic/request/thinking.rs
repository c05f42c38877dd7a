//! How much to think: OpenRouter's `reasoning` in Anthropic's terms (spec/inference.md §8.1).
//!
//! A level becomes a budget for models that take budgets: `max(min(max_tokens × share, 128000), 1024)`. The limit
//! of the answer must be above the budget; where it is not, the caller's limit is added to the budget, so that
//! the answer keeps the room it was given. Models that decide by themselves get `adaptive` and the level as it is.

use canon::{Effort, Part, Reasoning, Request, Role};

use super::tools;
use crate::{
    Loss, Target, Thinking,
    anthropic::{
        claude::Claude,
        wire::{DIALECT, lose_foreign},
    },
    json::Object,
};

/// The most tokens a level stands for.
const BUDGET_MAX: u64 = 128_000;
/// The fewest tokens Anthropic accepts as a budget.
const BUDGET_MIN: u64 = 1_024;
/// The limit of an answer where neither the caller nor the catalogue has one.
const MAX_TOKENS_DEFAULT: u64 = 4_096;

/// What is asked of the vendor about the length of the answer and the thinking before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// `max_tokens`.
    pub(crate) max_tokens: u64,
    /// `thinking`; absent is the model's own default.
    pub(crate) mode: Option<Mode>,
    /// `output_config.effort`.
    pub(crate) effort: Option<&'static str>,
}

/// The three forms of `thinking`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Budget(u64),
    Adaptive,
    Disabled,
}

/// What the caller wishes, whichever way it was said.
#[derive(Clone, Copy)]
enum Wish {
    Unsaid,
    Off,
    On,
    Level(Effort),
    Budget(u64),
    Adaptive,
}

impl Plan {
    /// Whether the model is told to think.
    pub(crate) fn thinks(&self) -> bool {
        matches!(self.mode, Some(Mode::Budget(_) | Mode::Adaptive))
    }

    /// Decides; what cannot be done is added to `loss`.
    pub(crate) fn of(request: &Request, target: &Target<'_>, loss: &mut Vec<Loss>) -> Self {
        let claude = Claude::of(target);
        let mut plan = Self {
            max_tokens: max_tokens(request, target, loss),
            mode: None,
            effort: effort(request, target, loss).and_then(|effort| claude.effort(effort)),
        };
        let reasoning = request.reasoning.as_ref();
        let level = reasoning.and_then(|reasoning| reasoning.effort);
        let share = |effort: Effort| budget_of(plan.max_tokens, effort);
        let adapts = target.thinking == Thinking::Adaptive;
        plan.mode = match (wish(reasoning), target.thinking) {
            (Wish::Unsaid, _) | (Wish::Off, Thinking::Unknown) => None,
            (Wish::Off, _) => Some(Mode::Disabled),
            (Wish::Budget(_), Thinking::Adaptive) if !claude.takes_budget() => {
                loss.push(Loss::new(
                    "reasoning.max_tokens",
                    "this model decides by itself",
                ));
                Some(Mode::Adaptive)
            }
            (Wish::Budget(budget), _) => Some(Mode::Budget(budget.max(BUDGET_MIN))),
            (Wish::Level(_) | Wish::On, Thinking::Adaptive) => Some(Mode::Adaptive),
            (Wish::Level(level), _) => Some(Mode::Budget(share(level))),
            (Wish::On, Thinking::Unknown) => {
                loss.push(Loss::new(
                    "reasoning.enabled",
                    "nobody knows whether this model thinks",
                ));
                None
            }
            (Wish::On, _) => Some(Mode::Budget(share(Effort::Medium))),
            (Wish::Adaptive, Thinking::Budget) => {
                Some(Mode::Budget(share(level.unwrap_or(Effort::Medium))))
            }
            (Wish::Adaptive, _) => Some(Mode::Adaptive),
        };
        if !adapts && !matches!(plan.mode, Some(Mode::Adaptive)) && !is_native(reasoning) {
            plan.effort = None;
        }
        if !plan.thinks() && reasoning.is_some_and(|reasoning| reasoning.display.is_some()) {
            loss.push(Loss::new("reasoning.display", "there is nothing to show"));
        }
        plan.give_way(request, loss);
        plan.make_room(target, loss);
        plan
    }

    /// Thinking that Anthropic would refuse beside the rest of the request is left out.
    fn give_way(&mut self, request: &Request, loss: &mut Vec<Loss>) {
        let why = if self.thinks() && tools::is_forced(request) {
            "a tool must be called"
        } else if matches!(self.mode, Some(Mode::Budget(_))) && lacks_thinking(request) {
            "the last turn came without its thinking"
        } else {
            return;
        };
        loss.push(Loss::new("reasoning", why));
        self.mode = None;
    }

    /// Makes the limit larger than the budget, or the budget smaller than the model's own limit.
    fn make_room(&mut self, target: &Target<'_>, loss: &mut Vec<Loss>) {
        let Some(Mode::Budget(budget)) = self.mode else {
            return;
        };
        if self.max_tokens > budget {
            return;
        }
        let limit = target.max_output_tokens.unwrap_or(u64::MAX);
        self.max_tokens = budget.saturating_add(self.max_tokens.max(1)).min(limit);
        if self.max_tokens > budget {
            return;
        }
        let smaller = self.max_tokens.saturating_sub(1);
        if smaller < BUDGET_MIN {
            loss.push(Loss::new(
                "reasoning",
                "the model's answers are too short to think",
            ));
            self.mode = None;
        } else {
            loss.push(Loss::new(
                "reasoning.max_tokens",
                "lowered below the model's limit",
            ));
            self.mode = Some(Mode::Budget(smaller));
        }
    }

    /// Writes `thinking`.
    pub(crate) fn render(&self, reasoning: Option<&Reasoning>, body: &mut Object<'_>) {
        let Some(mode) = self.mode else {
            return;
        };
        let mut thinking = body.object("thinking");
        match mode {
            Mode::Budget(budget) => {
                thinking.field("type", "enabled");
                thinking.field("budget_tokens", &budget);
            }
            Mode::Adaptive => thinking.field("type", "adaptive"),
            Mode::Disabled => thinking.field("type", "disabled"),
        }
        if let Some(reasoning) = reasoning {
            let hidden = mode == Mode::Adaptive && reasoning.exclude == Some(true);
            let hidden = hidden.then_some("omitted");
            let display = reasoning.display.as_deref().or(hidden);
            thinking.optional("display", display.filter(|_| mode != Mode::Disabled));
            let own = reasoning.extras.of(DIALECT);
            for (name, value) in own.into_iter().flatten() {
                if name != "output_config" {
                    thinking.field(name, value);
                }
            }
        }
        thinking.close();
    }
}

/// The caller's limit, not above the model's; else the model's own; else a default.
fn max_tokens(request: &Request, target: &Target<'_>, loss: &mut Vec<Loss>) -> u64 {
    match (request.sampling.max_tokens, target.max_output_tokens) {
        (Some(wanted), Some(limit)) if wanted > limit => {
            loss.push(Loss::new("max_tokens", "lowered to the model's limit"));
            limit
        }
        (Some(wanted), _) => wanted,
        (None, Some(limit)) => limit,
        (None, None) => MAX_TOKENS_DEFAULT,
    }
}

fn budget_of(max_tokens: u64, effort: Effort) -> u64 {
    let share = max_tokens.saturating_mul(effort.percent()) / 100;
    share.clamp(BUDGET_MIN, BUDGET_MAX)
}

/// Whether the level was said in Anthropic's own terms, where it does not switch thinking on.
fn is_native(reasoning: Option<&Reasoning>) -> bool {
    let own = reasoning.and_then(|reasoning| reasoning.extras.of(DIALECT));
    own.is_some_and(|own| own.contains_key("output_config"))
}

fn wish(reasoning: Option<&Reasoning>) -> Wish {
    let Some(reasoning) = reasoning else {
        return Wish::Unsaid;
    };
    let level = reasoning.effort.filter(|_| !is_native(Some(reasoning)));
    if reasoning.enabled == Some(false) || level == Some(Effort::None) {
        Wish::Off
    } else if reasoning.adaptive {
        Wish::Adaptive
    } else if let Some(budget) = reasoning.max_tokens {
        Wish::Budget(budget)
    } else if let Some(level) = level {
        Wish::Level(level)
    } else if reasoning.enabled == Some(true) {
        Wish::On
    } else {
        Wish::Unsaid
    }
}

/// The level to be said as such. `verbosity` has the same place on this wire, and goes first.
fn effort(request: &Request, target: &Target<'_>, loss: &mut Vec<Loss>) -> Option<Effort> {
    let reasoning = request.reasoning.as_ref();
    if let Some(reasoning) = reasoning {
        lose_foreign(&reasoning.extras, "reasoning", loss);
        if reasoning.summary.is_some() {
            loss.push(Loss::new(
                "reasoning.summary",
                "summaries have one kind here",
            ));
        }
    }
    let level = reasoning.and_then(|reasoning| reasoning.effort);
    let Some(verbosity) = request.verbosity.as_deref() else {
        return level;
    };
    let named = Effort::named(verbosity).filter(|_| target.thinking == Thinking::Adaptive);
    if named.is_none() {
        loss.push(Loss::new("verbosity", "this model has no levels of it"));
    }
    named.or(level)
}

/// Whether a turn that still waits for its tools' results does not begin with signed thinking, which
/// Anthropic demands while thinking has a budget.
fn lacks_thinking(request: &Request) -> bool {
    let last = request
        .messages
        .iter()
        .rev()
        .find(|message| message.role == Role::Assistant);
    let waits = request
        .messages
        .last()
        .is_some_and(|message| message.role == Role::Tool);
    let Some(last) = last.filter(|_| waits) else {
        return false;
    };
    let is_signed =
        |part: &Part| matches!(part, Part::Reasoning(part) if super::parts::is_anthropic(part));
    let calls = last
        .parts
        .iter()
        .any(|part| matches!(part, Part::ToolCall(_)));
    calls && !last.parts.first().is_some_and(is_signed)
}
