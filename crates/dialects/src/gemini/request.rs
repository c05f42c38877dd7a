//! Requests: what callers ask in Gemini's words ([`parse`]), and what Gemini is asked.

mod generation;
mod offers;
mod parse;
mod part;
mod tools;
mod turns;

use canon::{Dialect, Request};
use serde_json::{Map, Value};

pub(super) use generation::{DISPLAYED, OMITTED, SHOWN};
pub(super) use parse::{echo, parse, parse_count};

use super::contents::{self, Contents};
use super::{config, wire};
use crate::json::Object;
use crate::{Error, Loss, Platform, Target, Thinking, tier};

/// Why a field of another dialect is left out.
const FOREIGN: &str = "only the dialect it came from has it";
/// Why a field is left out that Gemini has no word for.
const UNKNOWN: &str = "this dialect has no such field";

/// Writes a request; the model and whether to stream stand in the path.
///
/// # Errors
/// The model's name is no path segment; a part of the conversation cannot be said (see
/// [`contents::arrange`]).
pub(super) fn render_request(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    if !wire::is_segment(target.upstream_model) {
        return Err(Error::Unsayable {
            what: format!("the model name {:?}", target.upstream_model),
            why: "it may have letters, digits, `-`, `_` and `.` only",
        });
    }
    let is_third = target.thinking == Thinking::Effort;
    let contents = contents::arrange(request, is_third, loss)?;
    let extras = request.extras.of(Dialect::Gemini);
    let mut out = Vec::with_capacity(1024);
    let mut body = Object::open(&mut out);
    render_contents(&mut body, &contents);
    let own = |name: &str| extras.and_then(|extras| extras.get(name)?.as_object());
    let offered = tools::render_tools(&mut body, &request.tools, loss);
    let choice = request.tool_choice.as_ref();
    let choice = choice.filter(|choice| tools::is_sayable(choice, offered, loss));
    tools::render_choice(&mut body, choice, own("toolConfig"), loss);
    let own_config = own("generationConfig");
    config::render_config(&mut body, request, target, own_config, loss);
    render_tier(&mut body, request.service_tier.as_deref(), loss);
    render_extras(&mut body, extras, target, loss);
    body.close();
    report(request, loss);
    Ok(out)
}

fn render_contents(body: &mut Object<'_>, contents: &Contents<'_>) {
    if !contents.system.is_empty() {
        let mut system = body.object("systemInstruction");
        let mut parts = system.array("parts");
        for piece in &contents.system {
            piece.render(&mut parts);
        }
        parts.close();
        system.close();
    }
    let mut turns = body.array("contents");
    for turn in &contents.turns {
        turn.render(&mut turns);
    }
    turns.close();
}

/// `serviceTier`: <https://ai.google.dev/gemini-api/docs/priority-inference>, and Google's clients for Python (3.4.0) and
/// Node (2.32.0) for AI Studio and Vertex alike (read 2026-11-22).
fn render_tier(body: &mut Object<'_>, tier: Option<&str>, loss: &mut Vec<Loss>) {
    match tier {
        // The vendor decides.
        None | Some("auto") => {}
        Some(tier @ ("default" | "flex" | "priority")) => {
            body.field("serviceTier", tier::render(tier));
        }
        Some(_) => loss.push(Loss::new("service_tier", "there is no such tier here")),
    }
}

/// Fields that only Gemini has: `safetySettings`, `cachedContent`, `labels` …
fn render_extras(
    body: &mut Object<'_>,
    extras: Option<&Map<String, Value>>,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) {
    for (name, value) in extras.into_iter().flatten() {
        if let Some(name) = target.form.drops.iter().find(|drop| *drop == name) {
            loss.push(Loss::new(*name, "this vendor refuses it"));
        } else if name == "labels" && target.form.platform != Platform::Vertex {
            loss.push(Loss::new("labels", "only Vertex AI has them"));
        } else if name != "generationConfig" && name != "toolConfig" {
            body.field(name, value);
        }
    }
}

/// Reports what the whole request says and Gemini has no word for.
fn report(request: &Request, loss: &mut Vec<Loss>) {
    let unknown = [
        (
            "parallel_tool_calls",
            request.parallel_tool_calls == Some(false),
        ),
        ("cache_control", request.cache.is_some()),
        ("prompt_cache_key", request.prompt_cache_key.is_some()),
        ("verbosity", request.verbosity.is_some()),
        ("user", request.user.is_some()),
        ("metadata", request.metadata.is_some()),
    ];
    for (name, is_set) in unknown {
        if is_set {
            loss.push(Loss::new(name, UNKNOWN));
        }
    }
    if let Some((dialect, fields)) = request.extras.any()
        && dialect != Dialect::Gemini
    {
        loss.extend(fields.keys().map(|name| Loss::new(name.clone(), FOREIGN)));
    }
}
