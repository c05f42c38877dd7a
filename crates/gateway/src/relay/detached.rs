//! Work that goes on when nobody waits for it any more.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use crate::{app::Core, shutdown::Guard};

/// Whether somebody waits for an answer that comes whole. For those who left what is under way is finished, and
/// nothing new is begun. A stream ends with its caller, so nobody needs to ask.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiter(Option<Arc<AtomicBool>>);

impl Waiter {
    /// Of a whole answer.
    pub(super) fn for_whole() -> Self {
        Self(Some(Arc::default()))
    }

    /// Nobody waits any more.
    fn leave(&self) {
        if let Some(left) = &self.0 {
            left.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nobody waits any more.
    pub(super) fn has_left(&self) -> bool {
        let left = self.0.as_ref();
        left.is_some_and(|left| left.load(Ordering::Relaxed))
    }
}

/// A future that is finished in the background when its waiter goes away: a whole answer that a vendor is already
/// writing is paid for, so it is received, settled and recorded even if the caller has left.
///
/// The drain waits for it.
#[derive(Debug)]
pub(super) struct Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    core: Core,
    waiter: Waiter,
    work: Option<(Pin<Box<F>>, Guard)>,
}

impl<F> Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Wraps a piece of work.
    pub(super) fn new(core: Core, waiter: Waiter, work: F) -> Self {
        let guard = core.app().drain.guard();
        Self {
            core,
            waiter,
            work: Some((Box::pin(work), guard)),
        }
    }
}

impl<F> Future for Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some((work, _)) = &mut self.work else {
            return Poll::Pending;
        };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<F> Drop for Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        let Some((work, guard)) = self.work.take() else {
            return;
        };
        self.waiter.leave();
        // The pools of this core must outlive the work, or its connection is cut.
        let core = self.core.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                drop(work.await);
                drop((guard, core));
            });
        }
    }
}
