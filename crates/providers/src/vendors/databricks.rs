//! Databricks Foundation Model APIs: OpenAI chat below a workspace, Anthropic Messages for Claude.
//! Docs: <https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference>; the address as
//! recorded traffic has it (2026-11-22).

use dialects::Dialect;

use crate::{Auth, Models, Provider, Setting, Task, Wire};

pub(super) const DATABRICKS: Provider = Provider {
    id: "databricks",
    name: "Databricks",
    base_url: "https://{host}/serving-endpoints",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://{host}/serving-endpoints/anthropic/v1",
    )
    .of(Models::Of(&["anthropic"]))],
    settings: &[Setting::text(
        "host",
        &["DATABRICKS_HOST"],
        "The workspace's host.",
    )],
    auth: Auth::Databricks,
    key_variables: &["DATABRICKS_TOKEN"],
    general_key: true,
    speaks: &[Task::Chat, Task::Embeddings],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
