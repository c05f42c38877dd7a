//! Tools on offer, which of them to use, and the form of the answer.

use canon::{CacheMark, Dialect, Format, Tool, ToolChoice, ToolKind};
use serde_json::{Map, Value};

use super::{message::with_inner, take_cache};
use crate::{Error, Fields, fields::wrong};

/// What the type of a tool that the gateway would run itself begins with.
const SERVER_TOOL_PREFIX: &str = "openrouter:";
const SCHEMA_NAME_CHARS_MAX: usize = 64;
const FORMATS: &str = "\"text\", \"json_object\", \"json_schema\", \"grammar\" or \"python\"";
const CHOICES: &str =
    "\"none\", \"auto\", \"required\" or {\"type\":\"function\",\"function\":{\"name\":…}}";

/// Takes `tools`.
pub(super) fn take_tools(fields: &mut Fields) -> Result<Vec<Tool>, Error> {
    let tools = fields.objects("tools")?.unwrap_or_default();
    tools.into_iter().map(parse_tool).collect()
}

fn parse_tool(mut tool: Fields) -> Result<Tool, Error> {
    let kind = match tool.peek("type") {
        Some(Value::String(kind)) => kind.clone(),
        None if tool.has("function") => "function".to_owned(),
        Some(other) => return Err(tool.wrong("type", "\"function\"", other)),
        None => return Err(tool.missing("type", "\"function\"")),
    };
    if kind.starts_with(SERVER_TOOL_PREFIX) {
        return Err(tool.wrong(
            "type",
            "\"function\": this server has no server tools",
            &kind.into(),
        ));
    }
    let cache = take_cache(&mut tool)?;
    if kind == "custom" {
        return parse_custom(tool, cache);
    }
    if kind != "function" {
        let value = Value::Object(tool.into_map());
        return Ok(Tool {
            kind: ToolKind::Native {
                dialect: Dialect::OpenAiChat,
                value,
            },
            cache,
            extras: canon::Extras::NONE,
        });
    }
    tool.value("type");
    let Some(mut function) = tool.object("function")? else {
        return Err(tool.missing("function", "an object with name and parameters"));
    };
    let kind = ToolKind::Function {
        name: function.required_string("name")?,
        description: function.string("description")?,
        parameters: function.map("parameters")?.map(Value::Object),
        strict: function.bool("strict")?,
    };
    Ok(Tool {
        kind,
        cache,
        extras: with_inner(tool, "function", function),
    })
}

/// A tool that takes text. Its format is flat in canon; here a grammar stands in an object of its own.
fn parse_custom(mut tool: Fields, cache: Option<CacheMark>) -> Result<Tool, Error> {
    tool.value("type");
    let Some(mut custom) = tool.object("custom")? else {
        return Err(tool.missing("custom", "an object with a name"));
    };
    let kind = ToolKind::Custom {
        name: custom.required_string("name")?,
        description: custom.string("description")?,
        format: custom.map("format")?.map(flattened).map(Value::Object),
    };
    Ok(Tool {
        kind,
        cache,
        extras: with_inner(tool, "custom", custom),
    })
}

fn flattened(mut format: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(grammar)) = format.get_mut("grammar") {
        let grammar = std::mem::take(grammar);
        format.shift_remove("grammar");
        format.extend(grammar);
    }
    format
}

/// Takes `tool_choice`.
pub(super) fn take_tool_choice(fields: &mut Fields) -> Result<Option<ToolChoice>, Error> {
    let path = fields.path_of("tool_choice");
    let Some(choice) = fields.value("tool_choice") else {
        return Ok(None);
    };
    match &choice {
        Value::String(word) => match word.as_str() {
            "none" => Ok(Some(ToolChoice::None)),
            "auto" => Ok(Some(ToolChoice::Auto)),
            "required" | "any" => Ok(Some(ToolChoice::Required)),
            _ => Err(wrong(&path, CHOICES, &choice)),
        },
        Value::Object(object) => {
            let kind = object.get("type").and_then(Value::as_str);
            let name_in = |holder: &str| object.get(holder)?.get("name")?.as_str();
            let name = name_in("function");
            match (kind, name) {
                (Some("custom"), _) if name_in("custom").is_some() => {
                    let name = name_in("custom").unwrap_or_default();
                    Ok(Some(ToolChoice::Custom(name.to_owned())))
                }
                (Some("allowed_tools"), _) => Ok(Some(parse_allowed(choice))),
                (Some("function") | None, Some(name)) => {
                    Ok(Some(ToolChoice::Function(name.to_owned())))
                }
                (Some("function") | None, None) => Err(Error::Missing {
                    path: format!("{path}.function.name"),
                    expected: "the name of a tool".to_owned(),
                }),
                (Some(kind), _) if kind.starts_with(SERVER_TOOL_PREFIX) => Err(wrong(
                    &format!("{path}.type"),
                    "\"function\": this server has no server tools",
                    &kind.into(),
                )),
                (Some(_), _) => Ok(Some(ToolChoice::Native {
                    dialect: Dialect::OpenAiChat,
                    value: choice,
                })),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(wrong(&path, CHOICES, &choice))
        }
    }
}

/// A choice among some of the tools; one that names other tools than functions stays whole.
fn parse_allowed(choice: Value) -> ToolChoice {
    let read = || {
        let allowed = choice.get("allowed_tools")?;
        let required = match allowed.get("mode")?.as_str()? {
            "auto" => false,
            "required" => true,
            _ => return None,
        };
        let name = |tool: &Value| {
            let is_function = tool.get("type")?.as_str()? == "function";
            let name = tool.get("function")?.get("name")?.as_str()?;
            is_function.then(|| name.to_owned())
        };
        let names = allowed.get("tools")?.as_array()?.iter().map(name);
        let names = names.collect::<Option<_>>()?;
        Some(ToolChoice::Allowed { required, names })
    };
    read().unwrap_or_else(|| ToolChoice::Native {
        dialect: Dialect::OpenAiChat,
        value: choice.clone(),
    })
}

/// Takes `response_format`.
pub(super) fn take_format(fields: &mut Fields) -> Result<Option<Format>, Error> {
    let Some(mut format) = fields.object("response_format")? else {
        return Ok(None);
    };
    let Some(kind) = format.string("type")? else {
        return Err(format.missing("type", FORMATS));
    };
    match kind.as_str() {
        "text" => Ok(Some(Format::Text)),
        "json_object" => Ok(Some(Format::JsonObject)),
        "python" => Ok(Some(Format::Python)),
        "grammar" => Ok(Some(Format::Grammar(format.required_string("grammar")?))),
        "json_schema" => parse_schema(&mut format).map(Some),
        other => Err(format.wrong("type", FORMATS, &other.into())),
    }
}

fn parse_schema(format: &mut Fields) -> Result<Format, Error> {
    let Some(mut schema) = format.object("json_schema")? else {
        return Err(format.missing("json_schema", "an object with name and schema"));
    };
    let name = schema.string("name")?;
    if let Some(name) = &name {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if name.is_empty() || name.len() > SCHEMA_NAME_CHARS_MAX || !name.bytes().all(fits) {
            let expected = "1 to 64 letters, digits, '_' or '-'";
            return Err(schema.wrong("name", expected, &name.as_str().into()));
        }
    }
    Ok(Format::JsonSchema {
        name,
        description: schema.string("description")?,
        schema: schema.map("schema")?.map(Value::Object),
        strict: schema.bool("strict")?,
    })
}
