//! Tools on offer and the choice among them, both ways.

use canon::{Request, Tool, ToolChoice, ToolKind};
use serde_json::{Map, Value, json};

use crate::{
    Error, Fields, Loss,
    anthropic::wire::{DIALECT, join, lose_foreign, render_tail_without, take_tail},
    json::{Array, Object},
};

/// Tools whose `type` begins like this are run by the router, not by Anthropic.
const ROUTER_TOOLS: &str = "openrouter:";

pub(super) fn take_tools(fields: &mut Fields) -> Result<Vec<Tool>, Error> {
    let tools = fields.objects("tools")?.unwrap_or_default();
    tools.into_iter().map(parse_tool).collect()
}

fn parse_tool(mut tool: Fields) -> Result<Tool, Error> {
    match tool.peek("type").and_then(Value::as_str) {
        None if tool.has("type") => {
            tool.required_string("type")?;
        }
        None | Some("custom") => {
            tool.value("type");
        }
        Some(_) => {
            return Ok(Tool {
                kind: ToolKind::Native {
                    dialect: DIALECT,
                    value: Value::Object(tool.into_map()),
                },
                cache: None,
                extras: canon::Extras::NONE,
            });
        }
    }
    let name = tool.required_string("name")?;
    let description = tool.string("description")?;
    let parameters = tool.map("input_schema")?.map(Value::Object);
    let strict = tool.bool("strict")?;
    let mut tail = take_tail(tool)?;
    if let Some(strict) = strict {
        // Said to Anthropic only where the caller speaks its dialect; see `render_function`.
        tail.extras.insert(DIALECT, "strict", strict.into());
    }
    Ok(Tool {
        kind: ToolKind::Function {
            name,
            description,
            parameters,
            strict,
        },
        cache: tail.cache,
        extras: tail.extras,
    })
}

/// Takes `tool_choice`, and out of it whether several calls may come at once.
pub(super) fn take_choice(
    fields: &mut Fields,
) -> Result<(Option<ToolChoice>, Option<bool>), Error> {
    let whole = fields.peek("tool_choice").cloned();
    let Some(mut choice) = fields.object("tool_choice")? else {
        return Ok((None, None));
    };
    let kind = choice.required_string("type")?;
    let disable = choice.bool("disable_parallel_tool_use")?;
    let parallel = disable.map(|disable| !disable);
    let choice = match kind.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Function(choice.required_string("name")?),
        _ => ToolChoice::Native {
            dialect: DIALECT,
            value: whole.unwrap_or_default(),
        },
    };
    Ok((Some(choice), parallel))
}

/// Writes `tools` where there are any that can be said; returns whether there are.
pub(super) fn render_tools(request: &Request, body: &mut Object<'_>, loss: &mut Vec<Loss>) -> bool {
    let mut sayable = Vec::new();
    for (index, tool) in request.tools.iter().enumerate() {
        let at = format!("tools[{index}]");
        match &tool.kind {
            ToolKind::Native { dialect, .. } if *dialect != DIALECT => {
                loss.push(Loss::new(at, "a tool of another vendor's"));
            }
            ToolKind::Native { value, .. } if is_router_tool(value) => {
                loss.push(Loss::new(at, "a tool that the router would run"));
            }
            ToolKind::Custom { .. } => loss.push(Loss::new(at, "a tool that takes free text")),
            ToolKind::Native { .. } | ToolKind::Function { .. } => sayable.push((at, tool)),
        }
    }
    if sayable.is_empty() {
        return false;
    }
    let mut list = body.array("tools");
    for (at, tool) in sayable {
        render_tool(tool, request.stream, &mut list);
        lose_of_tool(tool, &at, loss);
    }
    list.close();
    true
}

fn is_router_tool(value: &Value) -> bool {
    let kind = value.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with(ROUTER_TOOLS))
}

/// A schema's guarantee has conditions at Anthropic that other vendors' schemas rarely meet (closed objects,
/// at most 20 such tools), so it is asked for only by callers who speak this dialect.
fn lose_of_tool(tool: &Tool, at: &str, loss: &mut Vec<Loss>) {
    lose_foreign(&tool.extras, at, loss);
    if let ToolKind::Function {
        strict: Some(true), ..
    } = &tool.kind
        && !has_own(tool, "strict")
    {
        loss.push(Loss::new(
            join(at, "strict"),
            "asked in another dialect's terms",
        ));
    }
}

fn has_own(tool: &Tool, name: &str) -> bool {
    tool.extras
        .of(DIALECT)
        .is_some_and(|own| own.contains_key(name))
}

fn render_tool(tool: &Tool, stream: bool, list: &mut Array<'_>) {
    let ToolKind::Function {
        name,
        description,
        parameters,
        ..
    } = &tool.kind
    else {
        if let ToolKind::Native { value, .. } = &tool.kind {
            list.item(value);
        }
        return;
    };
    let mut object = list.object();
    object.field("name", name);
    object.optional("description", description.as_deref());
    match parameters {
        Some(Value::Object(schema)) if schema.contains_key("type") => {
            object.field("input_schema", schema);
        }
        Some(Value::Object(schema)) => {
            // The type is demanded; other vendors take it for granted.
            let mut typed: Map<String, Value> = schema.clone();
            typed.insert("type".to_owned(), "object".into());
            object.field("input_schema", &typed);
        }
        _ => object.field("input_schema", &json!({"type": "object", "properties": {}})),
    }
    if stream && !has_own(tool, "eager_input_streaming") {
        object.field("eager_input_streaming", &true);
    }
    render_tail_without(&[], tool.cache, &tool.extras, &mut object);
    object.close();
}

/// Writes `tool_choice`, which may only stand beside tools.
pub(super) fn render_choice(
    request: &Request,
    has_tools: bool,
    body: &mut Object<'_>,
    loss: &mut Vec<Loss>,
) {
    let parallel = request.parallel_tool_calls;
    if !has_tools {
        if let Some(
            ToolChoice::Required
            | ToolChoice::Function(_)
            | ToolChoice::Custom(_)
            | ToolChoice::Allowed { .. }
            | ToolChoice::Native { .. },
        ) = request.tool_choice
        {
            loss.push(Loss::new(
                "tool_choice",
                "there are no tools to choose from",
            ));
        }
        return;
    }
    let (kind, name) = match &request.tool_choice {
        None if parallel == Some(false) => ("auto", None),
        None => return,
        Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(name)),
        Some(ToolChoice::Native { dialect, value }) if *dialect == DIALECT => {
            body.field("tool_choice", value);
            return;
        }
        Some(ToolChoice::Allowed { required, names }) => match names.as_slice() {
            [name] if *required => ("tool", Some(name)),
            _ => {
                loss.push(Loss::new("tool_choice", "a choice among several tools"));
                (if *required { "any" } else { "auto" }, None)
            }
        },
        Some(ToolChoice::Native { .. } | ToolChoice::Custom(_)) => {
            loss.push(Loss::new("tool_choice", "a choice of another dialect's"));
            return;
        }
    };
    let mut choice = body.object("tool_choice");
    choice.field("type", kind);
    choice.optional("name", name);
    if kind != "none" {
        let disable = parallel.map(|parallel| !parallel);
        choice.optional("disable_parallel_tool_use", disable);
    }
    choice.close();
}

/// Whether a tool must be called.
pub(super) fn is_forced(request: &Request) -> bool {
    !request.tools.is_empty()
        && matches!(
            request.tool_choice,
            Some(ToolChoice::Required | ToolChoice::Function(_))
        )
}
