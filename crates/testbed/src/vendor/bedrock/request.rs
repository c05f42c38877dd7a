//! Reads what a `Converse` request asks for; model and operation stand in its path.
//!
//! Counting: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokensInput.html>
//! (read 2026-11-22).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::vendor::anthropic;
use crate::vendor::asked::{Asked, Choice, Tool, count, list, nothing, strings, text};
use crate::vendor::place::{self, Host};
use crate::vendor::wire::Target;

/// Where models of different families are told to think.
const THINKING: [&str; 3] = [
    "/additionalModelRequestFields/thinking/type",
    "/additionalModelRequestFields/reasoning_config/type",
    "/additionalModelRequestFields/reasoningConfig/type",
];

/// Reads a request as the vendor does.
pub(in crate::vendor) fn parse(body: &Value, target: Target<'_>) -> Result<Asked, String> {
    let (model, operation) = place::bedrock(target.path).ok_or("unknown path")?;
    if operation == place::BEDROCK_COUNT {
        return parse_count(body, model, target);
    }
    let asked = parse_converse(body, model)?;
    Ok(Asked {
        stream: operation.ends_with("-stream"),
        ..asked
    })
}

/// Reads what is to be counted: a `Converse` request, or an `InvokeModel` one in base64.
fn parse_count(body: &Value, model: String, target: Target<'_>) -> Result<Asked, String> {
    if let Some(converse) = body.pointer("/input/converse") {
        let asked = parse_converse(converse, model)?;
        return Ok(Asked {
            counting: true,
            ..asked
        });
    }
    let invoked = body
        .pointer("/input/invokeModel/body")
        .and_then(Value::as_str)
        .ok_or("input must be converse or invokeModel")?;
    let invoked = BASE64
        .decode(invoked)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or("Malformed input request: the body is not JSON in base64")?;
    anthropic::parse(&invoked, target, Host::Bedrock)
}

fn parse_converse(body: &Value, model: String) -> Result<Asked, String> {
    let messages = list(body, "messages");
    if messages.first().and_then(|first| text(first, "role")) != Some("user") {
        return Err(
            "A conversation must start with a user message. Try again with a \
                    conversation that starts with a user message."
                .to_owned(),
        );
    }
    let tools = body.pointer("/toolConfig/tools").and_then(Value::as_array);
    if tools.is_none() && messages.iter().flat_map(parts).any(is_about_tools) {
        return Err(
            "The toolConfig field must be defined when using toolUse and toolResult \
                    content blocks."
                .to_owned(),
        );
    }
    let empty = nothing();
    let inference = body.get("inferenceConfig").unwrap_or(&empty);
    let thinks = |place: &&str| body.pointer(place) == Some(&json!("enabled"));
    let mut asked = Asked {
        model,
        include_usage: true,
        tools: tools.into_iter().flatten().filter_map(parse_tool).collect(),
        choice: parse_choice(body.pointer("/toolConfig/toolChoice")),
        schema: parse_schema(body)?,
        output_tokens_max: count(inference, "maxTokens"),
        stop: strings(inference.get("stopSequences")),
        tier: body
            .pointer("/serviceTier/type")
            .and_then(Value::as_str)
            .map(str::to_owned),
        thinking: THINKING.iter().any(thinks),
        ..Asked::default()
    };
    asked.take(body.get("system").unwrap_or(&Value::Null), is_image);
    for message in messages {
        take_message(&mut asked, message);
    }
    Ok(asked)
}

fn take_message(asked: &mut Asked, message: &Value) {
    let mut words = String::new();
    asked.after_tool = false;
    for part in parts(message) {
        words.push_str(&asked.take(&json!([part]), is_image));
        if let Some(result) = part.get("toolResult") {
            asked.after_tool = true;
            asked.take(result.get("content").unwrap_or(&Value::Null), is_image);
        }
    }
    if text(message, "role") == Some("user") {
        asked.last_words = words;
    }
}

fn parts(message: &Value) -> &[Value] {
    list(message, "content")
}

fn is_about_tools(part: &Value) -> bool {
    part.get("toolUse").is_some() || part.get("toolResult").is_some()
}

fn is_image(part: &Value) -> bool {
    part.get("image").is_some()
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let tool = tool.get("toolSpec")?;
    Some(Tool {
        name: text(tool, "name")?.to_owned(),
        schema: tool.pointer("/inputSchema/json")?.clone(),
        custom: false,
    })
}

fn parse_choice(choice: Option<&Value>) -> Choice {
    let name = choice.and_then(|choice| choice.pointer("/tool/name")?.as_str());
    match (name, choice.and_then(|choice| choice.get("any"))) {
        (Some(name), _) => Choice::Named(name.to_owned()),
        (None, Some(_)) => Choice::Any,
        (None, None) => Choice::Auto,
    }
}

/// The schema that the answer must fit, which is JSON in a string.
fn parse_schema(body: &Value) -> Result<Option<Value>, String> {
    let place = "/outputConfig/textFormat/structure/jsonSchema/schema";
    let Some(schema) = body.pointer(place) else {
        return Ok(None);
    };
    let schema = schema.as_str().unwrap_or_default();
    serde_json::from_str(schema)
        .map(Some)
        .map_err(|error| format!("The schema in outputConfig is not valid JSON: {error}"))
}
