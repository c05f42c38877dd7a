//! The OpenAI Responses form, as `api.openai.com` answered in 2026. The fake keeps nothing: it
//! takes `store`, as the real one does, and knows no earlier response.

use serde_json::{Map, Value, json};

use super::asked::{Asked, Choice, Tool, count, list, nothing, text};

mod object;
mod refusals;
mod stream;

pub(super) use object::whole;
pub(super) use refusals::error;
pub(super) use stream::{done, error_frames, stream};

/// Parameters of the chat form, and where this form wants them.
const MOVED: [(&str, &str); 5] = [
    ("messages", "input"),
    ("max_tokens", "max_output_tokens"),
    ("max_completion_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
];

/// Reads a request as the vendor does.
pub(super) fn parse(body: &Value) -> Result<Asked, String> {
    let model = text(body, "model").ok_or("you must provide a model parameter")?;
    refuse(body)?;
    let input = body.get("input");
    let input = input
        .filter(|input| input.is_string() || input.is_array())
        .ok_or("Missing required parameter: 'input'.")?;
    let include = list(body, "include");
    let reasoning = body.get("reasoning").cloned().unwrap_or_else(nothing);
    let summary = text(&reasoning, "summary").is_some();
    let thinking = text(&reasoning, "effort").is_some_and(|effort| effort != "none");
    let tools = list(body, "tools").iter().filter_map(parse_tool).collect();
    let (tools, choice) = parse_choice(body.get("tool_choice"), tools);
    let mut asked = Asked {
        model: model.to_owned(),
        stream: body.get("stream") == Some(&json!(true)),
        include_usage: true,
        tools,
        choice,
        schema: parse_schema(body),
        output_tokens_max: count(body, "max_output_tokens"),
        logprobs: include
            .contains(&json!("message.output_text.logprobs"))
            .then(|| count(body, "top_logprobs").unwrap_or_default()),
        tier: text(body, "service_tier").map(str::to_owned),
        thinking: thinking || summary,
        sealed: include.contains(&json!("reasoning.encrypted_content")),
        hidden: reasoning != nothing() && !summary,
        user: text(body, "user").map(str::to_owned),
        echo: echo(body),
        ..Asked::default()
    };
    asked.take(body.get("instructions").unwrap_or(&Value::Null), is_image);
    if input.is_string() {
        asked.last_words = asked.take(input, is_image);
    }
    for item in input.as_array().map_or(&[][..], Vec::as_slice) {
        take_item(&mut asked, item);
    }
    Ok(asked)
}

/// Says no to what the vendor, or a fake without memory, cannot do.
fn refuse(body: &Value) -> Result<(), String> {
    if let Some((name, place)) = MOVED.iter().find(|(name, _)| body.get(name).is_some()) {
        return Err(format!(
            "Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to \
             '{place}'."
        ));
    }
    if let Some(id) = text(body, "previous_response_id") {
        return Err(format!("Previous response with id '{id}' not found."));
    }
    if body.get("background") == Some(&json!(true)) {
        return Err("this fake vendor answers in the foreground only".to_owned());
    }
    let nameless =
        |tool: &Value| text(tool, "type") == Some("function") && text(tool, "name").is_none();
    match list(body, "tools").iter().position(nameless) {
        Some(index) => Err(format!(
            "Missing required parameter: 'tools[{index}].name'."
        )),
        None => Ok(()),
    }
}

fn take_item(asked: &mut Asked, item: &Value) {
    let kind = text(item, "type").unwrap_or("message");
    let said = item.get("content").or_else(|| item.get("output"));
    let words = asked.take(said.unwrap_or(&Value::Null), is_image);
    asked.after_tool = kind.ends_with("_call_output");
    if kind == "message" && text(item, "role") == Some("user") {
        asked.last_words = words;
    }
}

fn is_image(part: &Value) -> bool {
    text(part, "type") == Some("input_image")
}

fn parse_tool(tool: &Value) -> Option<Tool> {
    let kind = text(tool, "type")?;
    let custom = kind == "custom";
    (custom || kind == "function").then_some(())?;
    Some(Tool {
        name: text(tool, "name")?.to_owned(),
        schema: tool.get("parameters").cloned().unwrap_or_else(nothing),
        custom,
    })
}

/// The tools that may be called, and whether they must be.
fn parse_choice(choice: Option<&Value>, mut tools: Vec<Tool>) -> (Vec<Tool>, Choice) {
    let Some(choice) = choice else {
        return (tools, Choice::Auto);
    };
    let choice = match (text(choice, "type"), text(choice, "name"), choice.as_str()) {
        (Some("function" | "custom"), Some(name), _) => Choice::Named(name.to_owned()),
        (Some("allowed_tools"), ..) => {
            let allowed = list(choice, "tools");
            tools.retain(|tool| {
                allowed
                    .iter()
                    .any(|it| text(it, "name") == Some(&tool.name))
            });
            match text(choice, "mode") {
                Some("required") => Choice::Any,
                _ => Choice::Auto,
            }
        }
        (.., Some("none")) => Choice::Never,
        (.., Some("required")) => Choice::Any,
        _ => Choice::Auto,
    };
    (tools, choice)
}

fn parse_schema(body: &Value) -> Option<Value> {
    let format = body.pointer("/text/format")?;
    match text(format, "type") {
        Some("json_schema") => format.get("schema").cloned(),
        Some("json_object") => {
            Some(json!({"type": "object", "properties": {"answer": {"type": "string"}}}))
        }
        _ => None,
    }
}

/// What the answer repeats of the request, and what stands there where the request says nothing.
fn echo(body: &Value) -> Map<String, Value> {
    let mut echo = defaults();
    for (name, value) in &mut echo {
        match body.get(name) {
            Some(Value::Object(given)) => match value.as_object_mut() {
                Some(members) => members.extend(given.clone()),
                None => *value = Value::Object(given.clone()),
            },
            Some(given) if !given.is_null() => *value = given.clone(),
            Some(_) | None => {}
        }
    }
    echo
}

fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "background": false,
        "frequency_penalty": 0.0,
        "instructions": null,
        "max_output_tokens": null,
        "max_tool_calls": null,
        "metadata": {},
        "moderation": null,
        "parallel_tool_calls": true,
        "presence_penalty": 0.0,
        "previous_response_id": null,
        "prompt_cache_key": null,
        "prompt_cache_retention": null,
        "reasoning": {"effort": null, "summary": null},
        "safety_identifier": null,
        "service_tier": "auto",
        "store": true,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": null,
    });
    defaults.as_object().cloned().unwrap_or_default()
}
