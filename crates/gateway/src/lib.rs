//! Weir: one API to every model, self-hosted. This crate is the gateway; the binary `weir` is a thin shell over it.
//!
//! [`routes`] is the HTTP surface on one page, [`relay`] the path of a request on another.
#![recursion_limit = "256"] // `json!` of the record of a generation

pub mod app;
pub mod books;
pub mod chance;
pub mod clock;
pub mod commands;
pub mod config;
pub mod inference;
pub mod keyring;
pub mod platform;
pub mod query;
pub mod refusal;
pub mod relay;
pub mod routes;
pub mod routing;
pub mod server;
pub mod shutdown;
pub mod snapshot;
pub mod telemetry;

pub use routing::{affinity, explain, health, routers, terms};
