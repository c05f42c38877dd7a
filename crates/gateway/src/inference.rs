//! The routes that models answer on.

pub mod chat;
pub mod models;
