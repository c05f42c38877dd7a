//! Writing a request: everything stands in `input`.

use canon::{Format, Request, ToolChoice};

use super::{options, prompt, version};
use crate::{
    Error, Loss, Target,
    body::Body,
    json::Object,
    path::check,
    unsaid::{UNKNOWN, lose_set, own_fields},
};

/// Inputs that some models have and canon has no word for. Callers of any dialect may set them.
const OWN: &[&str] = &[
    "min_tokens",
    "length_penalty",
    "prompt_template",
    "max_image_resolution",
];

/// Writes a request.
///
/// # Errors
/// Tools that may be called, calls and their results, an answer in a form, media but for one picture, a name of a model
/// that makes no address.
pub(super) fn render_request(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    for part in target.upstream_model.split('/') {
        check(part)?;
    }
    refuse_unsayable(request)?;
    let mut out = Vec::with_capacity(1024);
    let mut outer = Object::open(&mut out);
    outer.optional("version", version(target.upstream_model));
    // What a vendor drops are inputs.
    let mut input = Body::open(outer.key("input"), target, loss);
    prompt::render_prompt(request, &mut input)?;
    options::render_options(request, &mut input);
    for (name, value) in own_fields(request, OWN, input.loss) {
        if let Some(name) = OWN.iter().find(|own| **own == name) {
            input.field(name, value);
        }
    }
    input.close();
    outer.close();
    report(request, loss);
    Ok(out)
}

/// What no prompt can say, and what left out would change the question.
fn refuse_unsayable(request: &Request) -> Result<(), Error> {
    let refused = |what: &str, why| {
        let what = what.to_owned();
        Err(Error::Unsayable { what, why })
    };
    let may_call = request.tool_choice != Some(ToolChoice::None);
    if may_call && !request.tools.is_empty() {
        return refused(
            "tools",
            "models at Replicate take a prompt and no functions",
        );
    }
    match &request.format {
        None | Some(Format::Text) => Ok(()),
        Some(
            Format::JsonObject | Format::JsonSchema { .. } | Format::Grammar(_) | Format::Python,
        ) => refused(
            "response_format",
            "answers of models at Replicate are free text",
        ),
    }
}

/// Reports what the whole request says and Replicate has no word for.
fn report(request: &Request, loss: &mut Vec<Loss>) {
    let wants_media = request.modalities.iter().any(|kind| kind != "text");
    let unknown = [
        ("modalities", wants_media),
        ("audio", request.speech.is_some()),
        ("cache_control", request.cache.is_some()),
        ("prompt_cache_key", request.prompt_cache_key.is_some()),
        ("service_tier", request.service_tier.is_some()),
        ("verbosity", request.verbosity.is_some()),
        ("user", request.user.is_some()),
        ("metadata", request.metadata.is_some()),
    ];
    lose_set(unknown, UNKNOWN, loss);
}
