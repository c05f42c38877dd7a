//! Writing what tools are on offer and which of them may be used.

use canon::{Dialect, Tool, ToolChoice, ToolKind};
use serde_json::{Map, Value};

use super::FOREIGN;
use crate::Loss;
use crate::json::Object;

/// What tools a request offers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    Nothing,
    /// Only tools that Gemini runs itself.
    Natives,
    Functions,
}

/// Functions go into one tool, Gemini's own tools beside it. Says what was written.
pub(super) fn render_tools(body: &mut Object<'_>, tools: &[Tool], loss: &mut Vec<Loss>) -> Offered {
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
        return Offered::Nothing;
    }
    let mut list = body.array("tools");
    if !functions.is_empty() {
        let mut tool = list.object();
        let mut declarations = tool.array("functionDeclarations");
        for function in &functions {
            render_function(declarations.next(), function);
        }
        declarations.close();
        tool.close();
    }
    for native in natives {
        list.item(native);
    }
    list.close();
    if functions.is_empty() {
        Offered::Natives
    } else {
        Offered::Functions
    }
}

/// JSON Schema goes as it is into `parametersJsonSchema`; `parameters` would want it translated
/// into a subset of OpenAPI's, which loses `$ref`, `additionalProperties` and more. A caller's own `parameters` stand
/// among the extra fields.
fn render_function(out: &mut Vec<u8>, tool: &Tool) {
    let ToolKind::Function {
        name,
        description,
        parameters,
        strict: _,
    } = &tool.kind
    else {
        debug_assert!(false, "only functions are declared");
        return;
    };
    let own = tool.extras.of(Dialect::Gemini);
    let mut declaration = Object::open(out);
    declaration.field("name", name);
    declaration.optional("description", description.as_deref());
    if own.is_none_or(|own| !own.contains_key("parameters")) {
        declaration.optional("parametersJsonSchema", parameters.as_ref());
    }
    for (name, value) in own.into_iter().flatten() {
        declaration.field(name, value);
    }
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
    let foreign = tool.extras.any();
    let foreign = foreign.filter(|(dialect, _)| *dialect != Dialect::Gemini);
    for (name, _) in foreign.into_iter().flat_map(|(_, fields)| fields) {
        loss.push(Loss::new(format!("tools[{index}].{name}"), FOREIGN));
    }
}

/// Whether a choice says something beside what is offered; where it would have said something else, that is lost.
pub(super) fn is_sayable(choice: &ToolChoice, offered: Offered, loss: &mut Vec<Loss>) -> bool {
    match choice {
        _ if offered == Offered::Functions => true,
        ToolChoice::Required if offered == Offered::Natives => true,
        ToolChoice::Native { .. } => true,
        ToolChoice::Auto | ToolChoice::None => false,
        ToolChoice::Required
        | ToolChoice::Function(_)
        | ToolChoice::Custom(_)
        | ToolChoice::Allowed { .. } => {
            loss.push(Loss::new("tool_choice", "there is no function to choose"));
            false
        }
    }
}

/// Writes `toolConfig`; `own` are its fields that only Gemini has.
pub(super) fn render_choice(
    body: &mut Object<'_>,
    choice: Option<&ToolChoice>,
    own: Option<&Map<String, Value>>,
    loss: &mut Vec<Loss>,
) {
    let mut native = None;
    let calling = match choice {
        None => None,
        Some(ToolChoice::Native { dialect, value }) if *dialect == Dialect::Gemini => {
            native = value.as_object();
            None
        }
        Some(ToolChoice::Native { .. } | ToolChoice::Custom(_)) => {
            loss.push(Loss::new("tool_choice", FOREIGN));
            None
        }
        Some(ToolChoice::Auto) => Some(("AUTO", None)),
        Some(ToolChoice::None) => Some(("NONE", None)),
        Some(ToolChoice::Required) => Some(("ANY", None)),
        Some(ToolChoice::Function(name)) => Some(("ANY", Some(std::slice::from_ref(name)))),
        Some(ToolChoice::Allowed { required, names }) => {
            // The one mode that is free and takes names, too.
            let mode = if *required { "ANY" } else { "VALIDATED" };
            Some((mode, Some(names.as_slice())))
        }
    };
    if calling.is_none() && native.is_none() && own.is_none() {
        return;
    }
    let mut config = body.object("toolConfig");
    if let Some((mode, allowed)) = calling {
        let mut calling = config.object("functionCallingConfig");
        calling.field("mode", mode);
        calling.optional("allowedFunctionNames", allowed);
        calling.close();
    }
    for (name, value) in native.into_iter().chain(own).flatten() {
        config.field(name, value);
    }
    config.close();
}
