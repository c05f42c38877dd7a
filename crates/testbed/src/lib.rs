//! What tests, the demo and the benches stand on: fake vendors that answer as the real ones do, the
//! reader of recorded traffic, and seeds. Never shipped: no product crate depends on it outside its
//! tests.
//!
//! The corpus reader and the seeds build without a runtime; the vendors need the feature `vendors`
//! (on by default).

#[cfg(feature = "vendors")]
mod bill;
pub mod corpus;
#[cfg(feature = "vendors")]
mod mood;
pub mod seed;
#[cfg(feature = "vendors")]
mod vendor;

#[cfg(feature = "vendors")]
pub use crate::{
    bill::{BillRule, Delivered, read_bill},
    mood::{Cut, Failure, GoOn, Mood, Reply, UsageClaim, Writes},
    vendor::{Error, Recorded, TEXT, Vendor, VendorConfig, Wire},
};
