//! A whole answer: read as a stream whose items are all done, written as a stream of which nobody sees the steps.

use canon::{Fold, Format, Reasoning, Request, Response, RouterMetadata};
use serde_json::{Map, Value, json};

use super::{
    DIALECT,
    output::{Output, unfold},
    request::{render_format, render_tool, tool_choice},
    stream::Reader,
    usage::render_usage,
};
use crate::{
    Error, ErrorBody, Receipt, Stamp,
    fields::json_error,
    json::Object,
    openai::shared::SAFETY_IDENTIFIER,
    openrouter::{METADATA, WEIR},
};

/// Reads a whole answer.
pub(super) fn parse_response(body: &[u8]) -> Result<Response, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| json_error(body, &error))?;
    if !value.get("output").is_some_and(Value::is_array) {
        return Err(Error::Missing {
            path: "output".to_owned(),
            expected: "the items of the answer".to_owned(),
        });
    }
    let mut fold = Fold::default();
    let error = Reader::whole(value, &mut |event| fold.add(event));
    let mut response = fold.finish().unwrap_or_else(|broken| broken.response);
    if error.is_some() {
        // What it said before it broke off is still an answer.
        if response.choices.is_empty() {
            response.choices.push(canon::Choice::default());
        }
        for choice in &mut response.choices {
            choice.finish = Some(canon::FinishReason::Error);
        }
    }
    Ok(response)
}

/// Appends a whole answer.
pub(super) fn render_response(
    response: &Response,
    stamp: &Stamp,
    receipt: &Receipt,
    out: &mut Vec<u8>,
) {
    let mut output = Output::quiet(&stamp.generation);
    unfold(response, &mut |event| {
        output.event(event, &mut Vec::new());
    });
    output.close(&mut Vec::new());
    let envelope = Envelope::of(stamp);
    envelope.render(&output, output.end(), Some(receipt), Object::open(out));
}

/// How an answer stands.
#[derive(Clone, Copy)]
pub(super) enum State<'a> {
    InProgress,
    Completed,
    /// Cut off; `max_output_tokens` or `content_filter`.
    Incomplete(&'static str),
    /// Broken off: code, message and what kind of error it is.
    Failed(&'a str, &'a str, &'a str),
}

impl<'a> State<'a> {
    /// An answer that breaks off with this error.
    pub(super) const fn of_error(error: &ErrorBody<'a>) -> Self {
        if super::error::is_length(error.kind) {
            return Self::Incomplete("max_output_tokens");
        }
        Self::Failed(
            super::error::code_of(error.kind),
            error.message,
            error.kind.name(),
        )
    }

    /// Its word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(..) => "failed",
        }
    }
}

/// What stands around the items of an answer, the same from its beginning to its end.
#[derive(Debug)]
pub(super) struct Envelope {
    id: String,
    created: i64,
    model: String,
    echo: Map<String, Value>,
    /// How the request was routed, where its answer breaks off; otherwise the receipt says it.
    pub(super) router: Option<Box<RouterMetadata>>,
}

impl Envelope {
    /// The envelope of an answer to the request whose fields are in the stamp.
    pub(super) fn of(stamp: &Stamp) -> Self {
        Self {
            id: stamp.generation.clone(),
            created: stamp.created,
            model: stamp.model.clone(),
            echo: match &stamp.echo {
                Some(fields) => (**fields).clone(),
                None => echo(&Request::default()),
            },
            router: None,
        }
    }

    /// Writes the whole object.
    pub(super) fn render(
        &self,
        output: &Output,
        state: State<'_>,
        receipt: Option<&Receipt>,
        object: Object<'_>,
    ) {
        let items = |out: &mut Vec<u8>| output.render_items(state, out);
        self.render_around(state, receipt, object, items);
    }

    /// The same around items that somebody else writes.
    pub(super) fn render_around(
        &self,
        state: State<'_>,
        receipt: Option<&Receipt>,
        mut object: Object<'_>,
        items: impl FnOnce(&mut Vec<u8>),
    ) {
        object.field("id", &self.id);
        object.field("object", "response");
        object.field("created_at", &self.created);
        object.field("model", &self.model);
        object.field("status", state.name());
        let completed_at = receipt
            .filter(|_| matches!(state, State::Completed))
            .and_then(|receipt| receipt.completed_at);
        object.field("completed_at", &completed_at);
        items(object.key("output"));
        match state {
            State::Failed(code, message, _) => {
                object.field("error", &json!({"code": code, "message": message}));
            }
            State::InProgress | State::Completed | State::Incomplete(_) => object.null("error"),
        }
        match state {
            State::Incomplete(reason) => {
                object.field("incomplete_details", &json!({ "reason": reason }));
            }
            State::InProgress | State::Completed | State::Failed(..) => {
                object.null("incomplete_details");
            }
        }
        let tier = receipt.and_then(|receipt| receipt.usage.service_tier.as_deref());
        for (name, value) in &self.echo {
            match tier {
                Some(tier) if name == "service_tier" => object.field(name, tier),
                _ => object.field(name, value),
            }
        }
        match receipt {
            Some(receipt) => render_usage(receipt, object.object("usage")),
            None => object.null("usage"),
        }
        if let State::Failed(_, _, kind) = state {
            object.field("error_type", kind);
        }
        let router = receipt.map_or(&self.router, |receipt| &receipt.router);
        object.optional(METADATA, router.as_ref());
        object.optional(WEIR, receipt.and_then(|receipt| receipt.weir.as_ref()));
        object.close();
    }
}

/// The fields of a request that its answer repeats, with the defaults of those that it leaves out.
pub(super) fn echo(request: &Request) -> Map<String, Value> {
    let extras = request.extras.of(DIALECT);
    let extra = |name: &str| extras.and_then(|extras| extras.get(name)).cloned();
    let sampling = &request.sampling;
    let number = |value: &Option<serde_json::Number>, default: u64| {
        value.clone().map_or_else(|| default.into(), Value::Number)
    };
    let choice = request.tool_choice.as_ref().and_then(tool_choice);
    let (user, safety_identifier) = match extra(SAFETY_IDENTIFIER) {
        Some(_) => (None, request.user.as_deref()),
        None => (request.user.as_deref(), None),
    };
    let fields = json!({
        "tools": request.tools.iter().map(tool).collect::<Vec<_>>(),
        "tool_choice": choice.unwrap_or_else(|| "auto".into()),
        "parallel_tool_calls": request.parallel_tool_calls.unwrap_or(true),
        "max_output_tokens": sampling.max_tokens,
        "temperature": number(&sampling.temperature, 1),
        "top_p": number(&sampling.top_p, 1),
        "presence_penalty": number(&sampling.presence_penalty, 0),
        "frequency_penalty": number(&sampling.frequency_penalty, 0),
        "top_logprobs": sampling.top_logprobs.unwrap_or(0),
        "max_tool_calls": extra("max_tool_calls"),
        "metadata": request.metadata.clone().unwrap_or_default(),
        "background": false,
        "previous_response_id": null,
        "service_tier": request.service_tier.as_deref().unwrap_or("auto"),
        "truncation": extra("truncation").unwrap_or_else(|| "disabled".into()),
        "store": false,
        "instructions": instructions(request),
        "text": text(request),
        "reasoning": reasoning(request.reasoning.as_ref()),
        "user": user,
        "safety_identifier": safety_identifier,
        "prompt_cache_key": request.prompt_cache_key,
    });
    let Value::Object(fields) = fields else {
        return Map::new();
    };
    fields
}

/// A first turn of the system's that is not marked as an item came as `instructions`.
fn instructions(request: &Request) -> Option<String> {
    let first = request.messages.first()?;
    let is_marked = !first.extras.is_empty();
    (first.role == canon::Role::System && !is_marked).then(|| first.plain_text())
}

fn tool(tool: &canon::Tool) -> Value {
    let mut bytes = Vec::new();
    let mut object = Object::open(&mut bytes);
    render_tool(tool, &mut object);
    object.close();
    let mut value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    // Both are required of a function that is repeated.
    if let canon::ToolKind::Function { .. } = tool.kind
        && let Some(fields) = value.as_object_mut()
    {
        fields.entry("parameters").or_insert(Value::Null);
        fields.entry("strict").or_insert(Value::Null);
    }
    value
}

fn text(request: &Request) -> Value {
    let mut bytes = Vec::new();
    let mut text = Object::open(&mut bytes);
    let format = request.format.as_ref().unwrap_or(&Format::Text);
    render_format(format, text.object("format"));
    text.optional("verbosity", request.verbosity.as_deref());
    text.close();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn reasoning(reasoning: Option<&Reasoning>) -> Value {
    let effort = reasoning.and_then(|it| it.effort).map(canon::Effort::name);
    let summary = reasoning.and_then(|it| it.summary.as_deref());
    let mut echo = json!({"effort": effort, "summary": summary});
    if let Some(fields) = echo.as_object_mut() {
        let extras = reasoning.and_then(|it| it.extras.of(DIALECT));
        for (name, value) in extras.into_iter().flatten() {
            fields.insert(name.clone(), value.clone());
        }
    }
    echo
}
