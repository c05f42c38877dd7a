//! Alibaba Model Studio, maker of Qwen, at its address outside China; accounts in China take
//! another base_url.
//! Docs: <https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope>; address and
//! variables as litellm and models.dev list them (2026-11-22).

use dialects::Dialect;

use crate::{Provider, Quirk, Task, Wire};

pub(super) const ALIBABA: Provider = Provider {
    id: "alibaba",
    name: "Alibaba",
    base_url: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    also: &[
        Wire::new(
            Dialect::OpenAiResponses,
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ),
        Wire::new(
            Dialect::Anthropic,
            "https://dashscope-intl.aliyuncs.com/apps/anthropic/v1",
        ),
    ],
    key_variables: &["DASHSCOPE_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
        Quirk::CacheMarks,
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
