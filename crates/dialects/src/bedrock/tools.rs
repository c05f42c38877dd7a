//! `toolConfig`: the tools on offer and which of them may be used.

use canon::{Part, Request};

use super::{DIALECT, model::Family, piece::render_cache_point};
use crate::{
    Loss,
    body::Body,
    tools::{Choice, Function, Offer},
};

/// Writes `toolConfig`, where there are tools.
pub(super) fn render_tools(request: &Request, family: Family, body: &mut Body<'_, '_>) {
    let offer = Offer::of(request, DIALECT, body.loss);
    if offer.choice == Choice::Never {
        if !has_calls(request) {
            return;
        }
        // Calls in the conversation demand their tools, and no word keeps the model from another one.
        body.lose(
            "tool_choice",
            "the conversation has calls, so tools stay on offer",
        );
    }
    if !body.takes("toolConfig", !offer.is_empty()) {
        return;
    }
    let mut config = body.object.object("toolConfig");
    let mut list = config.array("tools");
    for function in &offer.functions {
        let mut tool = list.object();
        render_function(function, tool.key("toolSpec"));
        tool.close();
        if let Some(mark) = function.cache {
            if family.takes_cache_lifetimes() {
                render_cache_point(mark.ttl, &mut list);
            } else {
                let what = format!("tools[{}].cache_control", function.index);
                let why = "this model does not cache tools up to a mark";
                body.loss.push(Loss::new(what, why));
            }
        }
    }
    for native in &offer.natives {
        list.item(*native);
    }
    list.close();
    match offer.choice {
        // The default.
        Choice::Auto | Choice::Never => {}
        Choice::Any => config.raw("toolChoice", r#"{"any":{}}"#),
        Choice::One(name) => {
            let mut choice = config.object("toolChoice");
            let mut tool = choice.object("tool");
            tool.field("name", name);
            tool.close();
            choice.close();
        }
    }
    config.close();
}

fn render_function(function: &Function<'_>, out: &mut Vec<u8>) {
    let mut spec = crate::json::Object::open(out);
    spec.field("name", function.name);
    // An empty one is refused.
    spec.optional(
        "description",
        function.description.filter(|text| !text.is_empty()),
    );
    let mut schema = spec.object("inputSchema");
    match function.parameters {
        Some(parameters) => schema.field("json", parameters),
        None => schema.raw("json", r#"{"type":"object","properties":{}}"#),
    }
    schema.close();
    spec.optional("strict", function.strict);
    spec.close();
}

fn has_calls(request: &Request) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.any(|part| matches!(part, Part::ToolCall(_) | Part::ToolResult(_)))
}
