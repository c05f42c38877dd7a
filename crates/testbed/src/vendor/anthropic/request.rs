//! Reads what a request in the Anthropic form asks for. On a host, the model and the wish for a
//! stream may stand in the path, and a version in the body.
//!
//! Hosts refuse members that they do not know, in Anthropic's words:
//! <https://github.com/anomalyco/opencode/issues/4282> (read 2026-11-22).

use serde_json::{Value, json};

use crate::vendor::asked::{Asked, Choice, Tool, count, list, member, strings, text};
use crate::vendor::place::{self, Host};
use crate::vendor::wire::Target;

/// The version that each host wants in the body.
const BEDROCK_VERSION: &str = "bedrock-2023-05-31";
const VERTEX_VERSION: &str = "vertex-2023-10-16";
/// What is in a request that caches for an hour.
const FOR_AN_HOUR: &str = r#""ttl":"1h""#;
/// The model in a path of Vertex AI that only counts.
const VERTEX_COUNTER: &str = "count-tokens";

/// What a request says outside of its conversation.
struct Outline {
    model: String,
    stream: bool,
    /// Whether only the tokens of the prompt are asked for.
    counting: bool,
}

/// Reads a request as the vendor does.
pub(in crate::vendor) fn parse(
    body: &Value,
    target: Target<'_>,
    host: Host,
) -> Result<Asked, String> {
    let outline = match host {
        Host::Own => own(body, target.path)?,
        Host::Bedrock => bedrock(body, target.path)?,
        Host::Vertex => vertex(body, target.path)?,
    };
    let output_tokens_max = count(body, "max_tokens");
    if output_tokens_max.is_none() && !outline.counting {
        return Err("max_tokens: Field required".to_owned());
    }
    if !body.get("messages").is_some_and(Value::is_array) {
        return Err("messages: Field required".to_owned());
    }
    let schema = body
        .pointer("/output_config/format/schema")
        .or_else(|| body.pointer("/output_format/schema"));
    let mut asked = Asked {
        model: outline.model,
        stream: outline.stream,
        counting: outline.counting,
        include_usage: true,
        tools: list(body, "tools").iter().filter_map(parse_tool).collect(),
        choice: parse_choice(body.get("tool_choice")),
        schema: schema.cloned(),
        output_tokens_max,
        stop: strings(body.get("stop_sequences")),
        tier: text(body, "service_tier").map(str::to_owned),
        cached_for_an_hour: body.to_string().contains(FOR_AN_HOUR),
        thinking: body
            .get("thinking")
            .and_then(|thinking| text(thinking, "type"))
            == Some("enabled"),
        user: body
            .pointer("/metadata/user_id")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..Asked::default()
    };
    take_words(&mut asked, body);
    Ok(asked)
}

fn own(body: &Value, path: &str) -> Result<Outline, String> {
    Ok(Outline {
        model: text(body, "model")
            .ok_or("model: Field required")?
            .to_owned(),
        stream: streams(body),
        counting: path.ends_with("/count_tokens"),
    })
}

fn bedrock(body: &Value, path: &str) -> Result<Outline, String> {
    let (model, operation) = place::bedrock(path).ok_or("unknown path")?;
    versioned(body, BEDROCK_VERSION, &["model", "stream"])?;
    Ok(Outline {
        model,
        stream: operation.ends_with("-stream"),
        counting: operation == place::BEDROCK_COUNT,
    })
}

fn vertex(body: &Value, path: &str) -> Result<Outline, String> {
    let (model, method) = place::google(path).ok_or("unknown path")?;
    if model == VERTEX_COUNTER {
        return Ok(Outline {
            counting: true,
            stream: false,
            ..own(body, path)?
        });
    }
    versioned(body, VERTEX_VERSION, &["model"])?;
    let stream = streams(body);
    if stream != method.starts_with("stream") {
        return Err(format!("stream: {stream} does not go with {method}"));
    }
    Ok(Outline {
        model,
        stream,
        counting: false,
    })
}

/// Whether the body has what a host wants in it, and nothing that belongs into the path.
fn versioned(body: &Value, version: &str, elsewhere: &[&str]) -> Result<(), String> {
    match text(body, "anthropic_version") {
        None => return Err("anthropic_version: Field required".to_owned()),
        Some(given) if given != version => {
            return Err(format!("anthropic_version: Input should be '{version}'"));
        }
        Some(_) => {}
    }
    match elsewhere.iter().find(|name| body.get(name).is_some()) {
        Some(name) => Err(format!("{name}: Extra inputs are not permitted")),
        None => Ok(()),
    }
}

fn streams(body: &Value) -> bool {
    body.get("stream") == Some(&json!(true))
}

fn take_words(asked: &mut Asked, body: &Value) {
    if let Some(system) = member(body, ["system", "system"]) {
        asked.take(system, is_image);
    }
    for message in list(body, "messages") {
        let Some(content) = message.get("content") else {
            continue;
        };
        let words = asked.take(content, is_image);
        let parts = content.as_array().map_or(&[][..], Vec::as_slice);
        asked.after_tool = parts
            .iter()
            .any(|part| text(part, "type") == Some("tool_result"));
        if text(message, "role") == Some("user") {
            asked.last_words = words;
        }
    }
}

fn is_image(part: &Value) -> bool {
    text(part, "type") == Some("image")
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let schema = tool.get("input_schema")?.clone();
    Some(Tool {
        name: text(tool, "name")?.to_owned(),
        schema,
        custom: false,
    })
}

fn parse_choice(choice: Option<&Value>) -> Choice {
    let Some(choice) = choice else {
        return Choice::Auto;
    };
    match (text(choice, "type"), text(choice, "name")) {
        (Some("tool"), Some(name)) => Choice::Named(name.to_owned()),
        (Some("any"), _) => Choice::Any,
        (Some("none"), _) => Choice::Never,
        _ => Choice::Auto,
    }
}
