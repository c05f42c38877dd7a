//! AtlasCloud: OpenAI chat over open models.
//! Docs: <https://www.atlascloud.ai/docs>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const ATLAS_CLOUD: Provider = Provider {
    id: "atlas-cloud",
    name: "AtlasCloud",
    base_url: "https://api.atlascloud.ai/v1",
    key_variables: &["ATLASCLOUD_API_KEY"],
    ..Provider::OPENAI_LIKE
};
