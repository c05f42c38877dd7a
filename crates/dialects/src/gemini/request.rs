//! Writing a request.

use canon::{Dialect, Request, Tool, ToolChoice, ToolKind};
use serde_json::{Map, Value};

use super::contents::{self, Contents};
use super::{config, wire};
use crate::json::Object;
use crate::{Error, Loss, Target, Thinking};

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
    let signs_calls = target.thinking == Thinking::Effort;
    let contents = contents::arrange(request, signs_calls, loss)?;
    let extras = request.extras.of(Dialect::Gemini);
    let mut out = Vec::with_capacity(1024);
    let mut body = Object::open(&mut out);
    render_contents(&mut body, &contents);
    let has_functions = render_tools(&mut body, &request.tools, loss);
    render_tool_choice(&mut body, request.tool_choice.as_ref(), has_functions, loss);
    let own_config = extras.and_then(|extras| extras.get("generationConfig")?.as_object());
    config::render_config(&mut body, request, target, own_config, loss);
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

/// Functions go into one tool, Gemini's own tools beside it. Says whether there are functions.
fn render_tools(body: &mut Object<'_>, tools: &[Tool], loss: &mut Vec<Loss>) -> bool {
    let mut functions = Vec::new();
    let mut natives = Vec::new();
    for (index, tool) in tools.iter().enumerate() {
        match &tool.kind {
            ToolKind::Function { .. } => functions.push(tool),
            ToolKind::Native { dialect, value } if *dialect == Dialect::Gemini => {
                natives.push(value);
            }
            ToolKind::Custom { .. } => {
                loss.push(Loss::new(
                    format!("tools[{index}]"),
                    "a tool that takes free text",
                ));
            }
            ToolKind::Native { .. } => loss.push(Loss::new(format!("tools[{index}]"), FOREIGN)),
        }
        report_tool(index, tool, loss);
    }
    if functions.is_empty() && natives.is_empty() {
        return false;
    }
    let mut list = body.array("tools");
    if !functions.is_empty() {
        let mut tool = list.object();
        let mut declarations = tool.array("functionDeclarations");
        for function in &functions {
            render_function(declarations.next(), &function.kind);
        }
        declarations.close();
        tool.close();
    }
    for native in natives {
        list.item(native);
    }
    list.close();
    !functions.is_empty()
}

/// JSON Schema goes as it is into `parametersJsonSchema`; `parameters` would want it translated
/// into a subset of OpenAPI's, which loses `$ref`, `additionalProperties` and more.
fn render_function(out: &mut Vec<u8>, kind: &ToolKind) {
    let ToolKind::Function {
        name,
        description,
        parameters,
        strict: _,
    } = kind
    else {
        debug_assert!(false, "only functions are declared");
        return;
    };
    let mut declaration = Object::open(out);
    declaration.field("name", name);
    declaration.optional("description", description.as_deref());
    declaration.optional("parametersJsonSchema", parameters.as_ref());
    declaration.close();
}

fn report_tool(index: usize, tool: &Tool, loss: &mut Vec<Loss>) {
    if tool.cache.is_some() {
        let what = format!("tools[{index}].cache_control");
        loss.push(Loss::new(
            what,
            "prompts are cached without being asked here",
        ));
    }
    if matches!(
        tool.kind,
        ToolKind::Function {
            strict: Some(true),
            ..
        }
    ) {
        let what = format!("tools[{index}].strict");
        loss.push(Loss::new(
            what,
            "schemas of arguments are not guaranteed here",
        ));
    }
    for (name, _) in tool.extras.any().into_iter().flat_map(|(_, fields)| fields) {
        loss.push(Loss::new(format!("tools[{index}].{name}"), FOREIGN));
    }
}

fn render_tool_choice(
    body: &mut Object<'_>,
    choice: Option<&ToolChoice>,
    has_functions: bool,
    loss: &mut Vec<Loss>,
) {
    let (mode, allowed) = match choice {
        None => return,
        Some(ToolChoice::Native { dialect, value }) => {
            if *dialect == Dialect::Gemini {
                body.field("toolConfig", value);
            } else {
                loss.push(Loss::new("tool_choice", FOREIGN));
            }
            return;
        }
        Some(ToolChoice::Auto | ToolChoice::None) if !has_functions => return,
        Some(_) if !has_functions => {
            loss.push(Loss::new("tool_choice", "there is no function to choose"));
            return;
        }
        Some(ToolChoice::Auto) => ("AUTO", None),
        Some(ToolChoice::None) => ("NONE", None),
        Some(ToolChoice::Required) => ("ANY", None),
        Some(ToolChoice::Function(name)) => ("ANY", Some(std::slice::from_ref(name))),
        Some(ToolChoice::Allowed {
            required: true,
            names,
        }) => ("ANY", Some(names.as_slice())),
        Some(ToolChoice::Allowed { .. } | ToolChoice::Custom(_)) => {
            loss.push(Loss::new("tool_choice", FOREIGN));
            return;
        }
    };
    let mut tool_config = body.object("toolConfig");
    let mut calling = tool_config.object("functionCallingConfig");
    calling.field("mode", mode);
    calling.optional("allowedFunctionNames", allowed);
    calling.close();
    tool_config.close();
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
        } else if name != "generationConfig" {
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
        ("service_tier", request.service_tier.is_some()),
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
