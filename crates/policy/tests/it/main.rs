//! The laws of policy, one module a subject.

mod catalog;
mod health;
#[cfg(test)]
mod ledger;
mod measure;
mod places;
mod pricing;
#[cfg(test)]
mod routers;
mod routing;
mod storm;
