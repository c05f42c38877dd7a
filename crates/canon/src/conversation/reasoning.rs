//! Thinking: how much is asked for, and the pieces that must come back unchanged.

use std::borrow::Cow;

use super::Extras;

/// How much to think, and what to show of it (spec/inference.md §8.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasoning {
    /// As a level.
    pub effort: Option<Effort>,
    /// As a budget in tokens.
    pub max_tokens: Option<u64>,
    /// Whether at all.
    pub enabled: Option<bool>,
    /// Let the model decide how much (Anthropic's adaptive thinking).
    pub adaptive: bool,
    /// Think, but don't show it.
    pub exclude: Option<bool>,
    /// `auto`, `concise`, `detailed`: the kind of summary wanted. As written.
    pub summary: Option<String>,
    /// `summarized` or `omitted` (Anthropic). As written.
    pub display: Option<String>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// A level of thinking, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effort {
    /// Off.
    None,
    /// The least.
    Minimal,
    /// A little.
    Low,
    /// The default where thinking is on.
    Medium,
    /// Much.
    High,
    /// More.
    XHigh,
    /// The most.
    Max,
}

/// One piece of thinking, as `reasoning_details` has them.
#[derive(Clone, Debug, PartialEq)]
pub struct ReasoningPart {
    /// The piece itself.
    pub body: ReasoningBody,
    /// The vendor's id of it; for Gemini the id of the tool call that its signature belongs to.
    pub id: Option<String>,
    /// Whose form it has: it is only of use to the same family of vendors.
    pub format: ReasoningFormat,
    /// Its place among the pieces, where the wire states one.
    pub index: Option<u32>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}

/// What a piece of thinking holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReasoningBody {
    /// Thinking in words, signed or not.
    Text {
        /// The words; may be empty where only the signature is sent.
        text: String,
        /// The vendor's signature over them, byte for byte.
        signature: Option<String>,
    },
    /// A summary of the thinking.
    Summary(String),
    /// Thinking that only the vendor can read.
    Encrypted(String),
}

/// The family whose form a piece of thinking has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReasoningFormat(Cow<'static, str>);

impl ReasoningFormat {
    /// Not stated.
    pub const UNKNOWN: Self = Self(Cow::Borrowed("unknown"));
    /// Anthropic thinking blocks.
    pub const ANTHROPIC: Self = Self(Cow::Borrowed("anthropic-claude-v1"));
    /// Gemini thought parts.
    pub const GEMINI: Self = Self(Cow::Borrowed("google-gemini-v1"));
    /// OpenAI Responses reasoning items.
    pub const OPENAI: Self = Self(Cow::Borrowed("openai-responses-v1"));

    /// The format of that name, known or not.
    #[must_use]
    pub fn named(name: &str) -> Self {
        [Self::UNKNOWN, Self::ANTHROPIC, Self::GEMINI, Self::OPENAI]
            .into_iter()
            .find(|format| format.0 == name)
            .unwrap_or_else(|| Self(Cow::Owned(name.to_owned())))
    }

    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.0.is_empty() {
            "unknown"
        } else {
            &self.0
        }
    }
}

impl Effort {
    /// Every level, least first.
    pub const ALL: &[Self] = &[
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::XHigh,
        Self::Max,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|effort| effort.name() == name)
    }

    /// The share of the answer's tokens that goes to thinking, in percent (spec/inference.md §8.1).
    #[must_use]
    pub const fn percent(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 10,
            Self::Low => 20,
            Self::Medium => 50,
            Self::High => 80,
            Self::XHigh | Self::Max => 95,
        }
    }
}
