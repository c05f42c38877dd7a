//! Avian: OpenAI chat over open models.
//! Docs: <https://docs.avian.io>; the address as public clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const AVIAN: Provider = Provider {
    id: "avian",
    name: "Avian",
    base_url: "https://api.avian.io/v1",
    key_variables: &["AVIAN_API_KEY"],
    cancel_stops_billing: true,
    ..Provider::OPENAI_LIKE
};
