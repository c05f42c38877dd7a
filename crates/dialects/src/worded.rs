//! A request in the words of whoever serves it: what the vendor lacks is put differently, what cannot be said is
//! refused, and a refusal names the place as the caller wrote it.

mod breakpoints;
mod emulation;

use std::borrow::Cow;

use canon::{Extras, Part, Request, Role, Tool};
use serde_json::Value;

pub use emulation::{Emulation, Lacks};

use crate::{Call, CallCount, Dialect, Error, Loss, Target, search};

/// The guarantee of a tool's schema: canon's, and noted besides where it was asked for in Anthropic's terms.
const STRICT: &str = "strict";

/// Writes a request for a vendor, with what it lacks put in other words; the answer must be put back by the
/// [`Emulation`], where there is one. What cannot be said is added to `loss`.
///
/// # Errors
/// As [`Call::render_request`]; and the user says something in a part that only another dialect has, without which it
/// would be another question. Places are the caller's.
pub fn render(
    call: &dyn Call,
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<(Vec<u8>, Option<Emulation>), Error> {
    let write =
        |request: &Request, loss: &mut Vec<Loss>| call.render_request(request, target, loss);
    worded(call, request, target, loss, write)
}

/// Writes a request to count the tokens of a prompt: the same prompt that [`render`] would send.
///
/// # Errors
/// As [`render`].
pub fn render_count(
    (call, counting): (&dyn Call, &dyn CallCount),
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    let write =
        |request: &Request, loss: &mut Vec<Loss>| counting.render_count(request, target, loss);
    worded(call, request, target, loss, write).map(|(body, _)| body)
}

fn worded(
    call: &dyn Call,
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
    write: impl FnOnce(&Request, &mut Vec<Loss>) -> Result<Vec<u8>, Error>,
) -> Result<(Vec<u8>, Option<Emulation>), Error> {
    let callers = |error: Error, request: &Request| error.renamed(|path| request.places.name(path));
    sayable(call.dialect(), request).map_err(|error| callers(error, request))?;
    let searching = search::offered(call.dialect(), target.form, request, loss)?;
    let request = searching.as_ref().unwrap_or(request);
    let unmarked = unmarked(call.dialect(), request);
    let request = unmarked.as_ref().unwrap_or(request);
    let marked = breakpoints::translated(call.dialect(), target, request, loss);
    let request = marked.as_ref().unwrap_or(request);
    let (request, emulation) = match Emulation::of(call.lacks(target), request, loss) {
        None => (Cow::Borrowed(request), None),
        Some((request, emulation)) => (Cow::Owned(request), Some(emulation)),
    };
    let begin = loss.len();
    let body = write(&request, loss).map_err(|error| callers(error, &request))?;
    name_parts(
        call.dialect(),
        &request,
        loss.get_mut(begin..).unwrap_or_default(),
    );
    Ok((body, emulation))
}

/// Says of parts that only another dialect has which they were: a place alone tells nobody that a shell's output is
/// gone.
fn name_parts(dialect: Dialect, request: &Request, loss: &mut [Loss]) {
    let turns = request.messages.iter().enumerate();
    let parts = turns.flat_map(|(turn, message)| {
        let parts = message.parts.iter().enumerate();
        parts.map(move |(place, part)| (turn, place, part))
    });
    for (turn, place, part) in parts {
        let Part::Other { dialect: of, value } = part else {
            continue;
        };
        let kind = value.get("type").and_then(Value::as_str);
        if let Some(kind) = kind.filter(|_| *of != dialect) {
            let turn = format!("messages[{turn}].content");
            let at = format!("{turn}[{place}]");
            // One of them for each part, where only the turn is named.
            let lost = loss
                .iter_mut()
                .find(|loss| loss.what == at || loss.what == turn);
            if let Some(lost) = lost {
                lost.what = format!("{at}: {kind}").into();
            }
        }
    }
}

/// Whether all that the user says has a form in this dialect.
fn sayable(dialect: Dialect, request: &Request) -> Result<(), Error> {
    let turns = request.messages.iter().enumerate();
    for (turn, message) in turns.filter(|(_, message)| message.role == Role::User) {
        for (place, part) in message.parts.iter().enumerate() {
            if let Part::Other { dialect: of, value } = part
                && *of != dialect
            {
                let kind = value
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or("unknown");
                return Err(Error::Unsayable {
                    what: format!("messages[{turn}].content[{place}]: a part of the type `{kind}`"),
                    why: "the vendor's dialect has no such part",
                });
            }
        }
    }
    Ok(())
}

/// The request without the notes that say in whose terms something was asked which canon has words for: they are for
/// that dialect alone, and nothing is lost with them. `None` where there are none.
fn unmarked(dialect: Dialect, request: &Request) -> Option<Request> {
    let is_noted = |tool: &Tool| {
        let own = tool.extras.of(Dialect::Anthropic);
        own.is_some_and(|own| own.contains_key(STRICT))
    };
    if dialect == Dialect::Anthropic || !request.tools.iter().any(is_noted) {
        return None;
    }
    let mut request = request.clone();
    for tool in request.tools.iter_mut().filter(|tool| is_noted(tool)) {
        let mut own = tool
            .extras
            .of(Dialect::Anthropic)
            .cloned()
            .unwrap_or_default();
        own.shift_remove(STRICT);
        tool.extras = Extras::new(Dialect::Anthropic, own);
    }
    Some(request)
}
