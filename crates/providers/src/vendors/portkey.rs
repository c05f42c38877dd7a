//! Portkey's gateway: OpenAI chat, Responses and Anthropic Messages; models are named
//! `@provider/model`.
//! Docs: <https://portkey.ai/docs/api-reference/inference-api/chat>; the address as public clients and recorded
//! traffic have it (2026-11-22).

use dialects::Dialect;

use crate::{Auth, Provider, Wire};

pub(super) const PORTKEY: Provider = Provider {
    id: "portkey",
    name: "Portkey",
    base_url: "https://api.portkey.ai/v1",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://api.portkey.ai/v1"),
        Wire::new(Dialect::Anthropic, "https://api.portkey.ai/v1"),
    ],
    auth: Auth::Header("x-portkey-api-key"),
    key_variables: &["PORTKEY_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
