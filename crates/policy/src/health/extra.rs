//! Extra calls must not become load of their own (spec/trust.md R17): at most one for every twenty requests, and few at
//! once however quiet it was before.

use std::sync::atomic::{AtomicU32, Ordering};

/// Requests that earn one extra call.
const REQUESTS_A_CALL: u32 = 20;
/// Calls that are there from the start.
const FLOOR: u32 = 3;
/// Calls that can be saved up.
const SAVED_MAX: u32 = 20;

/// How many extra calls are left, in requests. Over all cores; no clock is needed.
#[derive(Debug)]
pub struct Extra(AtomicU32);

impl Default for Extra {
    fn default() -> Self {
        Self(AtomicU32::new(FLOOR * REQUESTS_A_CALL))
    }
}

impl Extra {
    /// A request comes in.
    pub fn came(&self) {
        self.add(1);
    }

    /// Takes an extra call, where one is left.
    pub fn take(&self) -> bool {
        let less = |left: u32| left.checked_sub(REQUESTS_A_CALL);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    /// One that was taken was not made.
    pub fn give_back(&self) {
        self.add(REQUESTS_A_CALL);
    }

    fn add(&self, requests: u32) {
        const FULL: u32 = SAVED_MAX * REQUESTS_A_CALL;
        let more = |left: u32| (left < FULL).then(|| left.saturating_add(requests).min(FULL));
        // Where it is full, nothing is written.
        let _is_full = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_in_twenty_may_be_asked_twice_however_many_want_it() {
        let extra = Extra::default();
        let mut taken = 0;
        for _ in 0..10_000 {
            extra.came();
            taken += u32::from(extra.take());
        }
        assert_eq!(taken, FLOOR + 10_000 / REQUESTS_A_CALL);
    }

    #[test]
    fn after_a_quiet_time_few_are_asked_twice_at_once() {
        let extra = Extra::default();
        for _ in 0..1_000_000 {
            extra.came();
        }
        let taken = (0..1_000).filter(|_| extra.take()).count();
        assert_eq!(taken, usize::try_from(SAVED_MAX).unwrap());
        extra.give_back();
        assert!(extra.take() && !extra.take());
    }
}
