//! GMI Cloud: OpenAI chat over open models, and Anthropic Messages for Claude.
//! Docs: <https://docs.gmicloud.ai/inference-engine/api-reference/llm-api-reference>; address and variables as
//! litellm and models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Models, Provider, Wire};

pub(super) const GMICLOUD: Provider = Provider {
    id: "gmicloud",
    name: "GMICloud",
    base_url: "https://api.gmi-serving.com/v1",
    also: &[
        Wire::new(Dialect::Anthropic, "https://api.gmi-serving.com/v1")
            .of(Models::Of(&["anthropic"])),
    ],
    key_variables: &["GMICLOUD_API_KEY", "GMI_API_KEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
