//! Writing a request.

use canon::{Format, Request};

use super::{DIALECT, messages, options};
use crate::{
    Error, Loss, Target,
    body::Body,
    tools::{Choice, Offer},
    unsaid::{UNKNOWN, lose_set, own_fields},
};

/// Fields that only Ollama has. `options` is joined with what the request says in other words.
const OWN: &[&str] = &["keep_alive", "truncate", "shift", "options"];

/// Writes a request.
///
/// # Errors
/// A picture or a file that cannot stand in a message.
pub(super) fn render_request(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(1024);
    let mut body = Body::open(&mut out, target, loss);
    body.field("model", target.upstream_model);
    messages::render_messages(request, &mut body)?;
    render_tools(request, &mut body);
    render_format(request.format.as_ref(), &mut body);
    let own = own_fields(request, OWN, body.loss);
    options::render_options(request, &own, &mut body);
    options::render_think(request, target, &mut body);
    let logprobs = request.sampling.logprobs.filter(|wanted| *wanted);
    body.optional("logprobs", logprobs);
    body.optional("top_logprobs", request.sampling.top_logprobs);
    // It streams unless it is told not to.
    body.field("stream", &request.stream);
    for (name, value) in own {
        if let Some(name) = OWN.iter().find(|own| **own == name && name != "options") {
            body.field(name, value);
        }
    }
    body.close();
    report(request, loss);
    Ok(out)
}

fn render_tools(request: &Request, body: &mut Body<'_, '_>) {
    let mut offer = Offer::of(request, DIALECT, body.loss);
    match offer.choice {
        Choice::Auto => {}
        // Without tools there is no call.
        Choice::Never => return,
        Choice::Any => body.lose("tool_choice", "a call cannot be demanded here"),
        Choice::One(name) => {
            offer.keep_only(name);
            body.lose(
                "tool_choice",
                "a call cannot be demanded here; no other function is offered",
            );
        }
    }
    if !body.takes("tools", !offer.is_empty()) {
        return;
    }
    let mut list = body.object.array("tools");
    for function in &offer.functions {
        let mut tool = list.object();
        tool.field("type", "function");
        let mut object = tool.object("function");
        object.field("name", function.name);
        object.optional("description", function.description);
        object.optional("parameters", function.parameters);
        object.close();
        tool.close();
    }
    for native in &offer.natives {
        list.item(*native);
    }
    list.close();
    for function in &offer.functions {
        let marks = [
            (
                function.strict == Some(true),
                "strict",
                "schemas of arguments are not guaranteed here",
            ),
            (
                function.cache.is_some(),
                "cache_control",
                "prompts are cached without being asked here",
            ),
        ];
        for (is_set, field, why) in marks {
            if is_set {
                let what = format!("tools[{}].{field}", function.index);
                body.loss.push(Loss::new(what, why));
            }
        }
    }
}

fn render_format(format: Option<&Format>, body: &mut Body<'_, '_>) {
    match format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => body.field("format", "json"),
        Some(Format::JsonSchema {
            name,
            description,
            schema,
            strict: _,
        }) => {
            match schema {
                Some(schema) => body.field("format", schema),
                None => body.field("format", "json"),
            }
            let unknown = [
                ("response_format.json_schema.name", name.is_some()),
                (
                    "response_format.json_schema.description",
                    description.is_some(),
                ),
            ];
            lose_set(unknown, "schemas have no names here", body.loss);
        }
        Some(Format::Grammar(_) | Format::Python) => {
            body.lose("response_format", "answers are free text or JSON here");
        }
    }
}

/// Reports what the whole request says and Ollama has no word for.
fn report(request: &Request, loss: &mut Vec<Loss>) {
    let one_call = request.parallel_tool_calls == Some(false) && !request.tools.is_empty();
    let wants_media = request.modalities.iter().any(|kind| kind != "text");
    let unknown = [
        ("parallel_tool_calls", one_call),
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
