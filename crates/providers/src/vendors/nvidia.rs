//! NVIDIA's hosted NIM: OpenAI chat. A NIM of one's own is the same vendor at another base_url.
//! Docs: <https://docs.api.nvidia.com/nim/reference/llm-apis>; address and variables as litellm and models.dev list
//! them (2026-11-22).

use crate::{Provider, Task};

pub(super) const NVIDIA: Provider = Provider {
    id: "nvidia",
    name: "Nvidia",
    base_url: "https://integrate.api.nvidia.com/v1",
    key_variables: &["NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
