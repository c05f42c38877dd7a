//! Tencent TokenHub, maker of Hunyuan, at its address outside China; accounts in China take another
//! base_url.
//! Docs: <https://cloud.tencent.com/document/product/1823/130079>; address and variables as litellm and models.dev
//! list them (2026-11-22).

use crate::{Provider, Quirk};

pub(super) const TENCENT: Provider = Provider {
    id: "tencent",
    name: "Tencent",
    base_url: "https://tokenhub-intl.tencentcloudmaas.com/v1",
    key_variables: &["TENCENT_API_KEY", "TENCENT_TOKENHUB_API_KEY"],
    quirks: &[
        Quirk::AskForUsage,
        Quirk::ReasoningField("reasoning_content"),
    ],
    headquarters: Some("CN"),
    ..Provider::OPENAI_LIKE
};
