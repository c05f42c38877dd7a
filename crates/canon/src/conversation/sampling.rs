//! How the next token is picked, when to stop, and the form of the answer.

use serde_json::{Map, Number, Value};

/// Sampling parameters. Absent ones are left out towards vendors, never replaced by a default; numbers keep
/// the form in which they were written (`1` stays `1`, `1.0` stays `1.0`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// The most tokens the answer may have.
    pub max_tokens: Option<u64>,
    /// Whether the caller wrote the limit as `max_completion_tokens` (reasoning counted in).
    pub max_completion_tokens: bool,
    /// 0 to 2.
    pub temperature: Option<Number>,
    /// Above 0, at most 1.
    pub top_p: Option<Number>,
    /// 0 is off.
    pub top_k: Option<Number>,
    /// 0 to 1.
    pub min_p: Option<Number>,
    /// 0 to 1.
    pub top_a: Option<Number>,
    /// −2 to 2.
    pub frequency_penalty: Option<Number>,
    /// −2 to 2.
    pub presence_penalty: Option<Number>,
    /// Above 0, at most 2.
    pub repetition_penalty: Option<Number>,
    /// For repeatable answers.
    pub seed: Option<Number>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Token id to bias, −100 to 100.
    pub logit_bias: Option<Map<String, Value>>,
    /// Whether probabilities of the tokens are wanted.
    pub logprobs: Option<bool>,
    /// How many alternatives for each, 0 to 20.
    pub top_logprobs: Option<u64>,
    /// How many answers.
    pub n: Option<u64>,
}

/// The form an answer must have.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Free text, said explicitly.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON of this schema.
    JsonSchema {
        /// Name of the schema.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The JSON Schema.
        schema: Option<Value>,
        /// Whether the vendor must guarantee it.
        strict: Option<bool>,
    },
    /// Text of this grammar.
    Grammar(String),
    /// Python source.
    Python,
}
