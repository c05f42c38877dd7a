//! Cloudflare Workers AI: OpenAI chat below an account; models are named `@cf/author/name`.
//! Docs: <https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/>; the address as
//! recorded traffic has it (2026-11-22).

use crate::{Provider, Setting, Task};

pub(super) const CLOUDFLARE: Provider = Provider {
    id: "cloudflare",
    name: "Cloudflare",
    base_url: "https://api.cloudflare.com/client/v4/accounts/{account_id}/ai/v1",
    settings: &[Setting::text(
        "account_id",
        &["CLOUDFLARE_ACCOUNT_ID"],
        "The account that pays.",
    )],
    key_variables: &["CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"],
    general_key: true,
    speaks: &[Task::Chat, Task::Embeddings],
    cancel_stops_billing: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
