//! Targon: OpenAI chat over open models.
//! Docs: <https://docs.targon.com>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const TARGON: Provider = Provider {
    id: "targon",
    name: "Targon",
    base_url: "https://api.targon.com/v1",
    key_variables: &["TARGON_API_KEY"],
    ..Provider::OPENAI_LIKE
};
