//! What every served dialect shares of OpenRouter: the routing fields of a request, the caller's labels,
//! the usage object with its cost and the base error body (spec/inference.md §6.1, §7.2, §9).

mod error;
mod labels;
mod ours;
mod preferences;
mod routing;
mod search;
mod usage;

pub(crate) use error::render_error_object;
pub use error::{render_availability, render_error, render_metadata};
pub use labels::{take_metadata, take_session, take_user};
pub use preferences::render_preferences;
pub use routing::take_routing;
pub use search::take_search;
pub use usage::{render_cost, render_usage};

/// The field in which callers who ask for it find how their request was routed: beside `usage` in answers, beside
/// `error` in errors (spec/inference.md §7.10).
pub(crate) const METADATA: &str = "openrouter_metadata";
/// What only Weir has to say, in requests and in answers.
pub(crate) const WEIR: &str = "weir";
