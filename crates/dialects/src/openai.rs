//! What the OpenAI family shares, and its wire formats.

pub mod chat;
