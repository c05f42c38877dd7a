//! The laws of policy, one module a subject.

mod catalog;
mod ledger;
mod pricing;
mod routing;
