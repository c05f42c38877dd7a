//! A whole answer for a caller of the same dialect, the short way ([`crate::Whole`]).

mod thought;

use canon::{FinishReason, Usage};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use self::thought::Thought;
use super::{
    finish::parse_finish,
    usage::{GroqUsage, Stated},
    wire::Loose,
};
use crate::{
    Receipt, Stamp, Whole,
    json::{Array, Object},
    openrouter::{METADATA, render_usage},
    short::whole::{Form, Plain, Silent},
};

/// An answer with more calls goes the long way.
const CALLS_MAX: usize = 64;

/// What stands between our own fields.
#[derive(Debug)]
pub(crate) struct Said {
    system_fingerprint: Option<String>,
    /// The choices, as the caller gets them.
    choices: Vec<u8>,
}

/// The fields that say something, and those that must not; the long way reads no others.
#[derive(Deserialize)]
struct Answer<'a> {
    id: Option<&'a str>,
    #[serde(rename = "object")]
    _object: Option<&'a str>,
    #[serde(rename = "model")]
    _model: Option<&'a str>,
    #[serde(rename = "created", borrow)]
    _created: Option<Loose<'a>>,
    system_fingerprint: Option<&'a str>,
    service_tier: Option<&'a str>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(default)]
    usage: Stated,
    #[serde(rename = "error")]
    _error: Option<()>,
    #[serde(rename = "citations")]
    _citations: Option<Silent>,
    #[serde(rename = "search_results")]
    _search_results: Option<Silent>,
    #[serde(rename = "message")]
    _message: Option<Silent>,
    #[serde(rename = "detail")]
    _detail: Option<Silent>,
    x_groq: Option<GroqUsage>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    message: Message<'a>,
    finish_reason: &'a str,
    native_finish_reason: Option<&'a str>,
    #[serde(borrow)]
    logprobs: Option<Loose<'a>>,
    #[serde(rename = "stop_reason", borrow)]
    _stop_reason: Option<Loose<'a>>,
    #[serde(rename = "delta")]
    _delta: Option<()>,
    #[serde(rename = "error")]
    _error: Option<()>,
    #[serde(rename = "usage")]
    _usage: Option<()>,
}

/// Whatever else stands in a message says something, so it may have nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    #[serde(rename = "role")]
    _role: Option<IgnoredAny>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(rename = "annotations")]
    _annotations: Option<Silent>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    reasoning_details: Option<Vec<Value>>,
    #[serde(rename = "audio")]
    _audio: Option<Silent>,
    #[serde(rename = "function_call")]
    _function_call: Option<Silent>,
    #[serde(rename = "name")]
    _name: Option<IgnoredAny>,
    #[serde(rename = "padding")]
    _padding: Option<IgnoredAny>,
    #[serde(rename = "parsed")]
    _parsed: Option<IgnoredAny>,
    #[serde(rename = "provider_metadata")]
    _provider_metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call<'a> {
    #[serde(rename = "index")]
    _index: Option<u64>,
    id: &'a str,
    #[serde(rename = "type")]
    _kind: Option<IgnoredAny>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow)]
    arguments: &'a RawValue,
}

/// Reads an answer; `None` where it has to go the long way.
pub(crate) fn read_whole(body: &str) -> Option<Whole> {
    let answer: Answer<'_> = serde_json::from_str(body).ok()?;
    let mut whole = Whole {
        id: answer.id.filter(|id| !id.is_empty()).map(str::to_owned),
        usage: usage_of(answer.usage, answer.x_groq, answer.service_tier)?,
        ..Whole::default()
    };
    let mut choices = Vec::with_capacity(body.len());
    let mut list = Array::open(&mut choices);
    let is_answered = !answer.choices.is_empty();
    for (place, choice) in (0..).zip(answer.choices) {
        write_choice(&mut whole, place, choice, list.object())?;
    }
    list.close();
    let fingerprint = answer.system_fingerprint.filter(|text| !text.is_empty());
    whole.form = is_answered.then(|| {
        Form::Chat(Said {
            system_fingerprint: fingerprint.map(str::to_owned),
            choices,
        })
    });
    whole.form.is_some().then_some(whole)
}

/// What is stated, with the tier that stands beside it.
fn usage_of(
    stated: Stated,
    beside: Option<GroqUsage>,
    tier: Option<&str>,
) -> Option<Option<Usage>> {
    let Stated::Usage(stated) = stated else {
        let is_beside = beside.is_some_and(|GroqUsage(usage)| usage.is_some());
        return (stated.is_nothing() && !is_beside).then_some(None);
    };
    Some(stated.map(|mut usage| {
        if usage.service_tier.is_none() {
            usage.service_tier = tier.filter(|tier| !tier.is_empty()).map(str::to_owned);
        }
        *usage
    }))
}

fn write_choice(
    whole: &mut Whole,
    place: u32,
    choice: Choice<'_>,
    mut object: Object<'_>,
) -> Option<()> {
    let finish = parse_finish(choice.finish_reason);
    let in_order = choice.index.is_none_or(|index| index == place);
    if !in_order || choice.finish_reason.is_empty() || finish == FinishReason::Error {
        return None;
    }
    let native = choice.native_finish_reason.filter(|word| !word.is_empty());
    let native = native.unwrap_or(choice.finish_reason);
    if place == 0 {
        whole.finish = Some(finish);
        whole.native_finish = Some(native.to_owned());
    }
    object.field("index", &place);
    match choice.logprobs {
        Some(Loose::Object(logprobs)) => object.field("logprobs", &*logprobs),
        _ => object.null("logprobs"),
    }
    object.field("finish_reason", finish.name());
    object.field("native_finish_reason", native);
    write_message(whole, place, choice.message, object.object("message"))?;
    object.close();
    Some(())
}

fn write_message(
    whole: &mut Whole,
    choice: u32,
    said: Message<'_>,
    mut message: Object<'_>,
) -> Option<()> {
    message.field("role", "assistant");
    match said.content {
        Some(content) => {
            let content = Plain::of(content)?;
            whole.hear(&content);
            // An empty text is none.
            let json = Some(content.json).filter(|_| content.bytes > 0);
            message.raw("content", json.unwrap_or("null"));
        }
        None => message.null("content"),
    }
    match said.refusal.map(Plain::of) {
        None => message.null("refusal"),
        Some(refusal) => {
            let refusal = refusal?;
            whole.hear(&refusal);
            let json = Some(refusal.json).filter(|_| refusal.bytes > 0);
            message.raw("refusal", json.unwrap_or("null"));
        }
    }
    let plain = [said.reasoning, said.reasoning_content];
    let thought = Thought::parse(plain, said.reasoning_details.unwrap_or_default())?;
    thought.render_words(whole, &mut message)?;
    let calls = said.tool_calls.as_deref().unwrap_or_default();
    if !calls.is_empty() {
        write_calls(whole, choice, calls, message.array("tool_calls"))?;
    }
    thought.render_details(&mut message)?;
    message.close();
    Some(())
}

fn write_calls(
    whole: &mut Whole,
    choice: u32,
    calls: &[Call<'_>],
    mut list: Array<'_>,
) -> Option<()> {
    for (index, call) in calls.iter().enumerate() {
        // Which pieces belong together is a question for the long way.
        let mut before = calls.iter().take(index);
        if index >= CALLS_MAX || call.id.is_empty() || before.any(|other| other.id == call.id) {
            return None;
        }
        let name = Plain::of(call.function.name).filter(|name| name.bytes > 0)?;
        let arguments = Plain::of(call.function.arguments)?;
        let mut object = list.object();
        object.field("type", "function");
        object.field("index", &index);
        object.field("id", call.id);
        let mut function = object.object("function");
        function.raw("name", name.json);
        function.raw("arguments", arguments.json);
        function.close();
        object.close();
        whole.call(choice, name.text()?, arguments.text()?);
    }
    list.close();
    Some(())
}

impl Said {
    /// Appends the answer.
    pub(crate) fn render(&self, stamp: &Stamp, receipt: &Receipt, out: &mut Vec<u8>) {
        out.reserve(self.choices.len() + 1_024);
        let mut object = Object::open(out);
        object.field("id", &stamp.generation);
        object.field("object", "chat.completion");
        object.field("created", &stamp.created);
        object.field("model", &stamp.model);
        object.field("provider", &stamp.provider);
        object.field("system_fingerprint", &self.system_fingerprint);
        object.optional("service_tier", receipt.usage.service_tier.as_deref());
        object.key("choices").extend_from_slice(&self.choices);
        render_usage(receipt, object.key("usage"));
        object.optional(METADATA, receipt.router.as_ref());
        object.close();
    }
}
