//! The laws of policy, one module a subject.

mod catalog;
mod pricing;
mod routing;
