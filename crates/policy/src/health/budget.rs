//! Retries must not become an outage of their own (spec/trust.md R2): at most three tries a request, and at most a fifth
//! of the requests under way are retries.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Pass, Vitals};

/// Requests under way, over all cores, and how many of them are at a retry.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU32,
    retries: AtomicU32,
}

/// The tries of one request.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    made: u8,
    most: u8,
    waits: u8,
    has_resorted: bool,
}

/// How long to wait for a place among the retries, and how often.
pub const RETRY_WAIT_MS: u64 = 50;
const RETRY_WAITS_MAX: u8 = 20;

/// Whether a request may ask the next endpoint of its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may.
    Go {
        /// For the endpoint.
        endpoint: Pass,
        /// For its account.
        account: Pass,
        /// Whether it is a retry: then [`Traffic::retried`] follows.
        is_retry: bool,
    },
    /// Not this one.
    Skip,
    /// Too many retries are under way: the same again after [`RETRY_WAIT_MS`].
    Wait,
    /// None any more.
    Stop,
}

/// Whether one more retry may begin, beside so many.
#[must_use]
pub const fn may_retry(requests: u32, retries: u32) -> bool {
    /// Retries at once that are always allowed.
    const FLOOR: u32 = 3;
    let fifth = requests / 5;
    retries < if fifth > FLOOR { fifth } else { FLOOR }
}

impl Traffic {
    /// A request comes in.
    pub fn came(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// A request is over.
    pub fn went(&self) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// A retry is over.
    pub fn retried(&self) {
        self.retries.fetch_sub(1, Ordering::Relaxed);
    }

    /// Requests under way.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    fn retry(&self) -> bool {
        let requests = self.requests();
        let one_more = |retries| may_retry(requests, retries).then_some(retries + 1);
        let begun = self
            .retries
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        begun.is_ok()
    }
}

impl Tries {
    /// None yet, and so many at most.
    #[must_use]
    pub const fn new(most: u8) -> Self {
        Self {
            made: 0,
            most,
            waits: 0,
            has_resorted: false,
        }
    }

    /// Whether this endpoint may be asked. One that was resting when the plan was made stands behind all others: it is
    /// the last resort, once a request.
    pub fn permit(
        &mut self,
        (endpoint, account): (&Vitals, &Vitals),
        was_resting: bool,
        traffic: &Traffic,
        now: i64,
    ) -> Permit {
        let is_retry = self.made > 0;
        if self.made >= self.most {
            return Permit::Stop;
        }
        let last_resort = was_resting && !self.has_resorted;
        let Some(of_account) = account.begin(now, last_resort) else {
            return Permit::Skip;
        };
        let Some(of_endpoint) = endpoint.begin(now, last_resort) else {
            account.end(of_account == Pass::Probe, now);
            return Permit::Skip;
        };
        if is_retry && !traffic.retry() {
            account.end(of_account == Pass::Probe, now);
            endpoint.end(of_endpoint == Pass::Probe, now);
            if self.waits == RETRY_WAITS_MAX {
                return Permit::Stop;
            }
            self.waits += 1;
            return Permit::Wait;
        }
        self.made += 1;
        self.has_resorted |= was_resting;
        Permit::Go {
            endpoint: of_endpoint,
            account: of_account,
            is_retry,
        }
    }
}
