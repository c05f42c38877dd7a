//! Hugging Face's Text Generation Inference on the operator's own machine: OpenAI chat; the model
//! is always `tgi`.
//! Docs: <https://huggingface.co/docs/text-generation-inference/reference/api_reference>; address and variables as
//! litellm and models.dev list them (2026-11-22).

use crate::{DataPolicy, Provider};

pub(super) const TGI: Provider = Provider {
    id: "tgi",
    name: "Text Generation Inference",
    base_url: "http://127.0.0.1:3000/v1",
    cancel_stops_billing: true,
    data_policy: DataPolicy {
        training: Some(false),
        retains_days: Some(0),
    },
    local_port: Some(3000),
    ..Provider::OPENAI_LIKE
};
