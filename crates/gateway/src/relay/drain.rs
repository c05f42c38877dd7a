//! What becomes of a stream whose caller left.
//!
//! Where hanging up stops the vendor's bill, that is all: the connection is closed with the stream. Where it does not,
//! the rest of the answer is paid for anyway, so it is read for its counts, in the background and within limits; then
//! the caller is charged what was really used (spec/money.md, who pays).

use std::time::Duration;

use canon::Event;
use providers::{EventStream, Progress};
use tokio::time::timeout;

use super::attempt::Run;
use crate::telemetry::metrics::DrainEnd;

/// Streams that are read for nobody at once.
pub(crate) const DRAINS_MAX: usize = 64;
/// How long one is read.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(60);
/// How much of one is read.
const DRAIN_BYTES_MAX: u64 = 4 << 20;

/// Ends a stream whose caller left in mid answer.
pub(super) fn leave(source: EventStream, run: Box<Run>) {
    if run.meter.target().upstream.cancel_stops_billing() {
        return;
    }
    let app = run.core.app().clone();
    let Ok(place) = app.drains.clone().try_acquire_owned() else {
        app.metrics.drained(DrainEnd::Refused);
        return;
    };
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let guard = app.drain.guard();
    runtime.spawn(async move {
        // The run has the core, so that the pools of its connection outlive the read.
        let end = read(source, run).await;
        app.metrics.drained(end);
        drop((place, guard));
    });
}

/// Reads to the end, if that comes in time. Nothing is kept.
async fn read(mut source: EventStream, mut run: Box<Run>) -> DrainEnd {
    let most = source.received().saturating_add(DRAIN_BYTES_MAX);
    let reading = async {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let progress = source.next(&mut events).await;
            for event in events.drain(..) {
                run.meter.see(&event);
            }
            match progress {
                Ok(Progress::End) => return true,
                Ok(Progress::Events | Progress::Comment) if source.received() <= most => {}
                Ok(Progress::Events | Progress::Comment) | Err(_) => return false,
            }
        }
    };
    if timeout(DRAIN_TIME_MAX, reading).await == Ok(true) {
        run.meter.drained();
        return DrainEnd::Finished;
    }
    DrainEnd::Aborted
}
