//! Heroku Managed Inference: OpenAI chat. The add-on's own INFERENCE_URL goes into base_url.
//! Docs: <https://devcenter.heroku.com/articles/heroku-inference-api-v1-chat-completions>; the address as public
//! clients and recorded traffic have it (2026-11-22).

use crate::Provider;

pub(super) const HEROKU: Provider = Provider {
    id: "heroku",
    name: "Heroku",
    base_url: "https://us.inference.heroku.com/v1",
    key_variables: &["INFERENCE_KEY"],
    general_key: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
