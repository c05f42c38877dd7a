//! What tests, the demo and the benches stand on: fake vendors that answer as the real ones do, the reader of
//! recorded traffic, and seeds. Never shipped: no product crate depends on it outside its tests.
//!
//! The corpus reader and the seeds build without a runtime; the vendors need the feature `vendors` (on by default).

pub mod corpus;
pub mod seed;
