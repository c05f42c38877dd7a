//! nCompass: OpenAI chat over open models.
//! Docs: <https://docs.ncompass.tech>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const NCOMPASS: Provider = Provider {
    id: "ncompass",
    name: "NCompass",
    base_url: "https://api.ncompass.tech/v1",
    key_variables: &["NCOMPASS_API_KEY"],
    ..Provider::OPENAI_LIKE
};
