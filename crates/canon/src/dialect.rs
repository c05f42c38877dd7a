//! The names of the wire formats. Their codecs are in the crate `dialects`; the names are here because
//! unknown fields travel through canon tagged with the format they came from.

use serde::{Deserialize, Serialize};

/// A wire format, spoken by callers, by vendors or by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// OpenAI Chat Completions, as OpenRouter extends it.
    #[serde(rename = "openai-chat", alias = "open-ai-chat")]
    OpenAiChat,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
    /// OpenAI Responses.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// OpenAI's legacy Completions. Served, never called.
    #[serde(rename = "openai-completions")]
    OpenAiCompletions,
    /// Bedrock `Converse`. Called, never served.
    Bedrock,
    /// Cohere Chat v2. Called, never served.
    Cohere,
    /// Ollama's own chat. Called, never served.
    Ollama,
    /// Replicate's predictions. Called, never served.
    Replicate,
}

impl Dialect {
    /// Every dialect, in the order of documentation.
    pub const ALL: &[Self] = &[
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::OpenAiCompletions,
        Self::Anthropic,
        Self::Gemini,
        Self::Bedrock,
        Self::Cohere,
        Self::Ollama,
        Self::Replicate,
    ];

    /// The name used in configuration, tables and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::OpenAiResponses => "openai-responses",
            Self::OpenAiCompletions => "openai-completions",
            Self::Bedrock => "bedrock",
            Self::Cohere => "cohere",
            Self::Ollama => "ollama",
            Self::Replicate => "replicate",
        }
    }

    /// The dialect of that name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|dialect| dialect.name() == name)
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
