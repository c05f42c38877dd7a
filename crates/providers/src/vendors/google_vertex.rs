//! Google Vertex AI: Gemini for Google's models, Anthropic Messages for Claude, OpenAI chat for the
//! open ones.
//! Docs: <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>; the address as recorded
//! traffic has it (2026-11-22).

use dialects::{Dialect, Platform};

use crate::{Auth, Models, Provider, Quirk, Setting, Task, Wire};

pub(super) const GOOGLE_VERTEX: Provider = Provider {
    id: "google-vertex",
    name: "Google",
    dialect: Dialect::Gemini,
    base_url: concat!(
        "https://{region-}aiplatform.googleapis.com/v1",
        "/projects/{project}/locations/{region}/publishers/google"
    ),
    takes: Models::Of(&["google"]),
    also: &[
        Wire {
            quirks: &[Quirk::On(Platform::Vertex), Quirk::Searches],
            ..Wire::new(
                Dialect::Anthropic,
                concat!(
                    "https://{region-}aiplatform.googleapis.com/v1",
                    "/projects/{project}/locations/{region}"
                ),
            )
            .of(Models::Of(&["anthropic"]))
        },
        Wire::new(
            Dialect::OpenAiChat,
            concat!(
                "https://{region-}aiplatform.googleapis.com/v1",
                "/projects/{project}/locations/{region}/endpoints/openapi"
            ),
        )
        .of(Models::AllBut(&["google", "anthropic"])),
    ],
    settings: &[
        Setting::text(
            "project",
            &["GOOGLE_CLOUD_PROJECT", "GOOGLE_VERTEX_PROJECT"],
            "The project that pays.",
        ),
        Setting::text(
            "region",
            &["GOOGLE_CLOUD_LOCATION", "GOOGLE_VERTEX_LOCATION"],
            "The location that is asked.",
        )
        .or("global"),
    ],
    auth: Auth::Google,
    key_variables: &["GOOGLE_VERTEX_API_KEY"],
    speaks: &[Task::Chat, Task::Embeddings, Task::Images],
    quirks: &[Quirk::Searches],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
