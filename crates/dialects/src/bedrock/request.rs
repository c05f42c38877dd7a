//! Writing a request.

use canon::Request;

use super::{config, model::Family, tools::render_tools, turns::Prompt};
use crate::{
    Error, Loss, Target,
    body::Body,
    path,
    unsaid::{UNKNOWN, lose_set, own_fields},
};

/// Fields that only Converse has.
const OWN: &[&str] = &[
    ADDITIONAL,
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
];
/// What the model's own vendor has words for; joined with what the request says of that kind.
const ADDITIONAL: &str = "additionalModelRequestFields";

/// Writes a request; the model and whether to stream stand in the path.
///
/// # Errors
/// The model's name is no path segment; a part of the conversation cannot be said (see [`Prompt::of`]).
pub(super) fn render_request(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    path::check(target.upstream_model)?;
    let family = Family::of(target);
    let prompt = Prompt::of(request, family, loss)?;
    let mut out = Vec::with_capacity(1024);
    let mut body = Body::open(&mut out, target, loss);
    prompt.render(&mut body.object);
    let own = own_fields(request, OWN, body.loss);
    let additional = own.iter().find(|(name, _)| *name == ADDITIONAL);
    let additional = additional.map(|(_, value)| *value);
    config::render_config(request, target, family, additional, &mut body);
    render_tools(request, family, &mut body);
    config::render_format(request.format.as_ref(), &mut body);
    config::render_tier(request.service_tier.as_deref(), &mut body);
    for (name, value) in own {
        if let Some(name) = OWN.iter().find(|own| **own == name && name != ADDITIONAL) {
            body.field(name, value);
        }
    }
    body.close();
    report(request, loss);
    Ok(out)
}

/// Reports what the whole request says and Converse has no word for.
fn report(request: &Request, loss: &mut Vec<Loss>) {
    let one_call = request.parallel_tool_calls == Some(false) && !request.tools.is_empty();
    let wants_media = request.modalities.iter().any(|kind| kind != "text");
    let unknown = [
        ("parallel_tool_calls", one_call),
        ("modalities", wants_media),
        ("audio", request.speech.is_some()),
        ("prompt_cache_key", request.prompt_cache_key.is_some()),
        ("user", request.user.is_some()),
        ("metadata", request.metadata.is_some()),
    ];
    lose_set(unknown, UNKNOWN, loss);
}
