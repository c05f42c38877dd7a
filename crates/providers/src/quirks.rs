//! The closed list of ways in which vendors of one dialect differ from its reference. A vendor that
//! needs more than these has a dialect of its own.

use dialects::{Form, Platform};

/// One way in which a vendor differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// These top-level request fields are refused.
    Drops(&'static [&'static str]),
    /// The limit of an answer is called `max_completion_tokens`.
    MaxCompletionTokens,
    /// OpenRouter's own fields are understood.
    OpenRouter,
    /// Reasoning comes back in requests under this name.
    ReasoningField(&'static str),
    /// A seed is called `random_seed`.
    RandomSeed,
    /// `developer` turns are understood.
    DeveloperRole,
    /// Streams state what they used only when asked.
    AskForUsage,
    /// Tool choice `required` is called `any`.
    RequiredIsAny,
    /// Cache breakpoints are understood inside OpenAI chat parts.
    CacheMarks,
    /// Tools that take free text are understood.
    CustomTools,
    /// The vendor searches the web by itself on this wire where it is asked to.
    Searches,
    /// The dialect is spoken on another vendor's platform, with its paths and frames.
    On(Platform),
    /// Every request carries this header, name in lower case.
    Header(&'static str, &'static str),
}

impl Quirk {
    /// The answer is waited for, for as long as Replicate allows, and nobody fetches what comes later: it is not
    /// computed. Docs: replicate.com/docs/topics/predictions/create-a-prediction and
    /// replicate.com/changelog/2025-10-16-prediction-deadlines (read 2026-11-22).
    pub(crate) const REPLICATE: &[Self] = &[
        Self::Header("prefer", "wait"),
        Self::Header("cancel-after", "1m"),
    ];

    /// What a server that copies a dialect's wire can be trusted to know or need: the quirks of a
    /// provider of one's own.
    #[must_use]
    pub const fn usual(dialect: dialects::Dialect) -> &'static [Self] {
        match dialect {
            dialects::Dialect::OpenAiChat => &[Self::AskForUsage],
            dialects::Dialect::Anthropic => &[Self::Header("anthropic-version", "2023-06-01")],
            dialects::Dialect::Replicate => Self::REPLICATE,
            dialects::Dialect::Gemini
            | dialects::Dialect::OpenAiResponses
            | dialects::Dialect::OpenAiCompletions
            | dialects::Dialect::Bedrock
            | dialects::Dialect::Cohere
            | dialects::Dialect::Ollama => &[],
        }
    }

    /// Enters the quirk into what the dialect is told; headers are not its business.
    pub(crate) const fn fold(self, form: &mut Form) {
        match self {
            Self::Drops(names) => form.drops = names,
            Self::MaxCompletionTokens => form.max_completion_tokens = true,
            Self::OpenRouter => form.openrouter = true,
            Self::ReasoningField(name) => form.reasoning_field = Some(name),
            Self::RandomSeed => form.random_seed = true,
            Self::DeveloperRole => form.developer_role = true,
            Self::AskForUsage => form.ask_for_usage = true,
            Self::RequiredIsAny => form.required_is_any = true,
            Self::CacheMarks => form.cache_marks = true,
            Self::CustomTools => form.custom_tools = true,
            Self::Searches => form.searches = true,
            Self::On(platform) => form.platform = platform,
            Self::Header(..) => {}
        }
    }
}
