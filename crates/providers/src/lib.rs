//! The outside, upstream: which vendors there are, and the call to one of them.
//!
//! A vendor is a value ([`Provider`], one file each in `vendors/`); a vendor as an operator
//! configured it is an [`Upstream`]; [`call`] renders a request, signs it, sends it and reads the
//! answer. Only [`verdict`] reads what a vendor says about a failure. This is the only crate that
//! dials out to models.

mod auth;
mod call;
mod client;
mod limits;
pub mod local;
mod provider;
mod quirks;
mod stream;
mod upstream;
mod vendors;
pub mod verdict;

pub use auth::{Auth, Setting, SettingKind, Settings};
pub use call::{Failure, Outgoing, Reply, Sent, call, call_for, count};
pub use client::{Client, SendError, TlsError};
pub use limits::Limits;
pub use provider::{DataPolicy, Links, Models, Provider, Task, Wire, find};
pub use quirks::Quirk;
pub use stream::{EventStream, Progress};
pub use upstream::{Configured, Error, OwnProvider, Upstream, Way};
pub use vendors::ALL;
