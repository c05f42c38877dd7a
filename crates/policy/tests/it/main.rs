//! The laws of policy, one module a subject.

mod routing;
