//! Stopping without losing anything: stop accepting, finish what is under way, settle, exit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};

/// Tells every core that the end has begun, and waits for what is under way. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Drain {
    begun: Arc<watch::Sender<bool>>,
    under_way: Arc<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    count: AtomicUsize,
    none_left: Notify,
}

/// Something under way; the drain waits until it is dropped.
#[derive(Debug)]
pub struct Guard(Arc<UnderWay>);

impl Drain {
    /// Nothing under way, and no end in sight.
    #[must_use]
    pub fn new() -> Self {
        Self {
            begun: Arc::new(watch::Sender::new(false)),
            under_way: Arc::default(),
        }
    }

    /// The end begins.
    pub fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Waits until the end begins.
    pub async fn begun(&self) {
        // The sender lives in self, so the wait cannot fail.
        drop(self.begun.subscribe().wait_for(|begun| *begun).await);
    }

    /// Marks something as under way.
    #[must_use]
    pub fn guard(&self) -> Guard {
        self.under_way.count.fetch_add(1, Ordering::Relaxed);
        Guard(Arc::clone(&self.under_way))
    }

    /// How much is under way, over all cores.
    #[must_use]
    pub fn count(&self) -> usize {
        self.under_way.count.load(Ordering::Relaxed)
    }

    /// Waits until nothing is under way, at most so long. Cores share the count, so each waits for all.
    pub async fn wait(&self, at_most: Duration) {
        let none_left = async {
            while self.under_way.count.load(Ordering::Acquire) > 0 {
                // A last guard dropped between the check and the wait is noticed by the next look.
                let notified = self.under_way.none_left.notified();
                drop(tokio::time::timeout(Duration::from_millis(100), notified).await);
            }
        };
        drop(tokio::time::timeout(at_most, none_left).await);
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}
