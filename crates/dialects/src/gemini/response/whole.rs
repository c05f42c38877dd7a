//! A whole answer for a caller of the same dialect, the short way ([`crate::Whole`]).

mod part;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use self::part::{Kind, Part, Written};
use crate::{
    Fields, Receipt, Stamp, Whole,
    gemini::{reply, usage, wire},
    json::{Array, Object},
    short::whole::Form,
};

/// What stands between our own fields.
#[derive(Debug)]
pub(crate) struct Said {
    /// The candidates, as the caller gets them.
    candidates: Vec<u8>,
    /// The same for a caller who wants no thinking, where there is some.
    unthought: Option<Vec<u8>>,
    created: Option<Value>,
}

/// Whatever else stands in an answer is passed on, so it may have nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    candidates: Vec<Candidate<'a>>,
    usage_metadata: Option<Map<String, Value>>,
    #[serde(rename = "modelVersion")]
    _model_version: Option<&'a str>,
    response_id: Option<&'a str>,
    #[serde(default, deserialize_with = "stated")]
    create_time: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow)]
    content: Content<'a>,
    finish_reason: &'a str,
    index: Option<u32>,
    #[serde(default, deserialize_with = "stated")]
    avg_logprobs: Option<Value>,
    #[serde(default, deserialize_with = "stated")]
    safety_ratings: Option<Value>,
    #[serde(default, deserialize_with = "stated")]
    finish_message: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Vec<Part<'a>>,
    #[serde(rename = "role")]
    _role: Option<&'a str>,
}

/// A value that is there, if only as `null`.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads an answer; `None` where it has to go the long way.
pub(crate) fn read_whole(body: &str) -> Option<Whole> {
    let answer: Answer<'_> = serde_json::from_str(body).ok()?;
    if answer.candidates.is_empty() || answer.create_time == Some(Value::Null) {
        return None;
    }
    let mut whole = Whole {
        id: answer.response_id.map(str::to_owned),
        ..Whole::default()
    };
    if let Some(counts) = answer.usage_metadata {
        let counts = Fields::from_value(Value::Object(counts), "usageMetadata".to_owned()).ok()?;
        whole.usage = usage::parse_usage(counts, 0).unwrap_or_default();
    }
    let parts = answer.candidates.iter().flat_map(|it| &it.content.parts);
    let has_thought = parts.map(Part::kind).any(|kind| kind == Kind::Thought);
    let mut shown = Vec::with_capacity(body.len());
    let mut hidden = Vec::new();
    let (mut list, mut unthought) = (Array::open(&mut shown), Array::open(&mut hidden));
    for (place, candidate) in (0..).zip(&answer.candidates) {
        if candidate.index.unwrap_or(0) != place {
            return None;
        }
        let parts = &candidate.content.parts;
        let written = Written::of(&mut whole, (place, answer.response_id), parts)?;
        let is_called = whole.calls.iter().any(|call| call.choice == place);
        let finish = wire::finish(candidate.finish_reason, is_called);
        if place == 0 {
            whole.finish = Some(finish);
            whole.native_finish = Some(candidate.finish_reason.to_owned());
        }
        let word = wire::finish_word(finish, Some(candidate.finish_reason));
        if has_thought {
            let parts = written.hidden.as_deref().unwrap_or(&written.shown);
            candidate.render((place, word), parts, unthought.object())?;
        }
        candidate.render((place, word), &written.shown, list.object())?;
    }
    list.close();
    unthought.close();
    whole.form = Some(Form::Gemini(Said {
        candidates: shown,
        unthought: has_thought.then_some(hidden),
        created: answer.create_time,
    }));
    Some(whole)
}

impl Candidate<'_> {
    /// Appends it; `None` where the order of what stands beside its parts is not known.
    fn render(
        &self,
        (place, finish): (u32, &str),
        parts: &[u8],
        mut object: Object<'_>,
    ) -> Option<()> {
        let mut content = object.object("content");
        content.key("parts").extend_from_slice(parts);
        content.field("role", "model");
        content.close();
        object.field("finishReason", finish);
        object.field("index", &place);
        let beside = [
            ("avgLogprobs", &self.avg_logprobs),
            ("safetyRatings", &self.safety_ratings),
            ("finishMessage", &self.finish_message),
        ];
        let mut beside = beside
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        if let Some((name, value)) = beside.next() {
            object.field(name, value);
        }
        let is_only = beside.next().is_none();
        object.close();
        is_only.then_some(())
    }
}

impl Said {
    /// Appends the answer.
    pub(crate) fn render(&self, stamp: &Stamp, receipt: &Receipt, out: &mut Vec<u8>) {
        out.reserve(self.candidates.len() + 1_024);
        let unthought = self.unthought.as_ref();
        let candidates = unthought
            .filter(|_| !reply::is_thinking_shown(stamp))
            .unwrap_or(&self.candidates);
        let mut answer = Object::open(out);
        answer.key("candidates").extend_from_slice(candidates);
        usage::render_usage(&receipt.usage, answer.key("usageMetadata"));
        reply::render_names(stamp, &mut answer);
        answer.optional("createTime", self.created.as_ref());
        reply::render_receipt(stamp, receipt, &mut answer);
        answer.close();
    }
}
