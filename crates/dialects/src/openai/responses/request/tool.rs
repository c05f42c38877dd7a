//! Tools on offer and which of them to use. They are flat here, unlike in chat.

use canon::{Tool, ToolChoice, ToolKind};
use serde_json::Value;

use crate::{
    Error, Fields,
    fields::wrong,
    openai::{chat::request::take_cache, responses::DIALECT},
};

/// What the type of a tool that the gateway would run itself begins with.
const SERVER_TOOL_PREFIX: &str = "openrouter:";
const NO_SERVER_TOOLS: &str =
    "a tool of the caller's or the vendor's: this server has no server tools";
const CHOICES: &str =
    "\"none\", \"auto\", \"required\" or an object such as {\"type\":\"function\",\"name\":…}";

/// Takes `tools`.
pub(super) fn take_tools(fields: &mut Fields) -> Result<Vec<Tool>, Error> {
    let tools = fields.objects("tools")?.unwrap_or_default();
    tools.into_iter().map(parse_tool).collect()
}

fn parse_tool(mut tool: Fields) -> Result<Tool, Error> {
    let Some(kind) = tool.peek("type").cloned() else {
        return Err(tool.missing("type", "the kind of tool, such as \"function\""));
    };
    let Value::String(kind) = kind else {
        return Err(tool.wrong("type", "a string", &kind));
    };
    if kind.starts_with(SERVER_TOOL_PREFIX) {
        return Err(tool.wrong("type", NO_SERVER_TOOLS, &kind.into()));
    }
    let cache = take_cache(&mut tool)?;
    let kind = match kind.as_str() {
        "function" => {
            tool.value("type");
            ToolKind::Function {
                name: tool.required_string("name")?,
                description: tool.string("description")?,
                parameters: tool.map("parameters")?.map(Value::Object),
                strict: tool.bool("strict")?,
            }
        }
        "custom" => {
            tool.value("type");
            ToolKind::Custom {
                name: tool.required_string("name")?,
                description: tool.string("description")?,
                format: tool.map("format")?.map(Value::Object),
            }
        }
        _ => {
            return Ok(Tool {
                kind: ToolKind::Native {
                    dialect: DIALECT,
                    value: Value::Object(tool.into_map()),
                },
                cache,
                extras: canon::Extras::NONE,
            });
        }
    };
    Ok(Tool {
        kind,
        cache,
        extras: tool.rest(DIALECT),
    })
}

/// Takes `tool_choice`.
pub(super) fn take_tool_choice(fields: &mut Fields) -> Result<Option<ToolChoice>, Error> {
    let path = fields.path_of("tool_choice");
    let Some(choice) = fields.value("tool_choice") else {
        return Ok(None);
    };
    if let Some(word) = choice.as_str() {
        return match word {
            "none" => Ok(Some(ToolChoice::None)),
            "auto" => Ok(Some(ToolChoice::Auto)),
            "required" => Ok(Some(ToolChoice::Required)),
            _ => Err(wrong(&path, CHOICES, &choice)),
        };
    }
    let Some(object) = choice.as_object() else {
        return Err(wrong(&path, CHOICES, &choice));
    };
    let kind = object.get("type").and_then(Value::as_str);
    let name = object
        .get("name")
        .and_then(Value::as_str)
        .map(str::to_owned);
    match (kind, name) {
        (Some("function"), Some(name)) => Ok(Some(ToolChoice::Function(name))),
        (Some("custom"), Some(name)) => Ok(Some(ToolChoice::Custom(name))),
        (Some("function" | "custom"), None) => Err(Error::Missing {
            path: format!("{path}.name"),
            expected: "the name of a tool".to_owned(),
        }),
        (Some("allowed_tools"), _) => Ok(Some(parse_allowed(choice))),
        (Some(kind), _) if kind.starts_with(SERVER_TOOL_PREFIX) => Err(wrong(
            &format!("{path}.type"),
            NO_SERVER_TOOLS,
            &kind.into(),
        )),
        (Some(_), _) => Ok(Some(native(choice))),
        (None, _) => Err(Error::Missing {
            path: format!("{path}.type"),
            expected: "the kind of choice, such as \"function\"".to_owned(),
        }),
    }
}

const fn native(value: Value) -> ToolChoice {
    ToolChoice::Native {
        dialect: DIALECT,
        value,
    }
}

/// A choice among some of the tools; one that names other tools than functions stays whole.
fn parse_allowed(choice: Value) -> ToolChoice {
    let read = || {
        let required = match choice.get("mode")?.as_str()? {
            "auto" => false,
            "required" => true,
            _ => return None,
        };
        let name = |tool: &Value| {
            let is_function = tool.get("type")?.as_str()? == "function";
            let name = tool.get("name")?.as_str()?;
            is_function.then(|| name.to_owned())
        };
        let names = choice.get("tools")?.as_array()?.iter().map(name);
        let names = names.collect::<Option<_>>()?;
        Some(ToolChoice::Allowed { required, names })
    };
    match read() {
        Some(allowed) => allowed,
        None => native(choice),
    }
}
