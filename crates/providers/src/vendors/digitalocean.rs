//! DigitalOcean Gradient: OpenAI chat, Responses and Anthropic Messages.
//! Docs: <https://docs.digitalocean.com/products/inference/how-to/si-endpoints/>; address and variables as litellm
//! and models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Wire};

pub(super) const DIGITALOCEAN: Provider = Provider {
    id: "digitalocean",
    name: "DigitalOcean",
    base_url: "https://inference.do-ai.run/v1",
    also: &[
        Wire::new(Dialect::OpenAiResponses, "https://inference.do-ai.run/v1"),
        Wire::new(Dialect::Anthropic, "https://inference.do-ai.run/v1"),
    ],
    key_variables: &["DIGITALOCEAN_ACCESS_TOKEN"],
    general_key: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
