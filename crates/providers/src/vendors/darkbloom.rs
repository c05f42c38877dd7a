//! Darkbloom: OpenAI chat over open models.
//! Docs: <https://docs.litellm.ai/docs/providers>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use crate::Provider;

pub(super) const DARKBLOOM: Provider = Provider {
    id: "darkbloom",
    name: "Darkbloom",
    base_url: "https://api.darkbloom.dev/v1",
    key_variables: &["DARKBLOOM_API_KEY"],
    ..Provider::OPENAI_LIKE
};
