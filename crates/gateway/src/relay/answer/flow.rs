//! A stream under way: from the vendor's events to the caller's bytes, and what becomes of it when the vendor breaks off
//! or the caller leaves.

use std::{mem, pin::Pin};

use canon::{Dialect, Event, Fault, Kind};
use dialects::{RenderStream, Serve};
use providers::{EventStream, Progress};

use super::Silence;
use crate::{
    books::Posted,
    refusal,
    relay::{
        attempt::Run,
        continuation::{Diverged, Seam, Story},
        drain,
    },
    telemetry::metrics::ContinuationEnd,
};

/// A stream under way.
pub(super) struct Flow {
    voice: Voice,
    renderer: Box<dyn RenderStream>,
    dialect: Dialect,
    events: Vec<Event>,
    /// What was told, where somebody may have to go on with it.
    story: Option<Box<Story>>,
    /// `reasoning.exclude`: think, but don't show it.
    hides_thinking: bool,
    /// The end of its money, not yet written down.
    posted: Option<Posted>,
}

/// Who speaks.
#[expect(
    clippy::large_enum_variant,
    reason = "it stands in a box already, and nearly always a vendor speaks"
)]
enum Voice {
    /// A vendor.
    Speaks(EventStream, Box<Run>),
    /// Nobody yet: one broke off, and somebody is found who goes on.
    Changes(Changing),
    /// Nobody any more.
    Ended,
}

/// Somebody is found who goes on.
type Changing =
    Pin<Box<dyn Future<Output = (Box<Run>, Result<(EventStream, Seam), Fault>)> + Send>>;

impl Flow {
    pub(super) fn new(source: EventStream, run: Box<Run>, serve: &'static dyn Serve) -> Self {
        let meter = &run.meter;
        Self {
            renderer: serve.stream(meter.stamp()),
            dialect: serve.dialect(),
            events: Vec::new(),
            story: Story::of(&run.core, meter.admitted()),
            hides_thinking: meter.admitted().hides_thinking(),
            voice: Voice::Speaks(source, run),
            posted: None,
        }
    }

    /// Takes in what is said next and writes it; says whether that was the end.
    pub(super) async fn advance(&mut self, silence: &mut Silence, out: &mut Vec<u8>) -> bool {
        self.events.clear();
        match &mut self.voice {
            Voice::Ended => true,
            Voice::Changes(changing) => {
                let (run, changed) = tokio::select! {
                    biased;
                    changed = changing.as_mut() => changed,
                    () = silence.too_long() => {
                        self.renderer.keep_alive(out);
                        return false;
                    }
                };
                self.change(run, changed, out)
            }
            Voice::Speaks(source, _) => {
                let progress = tokio::select! {
                    biased;
                    progress = source.next(&mut self.events) => progress,
                    () = silence.too_long() => {
                        self.renderer.keep_alive(out);
                        return false;
                    }
                };
                match (self.say(out), progress) {
                    (Err(diverged), _) => self.diverge(diverged, out),
                    (Ok(()), Ok(Progress::Events | Progress::Comment)) => false,
                    (Ok(()), Ok(Progress::End)) => self.finish(out),
                    (Ok(()), Err(fault)) => self.break_off(*fault, out),
                }
            }
        }
    }

    /// Ready when the end of its money is written down, together with what others on this core note.
    pub(super) async fn written(&mut self) {
        if let Some(posted) = self.posted.take() {
            posted.written().await;
        }
    }

    /// Writes what came.
    fn say(&mut self, out: &mut Vec<u8>) -> Result<(), Diverged> {
        let Voice::Speaks(_, run) = &mut self.voice else {
            return Ok(());
        };
        let Some(story) = &mut self.story else {
            for event in self.events.drain(..) {
                run.meter.see(&event);
                if !(self.hides_thinking && matches!(event, Event::Reasoning(_))) {
                    self.renderer.event(event, out);
                }
            }
            return Ok(());
        };
        let mut heard = Vec::new();
        let mut told = Ok(());
        for event in self.events.drain(..) {
            run.meter.see(&event);
            told = story.hear(event, &mut heard);
            if told.is_err() {
                break;
            }
        }
        run.meter.withhold(story.take_withheld());
        self.write(heard, out);
        told
    }

    fn write(&mut self, events: Vec<Event>, out: &mut Vec<u8>) {
        for event in events {
            if !(self.hides_thinking && matches!(event, Event::Reasoning(_))) {
                self.renderer.event(event, out);
            }
        }
    }

    /// The answer has come to its own end.
    fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let mut rest = Vec::new();
        if let Some(story) = &mut self.story
            && let Err(diverged) = story.end(&mut rest)
        {
            return self.diverge(diverged, out);
        }
        self.write(rest, out);
        let Voice::Speaks(source, mut run) = mem::replace(&mut self.voice, Voice::Ended) else {
            return true;
        };
        if let Some(story) = &mut self.story {
            run.meter.withhold(story.take_withheld());
        }
        let receipt = run.meter.complete();
        self.posted = run.meter.take_posted();
        self.renderer.finish(&receipt, out);
        drop(source);
        true
    }

    /// The vendor broke off: somebody goes on where the caller wants that, or the caller hears of it.
    fn break_off(&mut self, mut fault: Fault, out: &mut Vec<u8>) -> bool {
        if self.story.as_ref().is_some_and(|story| story.is_finished()) {
            // The model had said all: only the vendor's own end is missing, and its counts.
            if let Voice::Speaks(_, run) = &mut self.voice {
                run.meter.broke(fault.kind);
            }
            return self.finish(out);
        }
        let told = self.story.as_mut().and_then(|story| story.told(&fault));
        let Voice::Speaks(source, mut run) = mem::replace(&mut self.voice, Voice::Ended) else {
            return true;
        };
        drop(source);
        if let Some(story) = &mut self.story {
            run.meter.withhold(story.abandon());
        }
        let generation = run.meter.admitted().generation.clone();
        refusal::note(&fault, Some(generation.as_str()));
        if let Some(told) = told.filter(|_| run.has_time()) {
            run.meter.pause(fault.kind);
            self.voice = Voice::Changes(Box::pin(run.go_on(fault, told)));
            return false;
        }
        run.meter.broken_off(fault.kind);
        self.posted = run.meter.take_posted();
        fault.router = run.meter.routed(false);
        let error = refusal::body(&fault, Some(generation.as_str()));
        self.renderer.fault(&error, out);
        true
    }

    /// Somebody goes on, or nobody does.
    fn change(
        &mut self,
        run: Box<Run>,
        changed: Result<(EventStream, Seam), Fault>,
        out: &mut Vec<u8>,
    ) -> bool {
        let metrics = &run.core.app().metrics;
        match changed {
            Ok((source, seam)) => {
                metrics.continued(ContinuationEnd::Found);
                if let Some(story) = &mut self.story {
                    story.go_on(seam);
                }
                // Google's client for Python takes a comment for the beginning of an error.
                if self.dialect != Dialect::Gemini {
                    out.extend_from_slice(b": weir continued\n\n");
                }
                self.voice = Voice::Speaks(source, run);
                false
            }
            Err(mut fault) => {
                metrics.continued(ContinuationEnd::Nobody);
                fault.router = run.meter.routed(false);
                let generation = run.meter.admitted().generation.as_str();
                let error = refusal::body(&fault, Some(generation));
                self.renderer.fault(&error, out);
                true
            }
        }
    }

    /// Who goes on says something else than what was told.
    fn diverge(&mut self, diverged: Diverged, out: &mut Vec<u8>) -> bool {
        let Voice::Speaks(_, mut run) = mem::replace(&mut self.voice, Voice::Ended) else {
            return true;
        };
        if let Some(story) = &mut self.story {
            run.meter.withhold(story.abandon());
        }
        let metrics = &run.core.app().metrics;
        metrics.continued(ContinuationEnd::Diverged);
        let provider = run.meter.target().upstream.id().clone();
        let say = "The answer broke off, and could not be continued: the next provider began another one.";
        let mut fault =
            Fault::upstream(provider, Kind::ProviderUnavailable, say).with_source(diverged);
        run.meter.broken_off(fault.kind);
        fault.router = run.meter.routed(false);
        self.posted = run.meter.take_posted();
        let generation = run.meter.admitted().generation.as_str();
        refusal::note(&fault, Some(generation));
        let error = refusal::body(&fault, Some(generation));
        self.renderer.fault(&error, out);
        true
    }
}

impl Drop for Flow {
    /// The caller left in mid answer.
    fn drop(&mut self) {
        if let Voice::Speaks(source, mut run) = mem::replace(&mut self.voice, Voice::Ended) {
            // What is held back at a join was not delivered.
            if let Some(story) = &mut self.story {
                run.meter.withhold(story.abandon());
            }
            drain::leave(source, run);
        }
    }
}
