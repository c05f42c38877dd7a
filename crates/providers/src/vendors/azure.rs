//! Azure OpenAI and Foundry: OpenAI's wires below a resource, by the address without versions; models are named by
//! their deployment. Claude stands at the resource's Anthropic address.
//! Docs: <https://learn.microsoft.com/en-us/azure/ai-foundry/openai/api-version-lifecycle>; the address as recorded
//! traffic has it (2026-11-22).

use dialects::Dialect;

use crate::{Auth, Models, Provider, Quirk, Setting, Task, Wire};

pub(super) const AZURE: Provider = Provider {
    id: "azure",
    name: "Azure",
    base_url: "https://{resource}.openai.azure.com/openai/v1",
    takes: Models::AllBut(&["anthropic"]),
    also: &[
        Wire::new(
            Dialect::OpenAiResponses,
            "https://{resource}.openai.azure.com/openai/v1",
        )
        .of(Models::AllBut(&["anthropic"])),
        Wire::new(
            Dialect::Anthropic,
            "https://{resource}.services.ai.azure.com/anthropic/v1",
        )
        .of(Models::Of(&["anthropic"])),
    ],
    settings: &[Setting::text(
        "resource",
        &["AZURE_RESOURCE_NAME"],
        "The resource's name, the first word of its address.",
    )],
    auth: Auth::Azure,
    key_variables: &["AZURE_API_KEY", "AZURE_OPENAI_API_KEY"],
    speaks: &[
        Task::Chat,
        Task::Embeddings,
        Task::Images,
        Task::Speech,
        Task::Transcription,
    ],
    quirks: &[
        Quirk::CustomTools,
        Quirk::AskForUsage,
        Quirk::MaxCompletionTokens,
        Quirk::DeveloperRole,
        Quirk::Drops(&["top_k", "top_a", "min_p", "repetition_penalty"]),
    ],
    cancel_stops_billing: true,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
