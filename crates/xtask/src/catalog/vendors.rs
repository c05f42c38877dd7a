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
    /// Clouds and routers have none of their own: they take what the model's maker takes.
    pub(super) profile: Option<Profile>,
    pub(super) litellm: &'static [&'static str],
    /// What litellm puts before the vendor's own id.
    pub(super) prefix: &'static str,
    pub(super) rates: &'static str,
    pub(super) pi_ai: &'static str,
    pub(super) genai: &'static str,
}

/// OpenRouter as a vendor of its own: all slugs are its.
pub(super) const OPENROUTER: &str = "openrouter";

macro_rules! profile {
    (Makers) => {
        None
    };
    ($profile:ident) => {
        Some(Profile::$profile)
    };
}

macro_rules! vendors {
    ($($id:literal $naming:expr, $profile:ident, $litellm:expr, $prefix:literal, $rates:literal, $pi:literal, $genai:literal;)*) => {
        &[$(Vendor {
            id: $id,
            naming: $naming,
            profile: profile!($profile),
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
    "ai21" Naming::Maker("ai21"), OpenWeights, ["ai21"], "", "ai21", "", "";
    "alibaba" Naming::Known, OpenWeights, ["dashscope"], "dashscope/", "alibaba", "", "";
    "amazon-bedrock" Naming::Known, Makers, ["bedrock_converse"], "", "amazon-bedrock", "amazon-bedrock", "";
    "ambient" Naming::Known, OpenWeights, [], "", "ambient", "", "";
    "anthropic" Naming::Maker("anthropic"), Anthropic, ["anthropic"], "", "anthropic", "anthropic", "anthropic";
    "arcee-ai" Naming::Maker("arcee-ai"), OpenWeights, [], "", "arcee", "", "";
    "azure" Naming::Known, Makers, ["azure"], "azure/", "azure", "azure", "";
    "baseten" Naming::Known, OpenWeights, ["baseten"], "baseten/", "baseten", "baseten", "";
    "cerebras" Naming::Known, OpenWeights, ["cerebras"], "cerebras/", "cerebras", "cerebras", "cerebras";
    "chutes" Naming::Known, OpenWeights, [], "", "chutes", "", "";
    "cloudflare" Naming::Known, OpenWeights, ["cloudflare"], "cloudflare/", "cloudflare-workers-ai", "cloudflare-workers-ai", "";
    "cohere" Naming::Maker("cohere"), OpenWeights, ["cohere_chat", "cohere"], "cohere/", "cohere", "", "cohere";
    "crusoe" Naming::Known, OpenWeights, ["crusoe"], "crusoe/", "crusoe", "", "";
    "databricks" Naming::Known, Makers, ["databricks"], "databricks/", "databricks", "", "";
    "deepinfra" Naming::Host, OpenWeights, ["deepinfra"], "deepinfra/", "deepinfra", "", "";
    "deepseek" Naming::Maker("deepseek"), DeepSeek, ["deepseek"], "deepseek/", "deepseek", "deepseek", "deepseek";
    "digitalocean" Naming::Known, Makers, [], "", "digitalocean", "", "";
    "featherless" Naming::Known, OpenWeights, ["featherless_ai"], "featherless_ai/", "", "", "";
    "fireworks" Naming::Known, OpenWeights, ["fireworks_ai"], "fireworks_ai/", "fireworks-ai", "fireworks", "fireworks";
    "friendli" Naming::Known, OpenWeights, ["friendliai"], "friendliai/", "friendli", "", "";
    "gmicloud" Naming::Known, Makers, ["gmi"], "gmi/", "gmicloud", "", "";
    "google-ai-studio" Naming::Maker("google"), Gemini, ["gemini"], "gemini/", "google", "google", "google";
    "google-vertex" Naming::Known, Makers, ["vertex_ai-anthropic_models", "vertex_ai-llama_models", "vertex_ai-deepseek_models", "vertex_ai-qwen_models", "vertex_ai-zai_models", "vertex_ai-openai_models", "vertex_ai-minimax_models", "vertex_ai-moonshot_models"], "vertex_ai/", "google-vertex", "google-vertex", "";
    "groq" Naming::Host, Groq, ["groq"], "groq/", "groq", "groq", "groq";
    "heroku" Naming::Known, Makers, ["heroku"], "heroku/", "", "", "";
    "hyperbolic" Naming::Known, OpenWeights, ["hyperbolic"], "hyperbolic/", "", "", "";
    "inception" Naming::Maker("inception"), OpenWeights, ["inception"], "inception/", "inception", "", "";
    "inceptron" Naming::Known, OpenWeights, [], "", "inceptron", "", "";
    "inference-net" Naming::Known, OpenWeights, [], "", "inference", "", "";
    "io-net" Naming::Known, OpenWeights, [], "", "io-net", "", "";
    "meta" Naming::Maker("meta"), OpenWeights, ["meta"], "meta/", "meta", "meta", "";
    "minimax" Naming::Known, OpenWeights, ["minimax"], "minimax/", "minimax", "minimax", "minimax";
    "mistral" Naming::Maker("mistralai"), Mistral, ["mistral"], "mistral/", "mistral", "mistral", "mistral";
    "moonshotai" Naming::Maker("moonshotai"), OpenWeights, ["moonshot"], "moonshot/", "moonshotai", "moonshotai", "moonshotai";
    "morph" Naming::Maker("morph"), OpenWeights, ["morph"], "morph/", "morph", "", "";
    "nebius" Naming::Known, OpenWeights, ["nebius"], "nebius/", "nebius", "", "";
    "novita" Naming::Known, OpenWeights, ["novita"], "novita/", "novita-ai", "", "novita";
    "nvidia" Naming::Known, OpenWeights, [], "", "nvidia", "nvidia", "";
    "openai" Naming::Maker("openai"), OpenAi, ["openai"], "openai/", "openai", "openai", "openai";
    "ovhcloud" Naming::Known, OpenWeights, ["ovhcloud"], "ovhcloud/", "ovhcloud", "", "";
    "perplexity" Naming::Known, OpenWeights, ["perplexity"], "perplexity/", "perplexity", "", "perplexity";
    "poolside" Naming::Maker("poolside"), OpenWeights, [], "", "poolside", "", "";
    "sambanova" Naming::Known, OpenWeights, ["sambanova"], "sambanova/", "", "", "";
    "scaleway" Naming::Known, OpenWeights, ["scaleway"], "scaleway/", "scaleway", "", "";
    "siliconflow" Naming::Known, OpenWeights, [], "", "siliconflow", "", "";
    "snowflake" Naming::Known, Makers, ["snowflake"], "snowflake/", "", "", "";
    "stepfun" Naming::Maker("stepfun"), OpenWeights, [], "", "stepfun", "", "";
    "streamlake" Naming::Known, OpenWeights, ["streamlake"], "streamlake/", "", "", "";
    "tencent" Naming::Known, OpenWeights, ["tencent"], "tencent/", "tencent-tokenhub", "", "";
    "together" Naming::Host, OpenWeights, ["together_ai"], "together_ai/", "togetherai", "together", "together";
    "upstage" Naming::Maker("upstage"), OpenWeights, [], "", "upstage", "", "";
    "venice" Naming::Known, Makers, [], "", "venice", "", "";
    "vercel" Naming::Known, Makers, ["vercel_ai_gateway"], "vercel_ai_gateway/", "vercel", "vercel-ai-gateway", "";
    "voyageai" Naming::Maker("voyageai"), OpenWeights, ["voyage"], "voyage/", "voyage", "", "";
    "wandb" Naming::Known, OpenWeights, ["wandb"], "wandb/", "wandb", "", "";
    "watsonx" Naming::Known, OpenWeights, ["watsonx"], "watsonx/", "watsonx", "", "";
    "xai" Naming::Maker("x-ai"), XAi, ["xai"], "xai/", "xai", "xai", "x-ai";
    "xiaomi" Naming::Maker("xiaomi"), OpenWeights, ["xiaomi_mimo"], "xiaomi_mimo/", "xiaomi", "xiaomi", "xiaomi";
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
