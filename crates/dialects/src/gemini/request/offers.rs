//! Reading what tools a caller offers and which of them may be used.

use canon::{Dialect, Extras, Tool, ToolChoice, ToolKind};
use serde_json::{Map, Value};

use super::super::{schema, spelling};
use crate::{Error, Fields};

/// Takes `tools`. One entry may hold functions and several of Google's own tools; each becomes a tool of its own.
///
/// # Errors
/// A wrong type, or a function without a name.
pub(super) fn parse_tools(outer: &mut Fields) -> Result<Vec<Tool>, Error> {
    let mut tools = Vec::new();
    for mut entry in spelling::objects(outer, "tools")? {
        for function in spelling::objects(&mut entry, "functionDeclarations")? {
            tools.push(parse_function(function)?);
        }
        for (name, value) in entry.into_map() {
            let value = Value::Object(Map::from_iter([(name, value)]));
            tools.push(tool(
                ToolKind::Native {
                    dialect: Dialect::Gemini,
                    value,
                },
                Extras::NONE,
            ));
        }
    }
    Ok(tools)
}

const fn tool(kind: ToolKind, extras: Extras) -> Tool {
    Tool {
        kind,
        cache: None,
        extras,
    }
}

/// Google's own form of the schema is kept as an extra field: it goes back to Google as it came.
fn parse_function(mut function: Fields) -> Result<Tool, Error> {
    let name = function.required_string("name")?;
    let description = function.string("description")?;
    let json = function.value("parametersJsonSchema");
    let parameters = json.or_else(|| function.peek("parameters").map(schema::to_json_schema));
    let kind = ToolKind::Function {
        name,
        description,
        parameters,
        strict: None,
    };
    Ok(tool(kind, function.rest(Dialect::Gemini)))
}

/// What `toolConfig` says.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) choice: Option<ToolChoice>,
    /// What only Google has.
    pub(super) rest: Map<String, Value>,
}

/// Takes `toolConfig`.
///
/// # Errors
/// A wrong type, or a mode that there is not.
pub(super) fn parse_choice(outer: &mut Fields) -> Result<Choice, Error> {
    let Some(mut config) = spelling::object(outer, "toolConfig")? else {
        return Ok(Choice::default());
    };
    let choice = match spelling::object(&mut config, "functionCallingConfig")? {
        Some(calling) => parse_calling(calling)?,
        None => None,
    };
    let rest = config.into_map();
    Ok(Choice { choice, rest })
}

fn parse_calling(mut calling: Fields) -> Result<Option<ToolChoice>, Error> {
    let mode = calling.string("mode")?;
    let mut names = calling.strings("allowedFunctionNames")?.unwrap_or_default();
    let choice = match mode.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("MODE_UNSPECIFIED") => return Ok(None),
        Some("NONE") => ToolChoice::None,
        Some("AUTO") => ToolChoice::Auto,
        Some("ANY") => match (names.pop(), names.is_empty()) {
            (None, _) => ToolChoice::Required,
            (Some(name), true) => ToolChoice::Function(name),
            (Some(name), false) => {
                names.push(name);
                ToolChoice::Allowed {
                    required: true,
                    names,
                }
            }
        },
        Some("VALIDATED") if !names.is_empty() => ToolChoice::Allowed {
            required: false,
            names,
        },
        // Free, but for the schema of the arguments: only Google has it.
        Some("VALIDATED") => ToolChoice::Native {
            dialect: Dialect::Gemini,
            value: serde_json::json!({"functionCallingConfig": {"mode": "VALIDATED"}}),
        },
        Some(_) => {
            let expected = "\"AUTO\", \"ANY\", \"NONE\" or \"VALIDATED\"";
            let found = mode.map_or(Value::Null, Value::String);
            return Err(calling.wrong("mode", expected, &found));
        }
    };
    Ok(Some(choice))
}
