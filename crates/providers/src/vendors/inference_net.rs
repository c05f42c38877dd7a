//! Inference.net: OpenAI chat over open models.
//! Docs: <https://docs.inference.net>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const INFERENCE_NET: Provider = Provider {
    id: "inference-net",
    name: "InferenceNet",
    base_url: "https://api.inference.net/v1",
    key_variables: &["INFERENCE_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
