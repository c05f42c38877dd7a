//! The names of service tiers. The canonical ones are OpenAI's: what all get is `default`, which Anthropic and Gemini
//! call otherwise, and differently in a request and in an answer.

/// Anthropic's name in a request for what all get.
const ANTHROPIC_ASKED: &str = "standard_only";
/// The name in Anthropic's answers, and in all that Gemini says, for what all get.
const STANDARD: &str = "standard";
/// The canonical name for what all get.
const DEFAULT: &str = "default";

/// The canonical name of a tier that Anthropic or Gemini names.
pub(crate) fn parse(name: String) -> String {
    if name == ANTHROPIC_ASKED || name == STANDARD {
        DEFAULT.to_owned()
    } else {
        name
    }
}

/// The name in Anthropic's answers, and in all that Gemini says, of a canonical tier.
pub(crate) fn render(tier: &str) -> &str {
    if tier == DEFAULT { STANDARD } else { tier }
}
