//! Why a call came to nothing, and whether it can have cost something.

use canon::Fault;

/// Why nothing came back. Nothing of the answer has been given out, so another provider may be
/// asked.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong, judged.
    pub fault: Box<Fault>,
    /// The vendor's HTTP status, where it answered.
    pub status: Option<u16>,
    /// Whether it can have cost something.
    pub sent: Sent,
}

/// Whether the vendor can have seen the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not a byte.
    Nothing,
    /// Perhaps, or surely.
    Maybe,
}

impl Failure {
    pub(super) fn unsent(fault: Box<Fault>) -> Self {
        Self {
            fault,
            status: None,
            sent: Sent::Nothing,
        }
    }

    pub(super) fn sent(fault: Box<Fault>) -> Self {
        Self {
            fault,
            status: None,
            sent: Sent::Maybe,
        }
    }
}
