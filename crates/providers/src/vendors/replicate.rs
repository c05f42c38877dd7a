//! Replicate: text models of many makers as predictions, one prompt each. The answer is waited for, up to a minute, and
//! comes whole; a caller who streams is given it all at once ([`dialects::replicate`]).
//!
//! Hanging up does not stop a prediction, but its deadline does, and what it computed until then is charged. Docs:
//! <https://replicate.com/docs/topics/predictions/create-a-prediction>,
//! <https://replicate.com/changelog/2025-10-16-prediction-deadlines> (read 2026-11-22).

use dialects::Dialect;

use crate::{Auth, Provider, Quirk, Task};

pub(super) const REPLICATE: Provider = Provider {
    id: "replicate",
    name: "Replicate",
    dialect: Dialect::Replicate,
    base_url: "https://api.replicate.com/v1",
    auth: Auth::Bearer,
    key_variables: &["REPLICATE_API_TOKEN", "REPLICATE_API_KEY"],
    // It offers pictures and more; those are other inputs.
    speaks: &[Task::Chat],
    quirks: Quirk::REPLICATE,
    cancel_stops_billing: false,
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
