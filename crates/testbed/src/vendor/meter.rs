//! Counts what one request was given, and enters it in the books when the request is over, however
//! it ends.

use std::sync::Arc;

use super::answer::Used;
use super::pace::Write;
use crate::bill::{Delivered, Ledger};

/// The meter of one request. Dropped before it was finished, it says that the client left.
#[derive(Debug)]
pub(crate) struct Meter {
    ledger: Arc<Ledger>,
    /// Gone once entered.
    draft: Option<Delivered>,
    /// Charged once the answer has begun; nothing for errors.
    used: Used,
    /// Handed to the server, not yet known to be flushed.
    pending: Option<Write>,
    events: u64,
}

// === impl Meter ===

impl Meter {
    pub(crate) fn new(ledger: Arc<Ledger>, draft: Delivered) -> Self {
        Self {
            ledger,
            draft: Some(draft),
            used: Used::default(),
            pending: None,
            events: 0,
        }
    }

    /// Says what is answered, and what it costs when it is delivered.
    pub(crate) fn answer(&mut self, status: u16, used: Used) {
        self.used = used;
        if let Some(draft) = &mut self.draft {
            draft.status = status;
        }
    }

    pub(crate) fn write(&mut self, write: &Write) {
        self.pending = Some(write.clone());
    }

    /// Counts what was written last as delivered.
    pub(crate) fn confirm(&mut self) {
        let (Some(draft), Some(write)) = (&mut self.draft, self.pending.take()) else {
            return;
        };
        self.events += write.events;
        draft.prompt_tokens = self.used.prompt;
        draft.cached_tokens = self.used.cached;
        draft.cache_written_tokens = self.used.cache_written;
        draft.cache_written_1h_tokens = self.used.cache_written_1h;
        draft.completion_tokens += write.tokens;
        draft.reasoning_tokens += write.reasoning;
    }

    /// Ends the request on the vendor's side.
    pub(crate) fn finish(&mut self, completed: bool) {
        if let Some(draft) = self.draft.take() {
            self.ledger.enter(Delivered { completed, ..draft });
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let client_left_after_events = Some(self.events);
        if let Some(draft) = self.draft.take() {
            self.ledger.enter(Delivered {
                client_left_after_events,
                ..draft
            });
        }
    }
}
