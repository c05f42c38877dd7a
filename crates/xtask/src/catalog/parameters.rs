//! Which request parameters an endpoint takes: what its vendor's API documents, and what the sources
//! say about the model. Endpoints name a set; the sets are a table of their own.

use super::{quote::Abilities, vendors::Profile};

/// A named set of parameters out of the wire's fixed vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Set {
    /// Says what is in it: `openai+tools+schema`. Empty for tasks that are not text.
    pub(super) name: String,
    pub(super) parameters: Vec<&'static str>,
}

/// The wire's vocabulary, in its order.
const ORDER: [&str; 26] = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "top_a",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "max_tokens",
    "max_completion_tokens",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "prediction",
    "seed",
    "response_format",
    "structured_outputs",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "include_reasoning",
    "reasoning",
    "reasoning_effort",
    "web_search_options",
    "verbosity",
];

pub(super) fn set(profile: Profile, abilities: Abilities, efforts: bool) -> Set {
    let reasons = abilities.reasoning == Some(true);
    let samples = abilities.sampling != Some(false) && !(profile == Profile::OpenAi && reasons);
    let mut name = vec![profile_name(profile)];
    let mut parameters = always(profile).to_vec();
    let mut add = |flag: bool, word: &'static str, more: &[&'static str]| {
        if flag {
            name.push(word);
            parameters.extend(more);
        }
    };
    add(samples, "sampling", sampling(profile));
    let tools = abilities.tools == Some(true);
    add(tools, "tools", &["tools"]);
    add(
        tools && abilities.tool_choice != Some(false),
        "choice",
        &["tool_choice"],
    );
    let parallel = abilities.parallel_tools == Some(true)
        || matches!(profile, Profile::OpenAi | Profile::Anthropic);
    add(tools && parallel, "parallel", &["parallel_tool_calls"]);
    add(
        abilities.schema == Some(true),
        "schema",
        &["structured_outputs", "response_format"],
    );
    add(reasons, "reasoning", &["reasoning", "include_reasoning"]);
    add(reasons && efforts, "effort", &["reasoning_effort"]);
    let verbose = matches!(profile, Profile::OpenAi | Profile::Anthropic) && reasons && efforts;
    add(verbose, "verbosity", &["verbosity"]);
    let searches = matches!(
        profile,
        Profile::OpenAi | Profile::Anthropic | Profile::Gemini | Profile::XAi
    );
    add(
        searches && abilities.web_search == Some(true),
        "web",
        &["web_search_options"],
    );
    Set {
        name: name.join("+"),
        parameters: ORDER
            .into_iter()
            .filter(|word| parameters.contains(word))
            .collect(),
    }
}

fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::OpenAi => "openai",
        Profile::Anthropic => "anthropic",
        Profile::Gemini => "gemini",
        Profile::Mistral => "mistral",
        Profile::DeepSeek => "deepseek",
        Profile::Groq => "groq",
        Profile::XAi => "xai",
        Profile::OpenWeights => "open",
    }
}

/// What every text model of the vendor takes.
fn always(profile: Profile) -> &'static [&'static str] {
    match profile {
        Profile::OpenAi => &[
            "max_tokens",
            "max_completion_tokens",
            "seed",
            "response_format",
        ],
        Profile::Anthropic => &["max_tokens", "stop"],
        Profile::Gemini => &["max_tokens", "stop", "seed", "response_format"],
        Profile::Mistral | Profile::DeepSeek => &["max_tokens", "stop", "response_format"],
        Profile::Groq => &[
            "max_tokens",
            "max_completion_tokens",
            "stop",
            "seed",
            "response_format",
        ],
        Profile::XAi => &[
            "max_tokens",
            "max_completion_tokens",
            "seed",
            "logprobs",
            "top_logprobs",
            "response_format",
        ],
        Profile::OpenWeights => &["max_tokens", "stop", "seed"],
    }
}

/// What the vendor's models take unless their sampling is fixed.
fn sampling(profile: Profile) -> &'static [&'static str] {
    match profile {
        Profile::OpenAi => &[
            "temperature",
            "top_p",
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "prediction",
            "stop",
        ],
        Profile::Anthropic => &["temperature", "top_p", "top_k"],
        Profile::Gemini => &[
            "temperature",
            "top_p",
            "top_k",
            "frequency_penalty",
            "presence_penalty",
        ],
        Profile::Mistral => &[
            "temperature",
            "top_p",
            "frequency_penalty",
            "presence_penalty",
            "seed",
        ],
        Profile::DeepSeek => &[
            "temperature",
            "top_p",
            "frequency_penalty",
            "presence_penalty",
            "logprobs",
            "top_logprobs",
        ],
        Profile::Groq | Profile::XAi => &["temperature", "top_p"],
        Profile::OpenWeights => &[
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "frequency_penalty",
            "presence_penalty",
            "repetition_penalty",
            "logit_bias",
            "logprobs",
            "top_logprobs",
        ],
    }
}
