//! Feeds the bytes of a stream to a dialect, cut as a test wants.

use canon::{Event, Response, fold};
use dialects::framing::{Item, Reader};
use dialects::{Call, Form, ParseStream, Short, Step, VendorError};

/// The largest frame that a test may bring.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// What a stream said.
#[derive(Debug)]
pub(crate) struct Replay {
    /// Step by step.
    pub(crate) steps: Vec<Step>,
    /// Whether the answer had come to its own end.
    pub(crate) is_complete: bool,
}

/// Reads a stream that comes in these pieces from the dialect's reference vendor.
pub(crate) fn replay<'b>(
    call: &dyn Call,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Replay, String> {
    replay_from(call, &Form::default(), pieces)
}

/// Reads a stream that comes in these pieces from a vendor of this form.
pub(crate) fn replay_from<'b>(
    call: &dyn Call,
    form: &Form,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Replay, String> {
    replay_with((call, form), call.stream(form), pieces)
}

/// Reads a stream that comes in these pieces, frames of mere text the short way.
pub(crate) fn replay_short<'b>(
    call: &dyn Call,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Replay, String> {
    let form = Form::default();
    let short = Short::new(call.stream(&form));
    replay_with((call, &form), Box::new(short), pieces)
}

fn replay_with<'b>(
    (call, form): (&dyn Call, &Form),
    mut stream: Box<dyn ParseStream>,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Replay, String> {
    let mut frames = Reader::new(call.framing(form), FRAME_BYTES_MAX);
    let mut steps = Vec::new();
    for piece in pieces {
        frames.push(piece).map_err(|error| error.to_string())?;
        while let Some(item) = frames.next().map_err(|error| error.to_string())? {
            if let Item::Frame(frame) = item {
                stream
                    .frame(&frame, &mut steps)
                    .map_err(|error| error.to_string())?;
            }
        }
    }
    // As the relay does: what has no end of its own is a last frame, if it can be read.
    if frames.close() {
        while let Ok(Some(item)) = frames.next() {
            if let Item::Frame(frame) = item
                && stream.frame(&frame, &mut steps).is_err()
            {
                break;
            }
        }
    }
    Ok(Replay {
        steps,
        is_complete: stream.is_complete(),
    })
}

impl Replay {
    /// Everything it said, as text: two streams said the same when these are equal.
    pub(crate) fn transcript(&self) -> String {
        format!("{:?}\ncomplete: {}", self.steps, self.is_complete)
    }

    /// Its events, and the error that broke it off.
    pub(crate) fn into_events(self) -> (Vec<Event>, Option<VendorError>) {
        let mut events = Vec::new();
        for step in self.steps {
            match step {
                Step::Event(event) => events.push(event),
                Step::Error(error) => return (events, Some(error)),
                Step::End => break,
            }
        }
        (events, None)
    }

    /// The sum of its events.
    pub(crate) fn into_response(self) -> Result<Response, VendorError> {
        match self.into_events() {
            (events, None) => Ok(fold(events).expect("a vendor's events hold no fault")),
            (_, Some(error)) => Err(error),
        }
    }
}
