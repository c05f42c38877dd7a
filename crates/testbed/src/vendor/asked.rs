//! What a request asks for, whatever its wire.

use serde_json::{Map, Value};

/// A request as far as the answer depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// Whether only the tokens of the prompt are asked for.
    pub(crate) counting: bool,
    /// Whether a stream ends with usage; only the OpenAI form leaves the choice.
    pub(crate) include_usage: bool,
    /// The bytes of all text in the system prompt and the messages.
    pub(crate) text_bytes: usize,
    pub(crate) images: u64,
    /// The text of the last user message.
    pub(crate) last_words: String,
    /// Every text of the conversation, in order.
    pub(crate) texts: Vec<String>,
    /// Whether the conversation ends with a tool's result, so that another call would go in
    /// circles.
    pub(crate) after_tool: bool,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: Choice,
    /// The schema that the answer must fit.
    pub(crate) schema: Option<Value>,
    pub(crate) output_tokens_max: Option<usize>,
    pub(crate) stop: Vec<String>,
    /// The number of alternatives wanted for each token.
    pub(crate) logprobs: Option<usize>,
    /// The number of answers wanted; 0 counts as 1.
    pub(crate) choices: usize,
    /// What the answer will mostly be, as the request predicts it.
    pub(crate) predicted: String,
    /// The service tier wanted.
    pub(crate) tier: Option<String>,
    /// Whether the answer is wanted as sound.
    pub(crate) spoken: bool,
    /// Whether a picture is wanted with the answer.
    pub(crate) pictured: bool,
    /// Whether what is written to the cache is to stay there for an hour.
    pub(crate) cached_for_an_hour: bool,
    pub(crate) thinking: bool,
    /// Whether the thoughts are wanted in a form that only the vendor can read, too.
    pub(crate) sealed: bool,
    /// Whether the thoughts are paid for without being shown.
    pub(crate) hidden: bool,
    /// What the answer repeats of the request; only OpenAI's Responses and Replicate do.
    pub(crate) echo: Map<String, Value>,
    pub(crate) user: Option<String>,
}

/// A tool on offer.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// The JSON schema of its arguments; null where it takes none.
    pub(crate) schema: Value,
    /// Whether it takes free text instead; only OpenAI's may.
    pub(crate) custom: bool,
}

/// Which tools may, must or must not be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    Never,
    Any,
    Named(String),
}

/// A member of an object under either of its two spellings; null counts as absent.
pub(crate) fn member<'a>(object: &'a Value, names: [&str; 2]) -> Option<&'a Value> {
    names
        .iter()
        .find_map(|name| object.get(name))
        .filter(|value| !value.is_null())
}

/// A member that is a string.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// A member that is a list; empty where it is none.
pub(crate) fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A member that is a count.
pub(crate) fn count(object: &Value, name: &str) -> Option<usize> {
    object
        .get(name)
        .and_then(Value::as_u64)
        .and_then(|count| usize::try_from(count).ok())
}

/// A string, or a list of strings.
pub(crate) fn strings(value: Option<&Value>) -> Vec<String> {
    let Some(value) = value else {
        return Vec::new();
    };
    let one = std::slice::from_ref(value);
    let many = value.as_array().map_or(one, Vec::as_slice);
    many.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// An empty object, for what a request left out.
pub(crate) fn nothing() -> Value {
    Value::Object(Map::new())
}

// === impl Asked ===

impl Asked {
    /// Takes in a message's content: a string, or a list of parts with `text` in them.
    ///
    /// Returns the text; images are counted where `is_image` says that a part is one, and parts in
    /// a part's own `content` (a tool's result) are taken in likewise.
    pub(crate) fn take(&mut self, content: &Value, is_image: fn(&Value) -> bool) -> String {
        if let Some(words) = content.as_str() {
            self.text_bytes += words.len();
            self.texts.push(words.to_owned());
            return words.to_owned();
        }
        let mut words = String::new();
        for part in content.as_array().map_or(&[][..], Vec::as_slice) {
            if is_image(part) {
                self.images += 1;
            }
            let inner = part.get("content").map(|inner| self.take(inner, is_image));
            let own = text(part, "text").unwrap_or_default();
            self.text_bytes += own.len();
            self.texts.push(own.to_owned());
            words.push_str(own);
            words.push_str(inner.as_deref().unwrap_or_default());
        }
        words
    }

    /// Prompt tokens: one for every four bytes of text, rounded up. Images, tools and roles count
    /// nothing.
    pub(crate) fn prompt_tokens(&self) -> u64 {
        u64::try_from(self.text_bytes.div_ceil(4)).unwrap_or(u64::MAX)
    }
}
