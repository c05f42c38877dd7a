//! Weir: one API to every model, self-hosted. This crate is the gateway; the binary `weir` is a thin shell over it.
//!
//! [`routes`] is the HTTP surface on one page, [`relay`] the path of a request on another.

pub mod app;
mod background;
pub mod books;
pub mod chance;
pub mod clock;
pub mod config;
pub mod health;
pub mod inference;
pub mod keyring;
pub mod refusal;
pub mod relay;
pub mod routes;
pub mod server;
pub mod shutdown;
pub mod snapshot;
