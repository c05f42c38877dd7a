//! StepFun: OpenAI chat, Responses and Anthropic Messages.
//! Docs: <https://platform.stepfun.com/docs/zh/api-reference/chat/chat-completion-create>; address and variables as
//! litellm and models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Wire};

pub(super) const STEPFUN: Provider = Provider {
    id: "stepfun",
    name: "StepFun",
    base_url: "https://api.stepfun.com/v1",
    also: &[Wire::new(Dialect::Anthropic, "https://api.stepfun.com/v1")],
    key_variables: &["STEPFUN_API_KEY"],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
