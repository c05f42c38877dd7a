//! The attempt that is made beside the one under way, because that is late ([`crate::relay::hedge`]).

use std::mem;

use canon::Cause;
use providers::Failure;

use super::{Meter, asked::asked};
use crate::{
    health::Seat,
    relay::{leg::Leg, plan::Target},
};

impl Meter {
    /// The same for one that is asked beside the attempt under way, which goes on either way. Says whether there is
    /// money for it: nobody is asked for a shorter answer beside one who gives the whole.
    pub(in crate::relay) async fn reserve_rival(&mut self, target: Target, seat: Seat) -> bool {
        let mut rival = Box::new(Leg::new(self.made, target, &self.admitted.request));
        rival.seat = Some(seat);
        rival.cause = Some(Cause::Hedge);
        self.made += 1;
        let asked = asked(&self.admitted, None);
        let rival = self.rival.insert(rival);
        let reserved = rival.reserve(&self.app, &self.admitted, asked).await;
        let is_reserved = reserved.is_ok() && rival.clamped_to.is_none();
        if !is_reserved {
            rival.void();
            self.rival = None;
        }
        is_reserved
    }

    /// The rival and the attempt under way change places.
    pub(in crate::relay) fn swap(&mut self) {
        if let Some(rival) = &mut self.rival {
            mem::swap(&mut self.leg, rival);
        }
    }

    /// The rival is waited for no longer: it costs the caller nothing.
    pub(in crate::relay) fn drop_rival(&mut self) {
        let Some(mut rival) = self.rival.take() else {
            return;
        };
        if !rival.is_trying() {
            rival.void();
            return;
        }
        let mut attempt = rival.tried(None, None);
        attempt.cause = Some(Cause::Hedge);
        attempt.insured = rival.lost(&self.admitted.request);
        self.note(attempt);
    }

    /// The rival has failed, and the attempt under way goes on.
    pub(in crate::relay) fn rival_failed(&mut self, failure: &Failure) {
        let Some(mut rival) = self.rival.take() else {
            return;
        };
        if let Some(seat) = &mut rival.seat {
            seat.failed(&failure.fault, failure.status);
        }
        let attempt = rival.tried(failure.status, Some(failure.fault.kind));
        self.note(attempt);
        rival.failed((failure.status, failure.sent), None);
    }

    /// The one that is asked at the same time.
    pub(in crate::relay) fn rival(&mut self) -> Option<&mut Leg> {
        self.rival.as_deref_mut()
    }
}
