//! Baidu Qianfan, maker of ERNIE: OpenAI chat.
//! Docs: <https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::{Provider, Quirk};

pub(super) const BAIDU: Provider = Provider {
    id: "baidu",
    name: "Baidu",
    base_url: "https://qianfan.baidubce.com/v2",
    key_variables: &["QIANFAN_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
