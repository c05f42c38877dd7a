//! Where a conversation's prompt cache is warm, so that its next turn can go there (spec/inference.md §7.9, §8.2).
//!
//! What is remembered is a keyed hash of 128 bits, an endpoint and a few counts: no name that a caller gave and no word of
//! a prompt. The table has a fixed number of places; who comes when it is full takes the place of who was silent longest.
//! What a stay is worth is decided in [`crate::routing`].

mod conversation;
mod evidence;
mod siphash;
mod table;
mod vendor;

pub use conversation::{Conversation, Key, Salt};
pub use evidence::{Answer, Evidence};
pub use table::{BYTES_MAX, IDLE_S, Memory, SLOTS, Sessions, Turn};
pub use vendor::{Cache, Lifetime, cache_of, is_long};
