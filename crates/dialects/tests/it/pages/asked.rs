//! What becomes of each feature of a request on its way to a vendor of another dialect.

use dialects::{Call, Form, Loss, Serve, render};
use serde_json::Value;

use super::features::{Feature, Sheet};
use crate::golden::target_of;

/// What becomes of one feature.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    /// The vendor is told.
    Carried,
    /// The vendor is told a part of it, or something like it: what is lost.
    Partly(Vec<Loss>),
    /// The vendor is not told, and this says so.
    Lost(Vec<Loss>),
    /// The request is refused: why.
    Refused(String),
    /// Says what a request without it says, or is for Weir and no vendor: why.
    Nothing(&'static str),
    /// Not told and not declared. None may be.
    Silent,
}

/// Features that change nothing of what a vendor is sent, and rightly so: name, towards which dialect (any, where
/// empty), why.
const NOTHING: &[(&str, &str, &str)] = &[
    ("models to fall back on", "", "for Weir"),
    ("provider preferences", "", "for Weir"),
    ("data_collection deny", "", "for Weir"),
    ("session_id", "", "for Weir"),
    ("metadata", "", "for Weir"),
    ("truncation", "", "for Weir"),
    ("store", "", "Weir keeps no answers: as if it said no"),
    ("include encrypted reasoning", "", "Weir always asks for it"),
    ("reasoning hidden", "", "Weir leaves it out of the answer"),
    ("echo", "", "Weir puts the prompt before the answer"),
    ("stream", "gemini", "the address says it"),
    ("stream", "bedrock", "the address says it"),
    (
        "stream",
        "replicate",
        "answers come whole and are given out as a stream",
    ),
    ("tool_choice auto", "", "what is meant without it"),
    ("functionCallingConfig AUTO", "", "what is meant without it"),
    ("response_format text", "", "what is meant without it"),
    (
        "response_format strict schema",
        "anthropic",
        "schemas are always binding there",
    ),
    (
        "response_format strict schema",
        "gemini",
        "schemas are always binding there",
    ),
    (
        "text.format strict schema",
        "anthropic",
        "schemas are always binding there",
    ),
    (
        "text.format strict schema",
        "gemini",
        "schemas are always binding there",
    ),
    (
        "response_format strict schema",
        "bedrock",
        "schemas are always binding there",
    ),
    (
        "text.format strict schema",
        "bedrock",
        "schemas are always binding there",
    ),
];

/// The fate of every feature of a sheet towards one dialect.
pub(super) fn fates<'s>(
    sheet: &'s Sheet,
    serve: &'static dyn Serve,
    call: &'static dyn Call,
) -> impl Iterator<Item = (&'s Feature, Fate)> {
    let always = written(serve, call, &sheet.base).unwrap().1;
    sheet.pairs().map(move |(feature, with, without)| {
        // Where what it stands on is refused, so is the feature.
        let fate = match (written(serve, call, &without), written(serve, call, &with)) {
            (Ok(plain), Ok(featured)) => {
                let nothing = NOTHING.iter().find(|(name, to, _)| {
                    *name == feature.name && (to.is_empty() || *to == call.dialect().name())
                });
                fate_of(&plain, featured, &always, nothing.map(|(_, _, why)| *why))
            }
            (Err(error), _) | (_, Err(error)) => Fate::Refused(error),
        };
        (feature, fate)
    })
}

/// What a vendor is sent, and what is declared lost.
type Written = (Value, Vec<Loss>);

fn written(serve: &dyn Serve, call: &dyn Call, body: &Value) -> Result<Written, String> {
    let form = Form::default();
    let target = target_of(call.dialect(), &form);
    let mut loss = Vec::new();
    let request = serve
        .parse_request(body.to_string().as_bytes())
        .map_err(|error| error.to_string())?;
    let (sent, _) =
        render(call, &request, &target, &mut loss).map_err(|error| error.to_string())?;
    Ok((serde_json::from_slice(&sent).unwrap(), loss))
}

fn fate_of(
    plain: &Written,
    featured: Written,
    always: &[Loss],
    nothing: Option<&'static str>,
) -> Fate {
    let is_told = featured.0 != plain.0;
    let new = minus(&featured.1, &plain.1);
    match (is_told, new.is_empty()) {
        (true, true) => Fate::Carried,
        (true, false) => Fate::Partly(new),
        (false, false) => Fate::Lost(new),
        (false, true) => {
            // What it stands on may be lost already, and the feature with it.
            let below = minus(&featured.1, always);
            match nothing {
                Some(why) => Fate::Nothing(why),
                None if below.is_empty() => Fate::Silent,
                None => Fate::Lost(below),
            }
        }
    }
}

fn minus(losses: &[Loss], known: &[Loss]) -> Vec<Loss> {
    let mut rest = losses.to_vec();
    for known in known {
        if let Some(place) = rest.iter().position(|loss| loss == known) {
            rest.remove(place);
        }
    }
    rest
}
