//! The log: one line an event, to standard error, as the configuration says; and what is counted (`metrics`).

pub mod metrics;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{
    filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::config::{Log, LogFormat};

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level was not understood.
    #[error("log.level is not understood")]
    Level(#[source] tracing_subscriber::filter::ParseError),
    /// Something else logs in this process already.
    #[error("the log is set up already")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Begins to log. Once for a process.
///
/// # Errors
/// The level is not understood, or this was called before.
pub fn begin(log: &Log) -> Result<(), Error> {
    let level: Targets = log.level.parse().map_err(Error::Level)?;
    let registry = tracing_subscriber::registry().with(level);
    let layer = fmt::layer().with_writer(io::stderr);
    match log.format {
        LogFormat::Text => {
            let layer = layer.with_ansi(io::stderr().is_terminal());
            registry.with(layer).try_init()
        }
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true).with_ansi(false);
            registry.with(layer).try_init()
        }
    }
    .map_err(Error::Twice)
}
