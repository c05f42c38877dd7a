//! Work that goes on when nobody waits for it any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use crate::{app::Core, shutdown::Guard};

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
    work: Option<(Pin<Box<F>>, Guard)>,
}

impl<F> Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Wraps a piece of work.
    pub(super) fn new(core: Core, work: F) -> Self {
        let guard = core.app().drain.guard();
        Self {
            core,
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
