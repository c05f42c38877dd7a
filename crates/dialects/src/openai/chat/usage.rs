//! Counts as vendors of this dialect state them. What cannot be true is treated as not stated: a bad count must
//! neither kill the answer nor give credit.

use std::fmt;

use canon::Usage;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::wire::{Loose, Name};

/// More tokens than any answer has.
const TOKENS_MAX: u64 = 1_000_000_000;

/// What an answer says of its usage.
#[derive(Debug, Default)]
pub(super) enum Stated {
    /// Nothing.
    #[default]
    Nothing,
    /// Something that is no object.
    Odd,
    /// An object; `None` where it states no prompt and answer, or something that cannot be true.
    Usage(Option<Box<Usage>>),
}

impl Stated {
    /// Whether there is nothing.
    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl<'de> Deserialize<'de> for Stated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Counts::default();
        let object = Object {
            counts: &mut counts,
            group: Group::Usage,
        };
        Ok(match object.deserialize(deserializer)? {
            Found::Nothing => Self::Nothing,
            Found::Odd => Self::Odd,
            Found::Object => Self::Usage(counts.usage().map(Box::new)),
        })
    }
}

/// The usage in the object that Groq writes into streams.
#[derive(Debug)]
pub(super) struct GroqUsage(pub(super) Option<Box<Usage>>);

impl<'de> Deserialize<'de> for GroqUsage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Counts::default();
        let object = Object {
            counts: &mut counts,
            group: Group::Groq,
        };
        object.deserialize(deserializer)?;
        Ok(Self(counts.usage().map(Box::new)))
    }
}

/// What stands at one place.
#[derive(Clone, Copy, Debug, Default)]
enum Count {
    /// Nothing, or null.
    #[default]
    Unstated,
    /// No whole number of 0 or more, or one beyond belief.
    Nonsense,
    Tokens(u64),
}

impl Count {
    fn of(value: &Loose<'_>) -> Self {
        let tokens = match value {
            Loose::Nothing => return Self::Unstated,
            Loose::Number(number) => number
                .as_u64()
                .or_else(|| crate::fields::whole(&Value::Number(number.clone()))),
            Loose::Bool(_) | Loose::Text(_) | Loose::List(_) | Loose::Object(_) => None,
        };
        match tokens {
            Some(tokens) if tokens <= TOKENS_MAX => Self::Tokens(tokens),
            Some(_) | None => Self::Nonsense,
        }
    }

    const fn required(self) -> Option<u64> {
        match self {
            Self::Tokens(tokens) => Some(tokens),
            Self::Unstated | Self::Nonsense => None,
        }
    }
}

/// The first of these that is above 0; 0 where none is, `None` where nonsense comes before.
fn first<const N: usize>(places: [Count; N]) -> Option<u64> {
    for place in places {
        match place {
            Count::Tokens(tokens) if tokens > 0 => return Some(tokens),
            Count::Nonsense => return None,
            Count::Tokens(_) | Count::Unstated => {}
        }
    }
    Some(0)
}

/// The objects that counts stand in.
#[derive(Clone, Copy, Debug)]
enum Group {
    /// Around the usage.
    Groq,
    Usage,
    Prompt,
    /// `prompt_token_details`, as some spell it.
    PromptMisspelt,
    Completion,
    /// `completion_token_details`, as some spell it.
    CompletionMisspelt,
    CacheCreation,
    ToolUseDetails,
    ToolUse,
}

impl Group {
    /// The object of this name in this one, where counts stand in it.
    fn inner(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Groq, "usage") => Some(Self::Usage),
            (Self::Usage, "prompt_tokens_details") => Some(Self::Prompt),
            (Self::Usage, "completion_tokens_details") => Some(Self::Completion),
            (Self::Usage, "prompt_token_details") => Some(Self::PromptMisspelt),
            (Self::Usage, "completion_token_details") => Some(Self::CompletionMisspelt),
            (Self::Usage | Self::Prompt, "cache_creation") => Some(Self::CacheCreation),
            (Self::Usage, "server_tool_use_details") => Some(Self::ToolUseDetails),
            (Self::Usage, "server_tool_use") => Some(Self::ToolUse),
            _ => None,
        }
    }
}

/// Every count that some vendor states, by where it stands.
#[derive(Debug, Default)]
struct Counts {
    prompt: Count,
    completion: Count,
    total: Count,
    cached: Count,
    prompt_cached: Count,
    prompt_misspelt_cached: Count,
    cache_hit: Count,
    cache_read: Count,
    num_cached: Count,
    prompt_cache_write: Count,
    cache_creation: Count,
    prompt_cache_creation: Count,
    creation_5m: Count,
    creation_1h: Count,
    reasoning: Count,
    completion_reasoning: Count,
    completion_misspelt_reasoning: Count,
    prompt_audio: Count,
    prompt_image: Count,
    completion_audio: Count,
    completion_image: Count,
    accepted_prediction: Count,
    rejected_prediction: Count,
    tool_use_details_searches: Count,
    tool_use_searches: Count,
    search_queries: Count,
    service_tier: Option<String>,
}

impl Counts {
    /// Where the count of this name in this object is kept.
    fn place(&mut self, group: Group, name: &str) -> Option<&mut Count> {
        Some(match (group, name) {
            (Group::Usage, "prompt_tokens") => &mut self.prompt,
            (Group::Usage, "completion_tokens") => &mut self.completion,
            (Group::Usage, "total_tokens") => &mut self.total,
            (Group::Usage, "cached_tokens") => &mut self.cached,
            (Group::Usage, "prompt_cache_hit_tokens") => &mut self.cache_hit,
            (Group::Usage, "cache_read_input_tokens") => &mut self.cache_read,
            (Group::Usage, "num_cached_tokens") => &mut self.num_cached,
            (Group::Usage, "cache_creation_input_tokens") => &mut self.cache_creation,
            (Group::Usage, "reasoning_tokens") => &mut self.reasoning,
            (Group::Usage, "num_search_queries") => &mut self.search_queries,
            (Group::Prompt, "cached_tokens") => &mut self.prompt_cached,
            (Group::Prompt, "cache_write_tokens") => &mut self.prompt_cache_write,
            // Alibaba.
            (Group::Prompt, "cache_creation_input_tokens") => &mut self.prompt_cache_creation,
            (Group::Prompt, "audio_tokens") => &mut self.prompt_audio,
            (Group::Prompt, "image_tokens") => &mut self.prompt_image,
            (Group::PromptMisspelt, "cached_tokens") => &mut self.prompt_misspelt_cached,
            (Group::Completion, "reasoning_tokens") => &mut self.completion_reasoning,
            (Group::Completion, "audio_tokens") => &mut self.completion_audio,
            (Group::Completion, "image_tokens") => &mut self.completion_image,
            (Group::Completion, "accepted_prediction_tokens") => &mut self.accepted_prediction,
            (Group::Completion, "rejected_prediction_tokens") => &mut self.rejected_prediction,
            (Group::CompletionMisspelt, "reasoning_tokens") => {
                &mut self.completion_misspelt_reasoning
            }
            (Group::CacheCreation, "ephemeral_5m_input_tokens") => &mut self.creation_5m,
            (Group::CacheCreation, "ephemeral_1h_input_tokens") => &mut self.creation_1h,
            (Group::ToolUseDetails, "web_search_requests") => &mut self.tool_use_details_searches,
            (Group::ToolUse, "web_search_requests") => &mut self.tool_use_searches,
            _ => return None,
        })
    }

    /// The usage; `None` where no prompt and answer are stated, or something that cannot be true.
    fn usage(self) -> Option<Usage> {
        let cache_write_1h_tokens = first([self.creation_1h])?;
        // The split by lifetime is part of the count of all that was written, where both are stated.
        let written = first([
            self.prompt_cache_write,
            self.cache_creation,
            self.prompt_cache_creation,
        ])?;
        let cache_write_tokens = match first([self.creation_5m])? {
            0 => written.saturating_sub(cache_write_1h_tokens),
            stated => stated,
        };
        let mut usage = Usage {
            prompt_tokens: self.prompt.required()?,
            completion_tokens: self.completion.required()?,
            cached_tokens: first([
                self.prompt_cached,
                self.cache_hit,
                self.cached,
                self.cache_read,
                self.num_cached,
                self.prompt_misspelt_cached,
            ])?,
            cache_write_tokens,
            cache_write_1h_tokens,
            reasoning_tokens: first([
                self.completion_reasoning,
                self.reasoning,
                self.completion_misspelt_reasoning,
            ])?,
            audio_prompt_tokens: first([self.prompt_audio])?,
            image_prompt_tokens: first([self.prompt_image])?,
            audio_completion_tokens: first([self.completion_audio])?,
            image_completion_tokens: first([self.completion_image])?,
            accepted_prediction_tokens: first([self.accepted_prediction])?,
            rejected_prediction_tokens: first([self.rejected_prediction])?,
            web_searches: first([
                self.tool_use_details_searches,
                self.tool_use_searches,
                self.search_queries,
            ])?,
            total_tokens: None,
            service_tier: self.service_tier,
        };
        let total = first([self.total])?;
        // xAI counts reasoning beside the answer, not in it; its total says so.
        let apart = usage
            .completion_tokens
            .saturating_add(usage.reasoning_tokens);
        if usage.reasoning_tokens > 0 && total == usage.prompt_tokens.saturating_add(apart) {
            usage.completion_tokens = apart;
        }
        if total > 0 && total != usage.total() {
            usage.total_tokens = Some(total);
        }
        usage.is_plausible().then_some(usage)
    }
}

/// An object whose counts are wanted. Whatever else stands in its place costs these counts, never the answer.
struct Object<'c> {
    counts: &'c mut Counts,
    group: Group,
}

/// What stood in the place of an object.
enum Found {
    Nothing,
    Odd,
    Object,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let Self { counts, group } = self;
        while let Some(Name(name)) = map.next_key()? {
            if let Some(place) = counts.place(group, &name) {
                *place = Count::of(&map.next_value()?);
            } else if let Some(group) = group.inner(&name) {
                let counts = &mut *counts;
                map.next_value_seed(Object { counts, group })?;
            } else if matches!((group, &*name), (Group::Usage, "service_tier")) {
                counts.service_tier = map.next_value::<Loose<'_>>()?.string();
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Found::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Found, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Odd)
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Odd)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(Found::Odd)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(Found::Odd)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found::Odd)
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(Found::Odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn usage(value: &Value) -> Option<Usage> {
        match serde_json::from_str(&value.to_string()).unwrap() {
            Stated::Usage(usage) => usage.map(|usage| *usage),
            Stated::Nothing | Stated::Odd => panic!("{value} is an object"),
        }
    }

    #[test]
    fn every_vendors_place_for_cached_tokens_is_known() {
        for (name, value) in [
            ("prompt_tokens_details", json!({"cached_tokens": 8})),
            ("prompt_cache_hit_tokens", json!(8)),
            ("cached_tokens", json!(8)),
            ("cache_read_input_tokens", json!(8)),
            ("num_cached_tokens", json!(8)),
        ] {
            let mut object = json!({"prompt_tokens": 10, "completion_tokens": 1});
            object[name] = value;
            assert_eq!(usage(&object).unwrap().cached_tokens, 8, "{name}");
        }
    }

    #[test]
    fn what_was_written_to_a_cache_counts_once_wherever_it_stands() {
        for (details, written) in [
            (json!({"cache_creation_input_tokens": 8}), (8, 0)),
            (
                json!({"cache_creation_input_tokens": 8, "cache_type": "ephemeral",
                "cache_creation": {"ephemeral_5m_input_tokens": 8}}),
                (8, 0),
            ),
            (
                json!({"cache_creation_input_tokens": 8,
                "cache_creation": {"ephemeral_1h_input_tokens": 8}}),
                (0, 8),
            ),
            (
                json!({"cache_creation_input_tokens": 8, "cache_creation":
                {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 5}}),
                (3, 5),
            ),
        ] {
            let mut above = json!({"prompt_tokens": 10, "completion_tokens": 1});
            let mut within = above.clone();
            within["prompt_tokens_details"] = details.clone();
            for (name, value) in details.as_object().unwrap() {
                above[name] = value.clone();
            }
            for stated in [above, within] {
                let usage = usage(&stated).unwrap();
                let read = (usage.cache_write_tokens, usage.cache_write_1h_tokens);
                assert_eq!(read, written, "{stated}");
            }
        }
    }

    #[test]
    fn reasoning_that_is_counted_beside_the_answer_is_added_to_it() {
        let stated = json!({"prompt_tokens": 468, "completion_tokens": 82, "total_tokens": 870,
            "completion_tokens_details": {"reasoning_tokens": 320}});
        let usage = usage(&stated).unwrap();
        assert_eq!((usage.completion_tokens, usage.total_tokens), (402, None));
    }

    #[test]
    fn what_cannot_be_true_counts_as_not_stated() {
        for wrong in [
            json!({}),
            json!({"prompt_tokens": 1}),
            json!({"prompt_tokens": 1, "completion_tokens": null}),
            json!({"prompt_tokens": -1, "completion_tokens": 1}),
            json!({"prompt_tokens": 1, "completion_tokens": -1}),
            json!({"prompt_tokens": 1.5, "completion_tokens": 1}),
            json!({"prompt_tokens": "1", "completion_tokens": 1}),
            json!({"prompt_tokens": 1, "completion_tokens": 4_000_000_000_u64}),
            json!({"prompt_tokens": 1, "completion_tokens": 1, "cached_tokens": 2}),
            json!({"prompt_tokens": 1, "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": -1}}),
            json!({"prompt_tokens": 1, "completion_tokens": 1,
                "completion_tokens_details": {"reasoning_tokens": 2}}),
        ] {
            assert_eq!(usage(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_object_is_not_read_and_does_no_harm() {
        for odd in ["1", "-1", "1.5", "true", r#""x""#, "[1, {}]"] {
            assert!(
                matches!(serde_json::from_str(odd), Ok(Stated::Odd)),
                "{odd}"
            );
        }
        assert!(matches!(serde_json::from_str("null"), Ok(Stated::Nothing)));
        for details in [
            json!(null),
            json!(7),
            json!("x"),
            json!([{"cached_tokens": 9}]),
        ] {
            let stated = json!({"prompt_tokens": 3.0, "completion_tokens": 1, "news": {"a": [1]},
                "prompt_tokens_details": details, "service_tier": 1});
            let expected = Usage {
                prompt_tokens: 3,
                completion_tokens: 1,
                ..Usage::default()
            };
            assert_eq!(usage(&stated), Some(expected), "{stated}");
        }
    }

    #[test]
    fn the_usage_of_groq_stands_one_object_deeper() {
        let read = |text: &str| serde_json::from_str::<GroqUsage>(text).unwrap().0;
        let usage = read(r#"{"id":"req","usage":{"prompt_tokens":2,"completion_tokens":1}}"#);
        assert_eq!(usage.map(|usage| usage.total()), Some(3));
        for nothing in [
            "null",
            "{}",
            "7",
            r#"{"usage":1}"#,
            r#"{"prompt_tokens":2}"#,
        ] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
