//! Clarifai: OpenAI chat; models are named by their address.
//! Docs: <https://docs.clarifai.com/compute/inference/open-ai>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::Provider;

pub(super) const CLARIFAI: Provider = Provider {
    id: "clarifai",
    name: "Clarifai",
    base_url: "https://api.clarifai.com/v2/ext/openai/v1",
    key_variables: &["CLARIFAI_PAT"],
    general_key: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
