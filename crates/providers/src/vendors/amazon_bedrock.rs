//! Amazon Bedrock: Converse for every model, Anthropic Messages by InvokeModel for Claude. Access keys count only where
//! the configuration names this vendor: they are set in places where nobody means it.
//! Docs: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>; the address as
//! recorded traffic has it (2026-11-22).

use dialects::{Dialect, Platform};

use crate::{Auth, Models, Provider, Quirk, Setting, Task, Wire};

pub(super) const AMAZON_BEDROCK: Provider = Provider {
    id: "amazon-bedrock",
    name: "Amazon Bedrock",
    dialect: Dialect::Bedrock,
    base_url: "https://bedrock-runtime.{region}.amazonaws.com",
    also: &[Wire {
        quirks: &[Quirk::On(Platform::Bedrock)],
        ..Wire::new(
            Dialect::Anthropic,
            "https://bedrock-runtime.{region}.amazonaws.com",
        )
        .of(Models::Of(&["anthropic"]))
    }],
    settings: &[Setting::text(
        "region",
        &["AWS_REGION", "AWS_DEFAULT_REGION"],
        "The region that is asked.",
    )
    .or("us-east-1")],
    auth: Auth::Aws("bedrock"),
    key_variables: &["AWS_BEARER_TOKEN_BEDROCK"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Images],
    quirks: &[],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
