//! The record of one served request: what `GET /generation` shows and accounting is checked against.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;

use crate::{Dialect, GenerationId, KeyId, NanoUsd, Route, Usage, WorkspaceId};

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_model: Option<String>,
    /// Display name of the provider that served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The vendor's id of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_id: Option<String>,
    /// Whether it was streamed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub streamed: bool,
    /// Whether the caller left before the end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: bool,
    /// Why it ended, in OpenRouter's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Why it ended, in the vendor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_finish_reason: Option<String>,
    /// Milliseconds to the first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    /// Milliseconds from the request to the end of the answer.
    pub latency_ms: u64,
    /// Milliseconds from the first token to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation_ms: Option<u64>,
    /// What it used.
    pub usage: Usage,
    /// Whether the counts are ours and not the vendor's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage_estimated: bool,
    /// What the caller pays.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cost: NanoUsd,
    /// What the vendor charges.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upstream_cost: NanoUsd,
    /// What reading from the prompt cache saved (positive), less what writing cost (negative).
    #[serde(default, skip_serializing_if = "is_default")]
    pub cache_discount: NanoUsd,
    /// Pictures in the prompt.
    #[serde(default, skip_serializing_if = "is_default")]
    pub media_prompt: u64,
    /// Sounds in the prompt.
    #[serde(default, skip_serializing_if = "is_default")]
    pub audio_prompt: u64,
    /// Pictures in the answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub media_completion: u64,
    /// Whether the caller's own provider key was used.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_byok: bool,
    /// The caller's `user`, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The caller's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// `HTTP-Referer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referer: Option<String>,
    /// `X-Title`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Every call to a provider, in order.
    pub attempts: Vec<Attempt>,
    /// How it found its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Box<Route>>,
    /// The kind of fault that ended it, where one did (`error_type`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// Which endpoint of it: `deepinfra/turbo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// HTTP status, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `error_type` of what went wrong, where something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds until it answered or failed.
    pub latency_ms: u64,
    /// Why it was made, where it was not simply the next in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What of its cost the caller does not pay: what this is thought to be, where the vendor did not say.
    #[serde(default, skip_serializing_if = "is_default")]
    pub insured: NanoUsd,
}

/// Why a provider is called that is not simply the next in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The one before broke off in the middle of its answer, and this one goes on with it.
    Continuation,
    /// The one before is late, and both are waited for.
    Hedge,
}

/// A record in its stored form: written once, then passed on to the journal and the database as it stands.
#[derive(Clone, Debug)]
pub struct Record {
    head: Head,
    text: Box<RawValue>,
}

/// What a record is found by.
#[derive(Clone, Debug, Deserialize)]
struct Head {
    id: GenerationId,
    key: KeyId,
    workspace: WorkspaceId,
    created_at: i64,
}

impl Record {
    /// Writes a record. `None` where it has no JSON form, which no record of ours lacks.
    #[must_use]
    pub fn of(generation: &Generation) -> Option<Self> {
        Some(Self {
            head: Head {
                id: generation.id.clone(),
                key: generation.key.clone(),
                workspace: generation.workspace.clone(),
                created_at: generation.created_at,
            },
            text: serde_json::value::to_raw_value(generation).ok()?,
        })
    }

    /// Reads it back.
    ///
    /// # Errors
    /// It is of another version.
    pub fn read(&self) -> Result<Generation, serde_json::Error> {
        serde_json::from_str(self.text.get())
    }

    /// The id of the request.
    #[must_use]
    pub const fn id(&self) -> &GenerationId {
        &self.head.id
    }

    /// The key that asked.
    #[must_use]
    pub const fn key(&self) -> &KeyId {
        &self.head.key
    }

    /// Where that key belongs.
    #[must_use]
    pub const fn workspace(&self) -> &WorkspaceId {
        &self.head.workspace
    }

    /// When the request came in, in microseconds since 1970.
    #[must_use]
    pub const fn created_at(&self) -> i64 {
        self.head.created_at
    }

    /// The record as JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get()
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.text.get() == other.text.get()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let head = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        Ok(Self { head, text })
    }
}

/// Left out of the stored form: most fields of most records are empty, and a record is written twice a request.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
