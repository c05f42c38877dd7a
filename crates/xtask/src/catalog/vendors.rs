//! The vendors whose lists we take, with their names in each source.
//! tidy: table

/// How a vendor's ids become slugs where OpenRouter has no slug for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// The vendor makes its models: `author/id`.
    Maker(&'static str),
    /// The vendor hosts others' models, named `org/name` or by a well-known first word.
    Host,
    /// Only models that are known otherwise.
    Known,
}

/// Which sampling parameters a vendor's API takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    OpenAi,
    Anthropic,
    Gemini,
    Mistral,
    DeepSeek,
    Groq,
    XAi,
    /// vLLM and its like, as hosts of open weights run it.
    OpenWeights,
}

/// One vendor.
pub(super) struct Vendor {
    /// The slug on our wire.
    pub(super) id: &'static str,
    pub(super) naming: Naming,
    pub(super) profile: Profile,
    pub(super) litellm: &'static [&'static str],
    /// What litellm puts before the vendor's own id.
    pub(super) prefix: &'static str,
    pub(super) rates: &'static str,
    pub(super) pi_ai: &'static str,
    pub(super) genai: &'static str,
}

/// OpenRouter as a vendor of its own: all slugs are its.
pub(super) const OPENROUTER: &str = "openrouter";

macro_rules! vendors {
    ($($id:literal $naming:expr, $profile:ident, $litellm:expr, $prefix:literal, $rates:literal, $pi:literal, $genai:literal;)*) => {
        &[$(Vendor {
            id: $id,
            naming: $naming,
            profile: Profile::$profile,
            litellm: &$litellm,
            prefix: $prefix,
            rates: $rates,
            pi_ai: $pi,
            genai: $genai,
        }),*]
    };
}

/// Every vendor with a list, OpenRouter aside.
pub(super) const VENDORS: &[Vendor] = vendors! {
    "anthropic" Naming::Maker("anthropic"), Anthropic, ["anthropic"], "", "anthropic", "anthropic", "anthropic";
    "cerebras" Naming::Known, OpenWeights, ["cerebras"], "cerebras/", "cerebras", "cerebras", "cerebras";
    "cohere" Naming::Maker("cohere"), OpenWeights, ["cohere_chat", "cohere"], "cohere/", "cohere", "", "cohere";
    "deepinfra" Naming::Host, OpenWeights, ["deepinfra"], "deepinfra/", "deepinfra", "", "";
    "deepseek" Naming::Maker("deepseek"), DeepSeek, ["deepseek"], "deepseek/", "deepseek", "deepseek", "deepseek";
    "fireworks" Naming::Known, OpenWeights, ["fireworks_ai"], "fireworks_ai/", "fireworks-ai", "fireworks", "fireworks";
    "google-ai-studio" Naming::Maker("google"), Gemini, ["gemini"], "gemini/", "google", "google", "google";
    "groq" Naming::Host, Groq, ["groq"], "groq/", "groq", "groq", "groq";
    "minimax" Naming::Known, OpenWeights, ["minimax"], "minimax/", "minimax", "minimax", "minimax";
    "mistral" Naming::Maker("mistralai"), Mistral, ["mistral"], "mistral/", "mistral", "mistral", "mistral";
    "moonshotai" Naming::Maker("moonshotai"), OpenWeights, ["moonshot"], "moonshot/", "moonshotai", "moonshotai", "moonshotai";
    "novita" Naming::Known, OpenWeights, ["novita"], "novita/", "novita-ai", "", "novita";
    "openai" Naming::Maker("openai"), OpenAi, ["openai"], "openai/", "openai", "openai", "openai";
    "perplexity" Naming::Known, OpenWeights, ["perplexity"], "perplexity/", "perplexity", "", "perplexity";
    "sambanova" Naming::Known, OpenWeights, ["sambanova"], "sambanova/", "", "", "";
    "together" Naming::Host, OpenWeights, ["together_ai"], "together_ai/", "togetherai", "together", "together";
    "xai" Naming::Maker("x-ai"), XAi, ["xai"], "xai/", "xai", "xai", "x-ai";
    "z-ai" Naming::Known, OpenWeights, ["zai"], "zai/", "zai", "zai", "zai";
};

/// The profile of a model's own maker, for OpenRouter's endpoints. Open weights of a maker are hosted by others.
pub(super) fn profile_of(slug: &str) -> Profile {
    if slug.starts_with("openai/gpt-oss") || slug.starts_with("google/gemma") {
        return Profile::OpenWeights;
    }
    match slug.split_once('/').map_or("", |(author, _)| author) {
        "openai" => Profile::OpenAi,
        "anthropic" => Profile::Anthropic,
        "google" => Profile::Gemini,
        "mistralai" => Profile::Mistral,
        "deepseek" => Profile::DeepSeek,
        "x-ai" => Profile::XAi,
        _ => Profile::OpenWeights,
    }
}
