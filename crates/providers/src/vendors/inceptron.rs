//! Inceptron: OpenAI chat over open models.
//! Docs: <https://docs.inceptron.io>; address and variables as litellm and models.dev list them (2026-11-22).

use crate::Provider;

pub(super) const INCEPTRON: Provider = Provider {
    id: "inceptron",
    name: "Inceptron",
    base_url: "https://api.inceptron.io/v1",
    key_variables: &["INCEPTRON_API_KEY"],
    ..Provider::OPENAI_LIKE
};
