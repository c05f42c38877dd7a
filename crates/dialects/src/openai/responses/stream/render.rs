//! Writing a streamed answer: its beginning and its end around the items.

use canon::Event;

use crate::{
    ErrorBody, Receipt, RenderStream, Stamp,
    openai::responses::{
        answer::{Envelope, State},
        output::Output,
    },
};

const DONE: &[u8] = b"data: [DONE]\n\n";
const KEEP_ALIVE: &[u8] = b": OPENROUTER PROCESSING\n\n";

/// Writes one streamed answer.
#[derive(Debug)]
pub(in crate::openai::responses) struct Renderer {
    envelope: Envelope,
    output: Output,
    is_begun: bool,
}

impl Renderer {
    pub(in crate::openai::responses) fn new(stamp: &Stamp) -> Self {
        Self {
            envelope: Envelope::of(stamp),
            output: Output::new(&stamp.generation),
            is_begun: false,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.is_begun {
            self.is_begun = true;
            self.whole("response.created", State::InProgress, None, out);
            self.whole("response.in_progress", State::InProgress, None, out);
        }
    }

    /// A frame that holds the answer as a whole.
    fn whole(
        &mut self,
        kind: &str,
        state: State<'_>,
        receipt: Option<&Receipt>,
        out: &mut Vec<u8>,
    ) {
        let mut body = Vec::new();
        let object = crate::json::Object::open(&mut body);
        self.envelope.render(&self.output, state, receipt, object);
        self.output.frames().write(kind, out, |frame| {
            frame.key("response").extend_from_slice(&body);
        });
    }

    fn end(&mut self, state: State<'_>, receipt: Option<&Receipt>, out: &mut Vec<u8>) {
        let kind = match state {
            State::InProgress | State::Completed => "response.completed",
            State::Incomplete(_) => "response.incomplete",
            State::Failed(..) => "response.failed",
        };
        self.whole(kind, state, receipt, out);
        out.extend_from_slice(DONE);
    }
}

impl RenderStream for Renderer {
    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        self.begin(out);
        self.output.event(event, out);
    }

    fn finish(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        self.begin(out);
        self.output.close(out);
        self.end(self.output.end(), Some(receipt), out);
    }

    fn fault(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        self.envelope.router = error.router.cloned().map(Box::new);
        self.end(State::of_error(error), None, out);
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(KEEP_ALIVE);
    }
}
