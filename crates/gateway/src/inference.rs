//! The routes that models answer on.

pub mod chat;
pub(crate) mod gemini;
pub mod models;
