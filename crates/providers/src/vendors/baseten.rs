//! Baseten Model APIs: OpenAI chat over open models.
//! Docs: <https://docs.baseten.co/development/model-apis/overview>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::Provider;

pub(super) const BASETEN: Provider = Provider {
    id: "baseten",
    name: "BaseTen",
    base_url: "https://inference.baseten.co/v1",
    key_variables: &["BASETEN_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
