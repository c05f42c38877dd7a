//! Parasail: OpenAI chat and Responses over open models.
//! Docs: <https://docs.parasail.io/parasail-docs/quickstart/serverless>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Wire};

pub(super) const PARASAIL: Provider = Provider {
    id: "parasail",
    name: "Parasail",
    base_url: "https://api.parasail.io/v1",
    also: &[Wire::new(
        Dialect::OpenAiResponses,
        "https://api.parasail.io/v1",
    )],
    key_variables: &["PARASAIL_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
