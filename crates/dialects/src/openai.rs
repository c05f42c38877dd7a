//! What the OpenAI family shares, and its wire formats.

pub mod chat;
pub mod completions;
mod effort;
mod error;
mod loose;
mod media;
pub mod responses;
mod router;
mod shared;
