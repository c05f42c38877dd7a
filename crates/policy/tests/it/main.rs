//! The laws of policy, one module a subject.

mod catalog;
#[cfg(test)]
mod ledger;
mod pricing;
mod routing;
