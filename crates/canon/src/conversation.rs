//! What a caller asks: the conversation so far, the tools on offer and how to answer.
//!
//! A field here is one that at least one dialect has; what only one dialect has rides in [`Extras`], tagged
//! with that dialect, and is written out again only to the same one.

mod extras;
mod message;
mod places;
mod reasoning;
mod sampling;
mod search;
mod speech;
mod tool;

use serde_json::{Map, Value};

pub use extras::Extras;
pub use message::{CacheMark, CacheTtl, Citation, Message, Part, Role, TextPart};
pub use places::{Item, Places};
pub use reasoning::{Effort, Reasoning, ReasoningBody, ReasoningFormat, ReasoningPart};
pub use sampling::{Format, Sampling};
pub use search::Search;
pub use speech::Speech;
pub use tool::{Tool, ToolCall, ToolChoice, ToolKind, ToolResult};

use crate::Routing;

/// A request for an answer, in no particular wire format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The model as the caller wrote it, variant suffixes and all. Absent means the account's default.
    pub model: Option<String>,
    /// What the caller says about where to go; never sent to a vendor (but for OpenRouter itself).
    pub routing: Routing,
    /// The conversation, system turns included, oldest first. Never empty once parsed.
    pub messages: Vec<Message>,
    /// Where they stand in what the caller wrote.
    pub places: Places,
    /// Tools on offer.
    pub tools: Vec<Tool>,
    /// Which of them may or must be used.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several calls may come in one answer.
    pub parallel_tool_calls: Option<bool>,
    /// Sampling parameters, stop sequences and the length of the answer.
    pub sampling: Sampling,
    /// How much to think, and what to show of it.
    pub reasoning: Option<Reasoning>,
    /// The form of the answer.
    pub format: Option<Format>,
    /// Wanted kinds of output: `text`, `image`, `audio`. Empty means the model's own default.
    pub modalities: Vec<String>,
    /// How it is to be spoken, where sound is wanted.
    pub speech: Option<Speech>,
    /// Whether the answer is wanted in pieces.
    pub stream: bool,
    /// Whether the web is searched for it.
    pub search: Option<Search>,
    /// A cache marker for the whole prompt (automatic caching).
    pub cache: Option<CacheMark>,
    /// Groups requests that share a prompt prefix.
    pub prompt_cache_key: Option<String>,
    /// Wanted service tier, as written.
    pub service_tier: Option<String>,
    /// Wanted length of the answer in words: `low`, `medium`, `high` …
    pub verbosity: Option<String>,
    /// Who the end user is, as the caller names them. Hashed before it leaves.
    pub user: Option<String>,
    /// Groups requests of one conversation.
    pub session_id: Option<String>,
    /// The caller's own labels.
    pub metadata: Option<Map<String, Value>>,
    /// Fields that only the caller's dialect has.
    pub extras: Extras,
}
