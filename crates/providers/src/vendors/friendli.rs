//! Friendli: OpenAI chat over open models.
//! Docs: <https://friendli.ai/docs/openapi/model-apis/chat-completions>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const FRIENDLI: Provider = Provider {
    id: "friendli",
    name: "Friendli",
    base_url: "https://api.friendli.ai/serverless/v1",
    key_variables: &["FRIENDLI_TOKEN"],
    cancel_stops_billing: true,
    ..Provider::OPENAI_LIKE
};
