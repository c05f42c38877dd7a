//! Snowflake Cortex: OpenAI chat below an account, Anthropic Messages for Claude.
//! Docs: <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api>; the address as recorded
//! traffic has it (2026-11-22).

use dialects::Dialect;

use crate::{Auth, Models, Provider, Quirk, Setting, Wire};

pub(super) const SNOWFLAKE: Provider = Provider {
    id: "snowflake",
    name: "Snowflake",
    base_url: "https://{account}.snowflakecomputing.com/api/v2/cortex/v1",
    also: &[Wire::new(
        Dialect::Anthropic,
        "https://{account}.snowflakecomputing.com/api/v2/cortex/v1",
    )
    .of(Models::Of(&["anthropic"]))],
    settings: &[Setting::text(
        "account",
        &["SNOWFLAKE_ACCOUNT"],
        "The account, `organisation-name`.",
    )],
    auth: Auth::Snowflake,
    key_variables: &["SNOWFLAKE_PAT"],
    general_key: true,
    quirks: &[Quirk::AskForUsage, Quirk::MaxCompletionTokens],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
