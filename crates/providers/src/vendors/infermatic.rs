//! Infermatic: OpenAI chat over open models.
//! Docs: <https://infermatic.ai/api-docs/>; the address as public clients and recorded traffic have it
//! (2026-11-22).

use crate::Provider;

pub(super) const INFERMATIC: Provider = Provider {
    id: "infermatic",
    name: "Infermatic",
    base_url: "https://api.totalgpt.ai/v1",
    key_variables: &["INFERMATIC_API_KEY"],
    cancel_stops_billing: true,
    ..Provider::OPENAI_LIKE
};
