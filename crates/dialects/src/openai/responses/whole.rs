//! A whole answer for a caller of the same dialect, the short way ([`crate::Whole`]).
//!
//! Its items are read one by one: messages, calls and thinking as texts that go on, items that only this dialect has
//! as the values they are. What an answer repeats of its request is passed over here; the echo of ours stands there.

mod item;

use std::fmt;

use canon::{FinishReason, Usage};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use self::item::Items;
use super::{
    answer::{Envelope, State},
    usage::parse_usage,
};
use crate::{
    Receipt, Stamp, Whole,
    json::Object,
    short::whole::{Form, Inert},
};

/// What stands between our own fields.
#[derive(Debug)]
pub(crate) struct Said {
    /// The items, as the caller gets them.
    output: Vec<u8>,
}

/// The fields that say something.
#[derive(Default)]
struct Answer<'a> {
    id: Option<&'a str>,
    status: Option<&'a str>,
    output: Option<Vec<&'a RawValue>>,
    /// What the counts are read from.
    stated: Map<String, Value>,
}

impl<'de> Deserialize<'de> for Answer<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnswerVisitor)
    }
}

struct AnswerVisitor;

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = Answer<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer<'de>, A::Error> {
        let mut answer = Answer::default();
        while let Some(name) = map.next_key::<&str>()? {
            let was_said = match name {
                "id" => answer.id.replace(map.next_value()?).is_some(),
                "status" => answer.status.replace(map.next_value()?).is_some(),
                "output" => answer.output.replace(map.next_value()?).is_some(),
                "usage" | "service_tier" | "tool_usage" => {
                    let value = map.next_value()?;
                    answer.stated.insert(name.to_owned(), value).is_some()
                }
                // An answer that broke off or was cut goes the long way.
                "error" | "incomplete_details" => {
                    map.next_value::<()>()?;
                    false
                }
                _ => {
                    map.next_value::<Inert>()?;
                    false
                }
            };
            if was_said {
                return Err(A::Error::custom("it is said twice"));
            }
        }
        Ok(answer)
    }
}

/// Reads an answer; `None` where it has to go the long way.
pub(crate) fn read_whole(body: &str) -> Option<Whole> {
    let mut answer: Answer<'_> = serde_json::from_str(body).ok()?;
    let status = answer.status.filter(|status| *status == "completed")?;
    let mut whole = Whole {
        id: answer.id.filter(|id| !id.is_empty()).map(str::to_owned),
        native_finish: Some(status.to_owned()),
        ..Whole::default()
    };
    let raw = answer.output.take()?;
    let mut output = Vec::with_capacity(body.len());
    let mut items = Items::open(&mut output);
    for item in raw {
        items.add(&mut whole, item)?;
    }
    let own = items.close()?;
    whole.usage = usage_of(answer.stated, own);
    whole.finish = Some(if whole.calls.is_empty() {
        FinishReason::Stop
    } else {
        FinishReason::ToolCalls
    });
    whole.form = Some(Form::Responses(Said { output }));
    Some(whole)
}

/// What is stated; searches are counted among the items.
fn usage_of(mut stated: Map<String, Value>, own: Vec<Value>) -> Option<Usage> {
    stated.insert("output".to_owned(), Value::Array(own));
    parse_usage(&Value::Object(stated))
}

impl Said {
    /// Appends the answer.
    pub(crate) fn render(&self, stamp: &Stamp, receipt: &Receipt, out: &mut Vec<u8>) {
        out.reserve(self.output.len() + 2_048);
        let envelope = Envelope::of(stamp);
        let object = Object::open(out);
        envelope.render_around(State::Completed, Some(receipt), object, |out| {
            out.extend_from_slice(&self.output);
        });
    }
}
