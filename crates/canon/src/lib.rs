//! The language of Weir: the nouns that every other crate shares.
//!
//! Wire formats are parsed into these types and rendered from them (`dialects`), decisions are taken on
//! them (`policy`), vendors are called with them (`providers`) and they are written down (`store`).
//! Nothing here does input or output; nothing here knows a wire format or a vendor.
#![deny(missing_docs)]

mod answer;
mod conversation;
mod dialect;
mod event;
mod fault;
mod generation;
mod id;
mod media;
mod metadata;
mod money;
mod posting;
mod preferences;
mod secret;
mod slug;
mod tenancy;
mod usage;

pub use answer::{Choice, FinishReason, Response};
pub use conversation::{
    CacheMark, CacheTtl, Citation, Effort, Extras, Format, Item, Message, Part, Places, Reasoning,
    ReasoningBody, ReasoningFormat, ReasoningPart, Request, Role, Sampling, Search, Speech,
    TextPart, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};
pub use dialect::Dialect;
pub use event::{Broken, Event, Fold, ReasoningDelta, fold};
pub use fault::{Again, Availability, Blame, Fault, Kind};
pub use generation::{Attempt, Cause, Generation, Record};
pub use id::{AttemptId, EntryId, GenerationId, KeyId, WorkspaceId};
pub use media::{Media, MediaKind, Source};
pub use metadata::{
    Route, RouteWish, RouterAttempt, RouterEndpoint, RouterEndpoints, RouterMetadata, Stage,
    StageKind, Strategy,
};
pub use money::{MoneyError, NanoUsd, PicoUsd};
pub use posting::{Account, Entry, EntryKind, Posting, Transaction, UnbalancedError};
pub use preferences::{Hedge, OnBreak, OnLoss, Preferences, Routing, Sort};
pub use secret::Secret;
pub use slug::{ModelSlug, ProviderId, SlugError};
pub use tenancy::{Key, LimitReset, Window};
pub use usage::Usage;
