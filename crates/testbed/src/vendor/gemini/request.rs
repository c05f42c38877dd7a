//! Reads what a request in the Gemini form asks for, in either spelling of its members.

use serde_json::{Value, json};

use crate::vendor::asked::{Asked, Choice, Tool, count, list, member, nothing, strings, text};
use crate::vendor::place;
use crate::vendor::wire::Target;

const STREAM: &str = "streamGenerateContent";
const COUNT: &str = "countTokens";

/// Reads a request; the model and the wish for a stream stand in its path.
pub(in crate::vendor) fn parse(body: &Value, target: Target<'_>) -> Result<Asked, String> {
    let (model, method) = place::google(target.path).ok_or("unknown path")?;
    let stream = method == STREAM;
    if stream && !target.query.split('&').any(|pair| pair == "alt=sse") {
        return Err("this fake vendor streams as events only: ask with alt=sse".to_owned());
    }
    let counting = method == COUNT;
    let counted = body.get("generateContentRequest").filter(|_| counting);
    let body = counted.unwrap_or(body);
    if list(body, "contents").is_empty() {
        return Err("* GenerateContentRequest.contents: contents is not specified".to_owned());
    }
    let empty = nothing();
    let config = member(body, ["generationConfig", "generation_config"]).unwrap_or(&empty);
    let thinking = member(config, ["thinkingConfig", "thinking_config"]).unwrap_or(&empty);
    let mut asked = Asked {
        model,
        stream,
        counting,
        include_usage: true,
        tools: list(body, "tools").iter().flat_map(parse_tools).collect(),
        choice: parse_choice(body),
        schema: parse_schema(config),
        output_tokens_max: count(config, "maxOutputTokens").or(count(config, "max_output_tokens")),
        stop: strings(member(config, ["stopSequences", "stop_sequences"])),
        choices: count(config, "candidateCount").unwrap_or_default(),
        logprobs: (config.get("responseLogprobs") == Some(&json!(true)))
            .then(|| count(config, "logprobs").unwrap_or_default()),
        tier: text(body, "serviceTier").map(str::to_owned),
        spoken: list(config, "responseModalities").contains(&json!("AUDIO")),
        pictured: list(config, "responseModalities").contains(&json!("IMAGE")),
        thinking: member(thinking, ["includeThoughts", "include_thoughts"]) == Some(&json!(true)),
        ..Asked::default()
    };
    let system = member(body, ["systemInstruction", "system_instruction"]);
    if let Some(parts) = system.and_then(|system| system.get("parts")) {
        asked.take(parts, is_image);
    }
    for content in list(body, "contents") {
        let Some(parts) = content.get("parts") else {
            continue;
        };
        let words = asked.take(parts, is_image);
        let parts = list(content, "parts");
        asked.after_tool = parts
            .iter()
            .any(|part| member(part, ["functionResponse", "function_response"]).is_some());
        if text(content, "role").is_none_or(|role| role == "user") {
            asked.last_words = words;
        }
    }
    Ok(asked)
}

fn is_image(part: &Value) -> bool {
    let data = member(part, ["inlineData", "inline_data"])
        .or_else(|| member(part, ["fileData", "file_data"]));
    data.and_then(|data| member(data, ["mimeType", "mime_type"]))
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.starts_with("image/"))
}

fn parse_tools(tool: &Value) -> Vec<Tool> {
    let declared = member(tool, ["functionDeclarations", "function_declarations"]);
    let declared = declared
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    declared
        .iter()
        .filter_map(|function| {
            let schema = member(function, ["parameters", "parametersJsonSchema"]);
            let schema = schema.cloned().unwrap_or_else(nothing);
            Some(Tool {
                name: text(function, "name")?.to_owned(),
                schema,
                custom: false,
            })
        })
        .collect()
}

fn parse_choice(body: &Value) -> Choice {
    let config = member(body, ["toolConfig", "tool_config"])
        .and_then(|config| member(config, ["functionCallingConfig", "function_calling_config"]));
    let Some(config) = config else {
        return Choice::Auto;
    };
    let mut allowed = strings(member(
        config,
        ["allowedFunctionNames", "allowed_function_names"],
    ));
    match text(config, "mode") {
        Some("NONE") => Choice::Never,
        Some("ANY") => match allowed.pop() {
            Some(name) if allowed.is_empty() => Choice::Named(name),
            _ => Choice::Any,
        },
        _ => Choice::Auto,
    }
}

fn parse_schema(config: &Value) -> Option<Value> {
    let schema = member(config, ["responseJsonSchema", "response_json_schema"])
        .or_else(|| member(config, ["responseSchema", "response_schema"]));
    let kind = member(config, ["responseMimeType", "response_mime_type"])?.as_str()?;
    let any = || json!({"type": "object", "properties": {"answer": {"type": "string"}}});
    (kind == "application/json").then(|| schema.cloned().unwrap_or_else(any))
}
