//! Writing a request.

use canon::Request;

use super::{DIALECT, messages, options};
use crate::{
    Error, Loss, Target,
    body::Body,
    tools::{Choice, Offer},
    unsaid::{UNKNOWN, lose_set, own_fields},
};

/// Fields that only Cohere has. `documents` are joined with those that stand in the messages.
const OWN: &[&str] = &[
    "documents",
    "citation_options",
    "safety_mode",
    "strict_tools",
    "raw_prompting",
    "priority",
];

/// Writes a request.
///
/// # Errors
/// Media that Cohere cannot have (see [`messages`]).
pub(super) fn render_request(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(1024);
    let mut body = Body::open(&mut out, target, loss);
    body.field("model", target.upstream_model);
    let mut documents = messages::render_messages(request, target, &mut body)?;
    let own = own_fields(request, OWN, body.loss);
    for (name, value) in own {
        match (name, value.as_array()) {
            ("documents", Some(list)) => {
                documents.splice(0..0, list.iter().cloned()).for_each(drop)
            }
            _ => {
                if let Some(name) = OWN.iter().find(|own| **own == name) {
                    body.field(name, value);
                }
            }
        }
    }
    let has_documents = !documents.is_empty();
    body.optional("documents", has_documents.then_some(documents));
    render_tools(request, &mut body);
    options::render_format(request.format.as_ref(), &mut body);
    options::render_sampling(&request.sampling, &mut body);
    options::render_thinking(request, target, &mut body);
    body.optional("stream", request.stream.then_some(true));
    body.close();
    report(request, loss);
    Ok(out)
}

fn render_tools(request: &Request, body: &mut Body<'_, '_>) {
    let mut offer = Offer::of(request, DIALECT, body.loss);
    let choice = match offer.choice {
        Choice::Auto => None,
        Choice::Never => Some("NONE"),
        Choice::Any => Some("REQUIRED"),
        Choice::One(name) => {
            offer.keep_only(name);
            Some("REQUIRED")
        }
    };
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
    body.optional("tool_choice", choice);
    // One word for all tools.
    let is_strict = |function: &crate::tools::Function<'_>| function.strict == Some(true);
    let says_so = request
        .extras
        .any()
        .is_some_and(|(_, fields)| fields.contains_key("strict_tools"));
    let all_strict = offer.functions.iter().all(is_strict) && !offer.functions.is_empty();
    if all_strict && !says_so {
        body.field("strict_tools", &true);
    }
    for function in &offer.functions {
        let mut lose = |field: &str, why| {
            let what = format!("tools[{}].{field}", function.index);
            body.loss.push(Loss::new(what, why));
        };
        if is_strict(function) && !all_strict {
            lose("strict", "all tools are strict here or none");
        }
        if function.cache.is_some() {
            lose(
                "cache_control",
                "prompts are cached without being asked here",
            );
        }
    }
}

/// Reports what the whole request says and Cohere has no word for.
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
