//! Groq: OpenAI chat on their own chips; answers 400 to fields it does not support. Keeps data only
//! where it must look for a failure or for abuse, then for up to 30 days.
//! Facts: <https://console.groq.com/docs/openai>, its data:
//! <https://console.groq.com/docs/your-data> (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, DataPolicy, Links, Provider, Quirk, Task, Wire};

pub(super) const GROQ: Provider = Provider {
    id: "groq",
    name: "Groq",
    dialect: Dialect::OpenAiChat,
    base_url: "https://api.groq.com/openai/v1",
    also: &[Wire::new(
        Dialect::OpenAiResponses,
        "https://api.groq.com/openai/v1",
    )],
    auth: Auth::Bearer,
    key_variables: &["GROQ_API_KEY"],
    speaks: &[Task::Chat, Task::Speech, Task::Transcription],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::MaxCompletionTokens,
        Quirk::Drops(&[
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "top_k",
            "top_a",
            "min_p",
            "repetition_penalty",
            "verbosity",
        ]),
    ],
    cancel_stops_billing: false,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(30),
    },
    links: Links {
        privacy: Some("https://groq.com/privacy-policy/"),
        terms: Some("https://groq.com/terms-of-use/"),
        status: Some("https://groqstatus.com/"),
    },
    headquarters: Some("US"),
    local_port: None,
    ..Provider::OPENAI_LIKE
};
