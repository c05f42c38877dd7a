//! IO Intelligence of io.net: OpenAI chat over open models.
//! Docs: <https://io.net/docs/guides/intelligence/io-intelligence>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::Provider;

pub(super) const IO_NET: Provider = Provider {
    id: "io-net",
    name: "Io Net",
    base_url: "https://api.intelligence.io.solutions/api/v1",
    key_variables: &["IOINTELLIGENCE_API_KEY"],
    ..Provider::OPENAI_LIKE
};
