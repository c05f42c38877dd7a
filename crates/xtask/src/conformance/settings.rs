//! Who is on the stage: the moods of the fake vendors, and weir's configuration that points at them.
//!
//! A mood is a vendor of its own and never changes, so that tests may run side by side.

/// The variable that holds the key to the fake vendors.
pub(super) const VENDOR_KEY_VARIABLE: &str = "CONFORMANCE_VENDOR_KEY";

/// The suffix of a model's slug, and the mood of the vendor behind it.
pub(super) const MOODS: &[(&str, &str)] = &[
    ("", "{}"),
    ("-tools", r#"{"tools": 2}"#),
    ("-thinking", r#"{"reasoning": true}"#),
    (
        "-thinking-tools",
        r#"{"reasoning": true, "tool_call": true}"#,
    ),
    ("-cached", r#"{"cached": 40}"#),
    ("-written", r#"{"cached": 30, "cache_written": 20}"#),
    ("-citing", r#"{"cites": true}"#),
    ("-refusing", r#"{"refuses": true}"#),
    (
        "-redacting",
        r#"{"reasoning": true, "redacts": true, "tool_call": true}"#,
    ),
    ("-echo", r#"{"echo": true, "writes": {"bytes": 3}}"#),
    ("-slow", r#"{"chunks": 40, "between_ms": 100}"#),
    ("-cut", r#"{"cut": {"events": 6}}"#),
    ("-erring", r#"{"reply": {"error_after": 6}}"#),
    ("-failing", r#"{"reply": {"fail": {"status": 503}}}"#),
    (
        "-limited",
        r#"{"reply": {"fail": {"status": 429, "retry_after_s": 7}}}"#,
    ),
    ("-garbage", r#"{"reply": "garbage_body"}"#),
];

/// The model's slug, what its vendor speaks, what stands in front of that wire's paths, and what the model is called
/// there: Bedrock takes cache marks, thoughts and failed tools only for families that it knows to have them.
const FAMILIES: &[(&str, &str, &str, &str)] = &[
    ("openai", "openai-chat", "/v1", "openai-model"),
    ("responses", "openai-responses", "/v1", "responses-model"),
    ("anthropic", "anthropic", "/v1", "anthropic-model"),
    ("gemini", "gemini", "/v1beta", "gemini-model"),
    ("bedrock", "bedrock", "", "anthropic.claude-sonnet-4-5-v1:0"),
    ("cohere", "cohere", "/v2", "cohere-model"),
    ("ollama", "ollama", "", "ollama-model"),
    ("replicate", "replicate", "/v1", "lab/replicate-model"),
];

/// Of these, the moods in which every answer is given to its end, so that what it used is known to the token.
pub(super) const METERED: &[&str] = &[
    "",
    "-tools",
    "-thinking",
    "-thinking-tools",
    "-cached",
    "-written",
    "-citing",
    "-refusing",
    "-redacting",
    "-echo",
];

/// Nano-dollars a token.
pub(super) const PROMPT_NANOS: u64 = 1_000;
pub(super) const CACHED_NANOS: u64 = 100;
pub(super) const WRITTEN_NANOS: u64 = 1_250;
pub(super) const WRITTEN_FOR_AN_HOUR_NANOS: u64 = 2_000;
pub(super) const COMPLETION_NANOS: u64 = 2_000;
/// What the prompt costs at a vendor that is to be tried first.
const LOWER_NANOS: u64 = 100;

/// The configuration of weir: every family in every mood, and one model that a failing vendor offers for less.
pub(super) fn render(addresses: &[String]) -> String {
    let mut text = "[local]\ndiscover = false\n\n[log]\nlevel = \"debug\"\n".to_owned();
    for ((suffix, _), address) in MOODS.iter().zip(addresses) {
        for (family, dialect, prefix, name) in FAMILIES {
            let id = format!("{family}{suffix}");
            text += &provider(&id, dialect, &format!("{address}{prefix}"));
            text += &model(&id, (&format!("test/{id}"), name), PROMPT_NANOS);
            match id.as_str() {
                "openai-failing" => text += &model(&id, ("test/fallback", name), LOWER_NANOS),
                "anthropic" => text += &model(&id, ("test/fallback", name), PROMPT_NANOS),
                _ => {}
            }
        }
    }
    text
}

fn provider(id: &str, dialect: &str, base_url: &str) -> String {
    format!(
        r#"
[providers.lab-{id}]
dialect = "{dialect}"
base_url = "{base_url}"
api_key = "env:{VENDOR_KEY_VARIABLE}"
name = "Lab {id}"
data_policy = {{ training = false, retains_days = 0 }}
"#
    )
}

/// A model by its slug and its name at the vendor. `prompt`: nano-dollars a token of the prompt.
fn model(id: &str, (slug, name): (&str, &str), prompt: u64) -> String {
    let usd = |nanos: u64| format!("0.{nanos:09}");
    let (prompt, completion, cached) = (usd(prompt), usd(COMPLETION_NANOS), usd(CACHED_NANOS));
    let (written, for_an_hour) = (usd(WRITTEN_NANOS), usd(WRITTEN_FOR_AN_HOUR_NANOS));
    format!(
        r#"
[[providers.lab-{id}.models]]
model = "{slug}"
upstream_id = "{name}"
context_length = 128000
max_output_tokens = 8192
input_modalities = ["text", "image", "file", "audio", "video"]
output_modalities = ["text", "image", "audio"]
supported_parameters = [
    "temperature", "top_p", "max_tokens", "stop", "seed", "tools", "tool_choice", "parallel_tool_calls",
    "response_format", "structured_outputs", "reasoning", "include_reasoning", "logprobs", "top_logprobs",
    "verbosity",
]
[providers.lab-{id}.models.price]
prompt = "{prompt}"
completion = "{completion}"
cache_read = "{cached}"
cache_write = "{written}"
cache_write_1h = "{for_an_hour}"
"#
    )
}
