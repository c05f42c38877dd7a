//! OVHcloud AI Endpoints: OpenAI chat and Responses over open models.
//! Docs: <https://www.ovhcloud.com/en/public-cloud/ai-endpoints/catalog/>; address and variables as litellm and
//! models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Wire};

pub(super) const OVHCLOUD: Provider = Provider {
    id: "ovhcloud",
    name: "OVHcloud",
    base_url: "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    also: &[Wire::new(
        Dialect::OpenAiResponses,
        "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    )],
    key_variables: &["OVHCLOUD_API_KEY", "OVH_AI_ENDPOINTS_ACCESS_TOKEN"],
    headquarters: Some("FR"),
    ..Provider::OPENAI_LIKE
};
