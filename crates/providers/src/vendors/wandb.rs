//! Weights & Biases Inference: OpenAI chat over open models.
//! Docs: <https://docs.wandb.ai/inference/api-reference>; address and variables as litellm and models.dev list them
//! (2026-11-22).

use crate::Provider;

pub(super) const WANDB: Provider = Provider {
    id: "wandb",
    name: "WandB",
    base_url: "https://api.inference.wandb.ai/v1",
    key_variables: &["WANDB_API_KEY"],
    general_key: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
