//! The record of one served request: what `GET /generation` shows and accounting is checked against.

use serde::{Deserialize, Serialize};

use crate::{Dialect, GenerationId, KeyId, NanoUsd, Usage, WorkspaceId};

/// The record of one served request. Times are microseconds since 1970, durations milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// Its id.
    pub id: GenerationId,
    /// The key that asked.
    pub key: KeyId,
    /// Where that key belongs.
    pub workspace: WorkspaceId,
    /// When it came in.
    pub created_at: i64,
    /// The dialect it was asked in.
    pub dialect: Dialect,
    /// The model that served, `author/slug`.
    pub model: String,
    /// What the caller asked for, where that was another name.
    pub requested_model: Option<String>,
    /// Display name of the provider that served.
    pub provider: Option<String>,
    /// The vendor's id of the answer.
    pub upstream_id: Option<String>,
    /// Whether it was streamed.
    pub streamed: bool,
    /// Whether the caller left before the end.
    pub cancelled: bool,
    /// Why it ended, in OpenRouter's words.
    pub finish_reason: Option<String>,
    /// Why it ended, in the vendor's words.
    pub native_finish_reason: Option<String>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<u64>,
    /// Milliseconds from the request to the end of the answer.
    pub latency_ms: u64,
    /// Milliseconds from the first token to the end.
    pub generation_ms: Option<u64>,
    /// What it used.
    pub usage: Usage,
    /// Whether the counts are ours and not the vendor's.
    pub usage_estimated: bool,
    /// What the caller pays.
    pub cost: NanoUsd,
    /// What the vendor charges.
    pub upstream_cost: NanoUsd,
    /// What reading from the prompt cache saved (positive), less what writing cost (negative).
    pub cache_discount: NanoUsd,
    /// Pictures in the prompt.
    pub media_prompt: u64,
    /// Sounds in the prompt.
    pub audio_prompt: u64,
    /// Pictures in the answer.
    pub media_completion: u64,
    /// Whether the caller's own provider key was used.
    pub is_byok: bool,
    /// The caller's `user`, as given.
    pub user: Option<String>,
    /// The caller's session.
    pub session_id: Option<String>,
    /// `HTTP-Referer`.
    pub referer: Option<String>,
    /// `X-Title`.
    pub title: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Every call to a provider, in order.
    pub attempts: Vec<Attempt>,
    /// The kind of fault that ended it, where one did (`error_type`).
    pub error: Option<String>,
}

/// One call to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number, from 0.
    pub number: u8,
    /// Display name of the provider.
    pub provider: String,
    /// The model asked for there, `author/slug`.
    pub model: String,
    /// HTTP status, where one came.
    pub status: Option<u16>,
    /// `error_type` of what went wrong, where something did.
    pub error: Option<String>,
    /// Milliseconds until it answered or failed.
    pub latency_ms: u64,
}
