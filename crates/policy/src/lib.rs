//! What Weir decides: who serves a request, what it may cost, what it did cost.
//!
//! Pure: no clock, no network, no async. Time and chance are arguments, so every decision runs in microseconds
//! under property tests and can be replayed.

pub mod routers;
pub mod routing;

pub mod affinity;
pub mod catalog;
pub mod health;
pub mod ledger;
pub mod measure;
pub mod pricing;
pub mod replay;
pub mod terms;
