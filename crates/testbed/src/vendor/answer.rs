//! What a vendor says: a function of the request and the mood, so that a test can check what
//! arrived.
//!
//! The rule of tokens: a prompt has one for every four bytes of text, rounded up; an answer has one
//! a word (with the space before it), or one a chunk where the mood sets their number; a tool call
//! has one for its name and one for every four characters of its arguments. A chunk of a stream
//! carries one token.

use serde_json::{Map, Value};

use super::asked::{Asked, Choice, Tool};
use super::schema;
use crate::mood::{GoOn, Mood, Reply, UsageClaim};

const THOUGHT: &str = "The user wants an answer, so I will give a short one.";
/// What a custom tool is called with.
const FREE_TEXT: &str = "free text, and no JSON";
/// Characters of a call's arguments in one token.
const FRAGMENT_CHARS: usize = 4;
/// Parallel calls, at most; more is a slip in a test.
const CALLS_MAX: usize = 128;
/// Answers to one request, at most: as many as OpenAI gives.
const CHOICES_MAX: usize = 128;

/// An answer before it is put into a wire's form. Each string is one token.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The number of the request; ids follow from it.
    pub(crate) number: u64,
    pub(crate) model: String,
    pub(crate) reasoning: Vec<String>,
    pub(crate) text: Vec<String>,
    pub(crate) calls: Vec<Call>,
    /// Whether the request named the tool to call; OpenAI then ends with `stop`, not `tool_calls`.
    pub(crate) named: bool,
    pub(crate) finish: Finish,
    /// What was really used.
    pub(crate) used: Used,
    pub(crate) claim: UsageClaim,
    pub(crate) include_usage: bool,
    pub(crate) logprobs: Option<usize>,
    /// How many times it is given, each time in the same words.
    pub(crate) choices: usize,
    /// Whether a source is named for the text.
    pub(crate) cited: bool,
    /// Whether a part of the thoughts is under a seal.
    pub(crate) redacted: bool,
    /// Tokens of the prediction that came true.
    pub(crate) predicted: usize,
    /// As in [`Asked`].
    pub(crate) tier: Option<String>,
    /// As in [`Asked`].
    pub(crate) spoken: bool,
    /// As in [`Asked`].
    pub(crate) pictured: bool,
    /// As in [`Asked`].
    pub(crate) sealed: bool,
    /// As in [`Asked`].
    pub(crate) hidden: bool,
    /// As in [`Asked`].
    pub(crate) echo: Map<String, Value>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// Twenty-four characters that differ from call to call, without the wire's prefix.
    pub(crate) id: String,
    pub(crate) name: String,
    /// The arguments as JSON text, or the free text of a custom tool, in pieces.
    pub(crate) fragments: Vec<String>,
    /// As in [`Tool`].
    pub(crate) custom: bool,
}

/// Why an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    StopSequence(String),
    Length,
    Tools,
    /// The text says why there is no answer.
    Refusal,
}

/// Tokens used. Cached and written ones are part of the prompt, reasoning is part of the
/// completion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) prompt: u64,
    pub(crate) cached: u64,
    pub(crate) cache_written: u64,
    /// Of these, to stay there for an hour.
    pub(crate) cache_written_1h: u64,
    pub(crate) completion: u64,
    pub(crate) reasoning: u64,
}

/// Tokens as the vendor tells them: as [`Used`], but it may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) prompt: i64,
    pub(crate) cached: i64,
    pub(crate) cache_written: i64,
    pub(crate) completion: i64,
    pub(crate) reasoning: i64,
}

// === impl Answer ===

impl Answer {
    /// Says what `asked` calls for in this `mood`; `text` is what the vendor says by default.
    pub(crate) fn compose(number: u64, asked: &Asked, mood: &Mood, text: &str) -> Self {
        let mut answer = Self {
            number,
            model: asked.model.clone(),
            reasoning: Vec::new(),
            text: Vec::new(),
            calls: Vec::new(),
            named: matches!(asked.choice, Choice::Named(_)),
            finish: Finish::Stop,
            used: Used::default(),
            claim: mood.usage,
            include_usage: asked.include_usage,
            logprobs: asked.logprobs,
            choices: asked.choices.clamp(1, CHOICES_MAX),
            cited: false,
            redacted: mood.redacts,
            predicted: 0,
            tier: asked.tier.clone(),
            spoken: asked.spoken,
            pictured: asked.pictured,
            sealed: asked.sealed,
            hidden: asked.hidden,
            echo: asked.echo.clone(),
        };
        if mood.reply != Reply::NoContent && !asked.counting {
            answer.speak(asked, mood, text);
        }
        if let Some(tokens_max) = asked.output_tokens_max {
            answer.shorten(tokens_max);
        }
        answer.used = answer.count(asked, mood);
        answer
    }

    /// What the vendor tells at the end; nothing where its mood is to tell nothing.
    pub(crate) fn told(&self) -> Option<Told> {
        self.told_after(self.used.completion, self.used.reasoning)
    }

    /// What the vendor tells after so many tokens of output.
    pub(crate) fn told_after(&self, completion: u64, reasoning: u64) -> Option<Told> {
        let said = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let (prompt, completion) = match self.claim {
            UsageClaim::None => return None,
            UsageClaim::Honest => (said(self.used.prompt), said(completion)),
            UsageClaim::Claimed { prompt, completion } => (prompt, completion),
        };
        Some(Told {
            prompt,
            cached: said(self.used.cached),
            cache_written: said(self.used.cache_written),
            completion,
            reasoning: said(reasoning),
        })
    }

    fn speak(&mut self, asked: &Asked, mood: &Mood, text: &str) {
        if mood.reasoning || asked.thinking {
            self.reasoning = words(THOUGHT);
        }
        let chosen = chosen_tools(asked, mood);
        if chosen.is_empty() {
            let said = said(asked, mood, text);
            let (said, finish) = stopped(&said, &asked.stop);
            self.finish = finish;
            self.text = match mood.chunks {
                Some(count) => pieces(said, count),
                None => words(said),
            };
            self.cited = mood.cites && !self.text.is_empty();
            if mood.refuses {
                self.finish = Finish::Refusal;
            }
            let predicted = words(&asked.predicted);
            let both = self.text.iter().zip(&predicted);
            self.predicted = both.take_while(|(said, guess)| said == guess).count();
            return;
        }
        self.finish = Finish::Tools;
        let number = self.number;
        self.calls = (0_u64..)
            .zip(chosen)
            .map(|(index, tool)| call(number, index, tool))
            .collect();
    }

    /// Keeps the first `tokens_max` tokens of what is said.
    fn shorten(&mut self, tokens_max: usize) {
        let spoken = self.reasoning.len() + self.text.len();
        let calls: usize = self.calls.iter().map(Call::tokens).sum();
        if spoken + calls <= tokens_max {
            return;
        }
        self.finish = Finish::Length;
        let mut left = tokens_max;
        for tokens in [&mut self.reasoning, &mut self.text] {
            tokens.truncate(left);
            left -= tokens.len();
        }
        let mut kept = Vec::new();
        for mut call in self.calls.drain(..) {
            let Some(for_fragments) = left.checked_sub(1) else {
                break;
            };
            call.fragments.truncate(for_fragments);
            left -= call.tokens();
            kept.push(call);
        }
        self.calls = kept;
    }

    fn count(&self, asked: &Asked, mood: &Mood) -> Used {
        let count = |tokens: usize| u64::try_from(tokens).unwrap_or(u64::MAX);
        let calls: usize = self.calls.iter().map(Call::tokens).sum();
        let from_cache = mood.cached.saturating_add(mood.cache_written);
        Used {
            prompt: asked.prompt_tokens().max(from_cache),
            cached: mood.cached,
            cache_written: mood.cache_written,
            cache_written_1h: mood.cache_written * u64::from(asked.cached_for_an_hour),
            completion: count(self.choices * (self.reasoning.len() + self.text.len() + calls)),
            reasoning: count(self.choices * self.reasoning.len()),
        }
    }
}

// === impl Call ===

impl Call {
    /// Tokens in the call.
    pub(crate) fn tokens(&self) -> usize {
        1 + self.fragments.len()
    }

    /// The arguments in one piece; cut short where the token limit cut them.
    pub(crate) fn arguments(&self) -> String {
        self.fragments.concat()
    }
}

/// The tools to call; none where text is wanted.
fn chosen_tools<'a>(asked: &'a Asked, mood: &Mood) -> Vec<&'a Tool> {
    let wanted = match &asked.choice {
        Choice::Never => 0,
        Choice::Named(name) => {
            return asked
                .tools
                .iter()
                .filter(|tool| tool.name == *name)
                .take(1)
                .collect();
        }
        Choice::Any => mood.tools.max(1),
        Choice::Auto if asked.after_tool => 0,
        Choice::Auto => mood.tools.max(usize::from(mood.tool_call)),
    };
    asked
        .tools
        .iter()
        .cycle()
        .take(wanted.min(CALLS_MAX))
        .collect()
}

fn call(number: u64, index: u64, tool: &Tool) -> Call {
    let fitting = schema::instance(&tool.schema);
    let arguments = if tool.custom {
        FREE_TEXT.to_owned()
    } else if fitting.is_object() {
        fitting.to_string()
    } else {
        super::asked::nothing().to_string()
    };
    let text: Vec<char> = arguments.chars().collect();
    Call {
        id: format!("{number:016}{index:08}"),
        name: tool.name.clone(),
        fragments: text
            .chunks(FRAGMENT_CHARS)
            .map(|part| part.iter().collect())
            .collect(),
        custom: tool.custom,
    }
}

fn said(asked: &Asked, mood: &Mood, text: &str) -> String {
    if let Some(schema) = &asked.schema {
        return schema::instance(schema).to_string();
    }
    if mood.echo {
        return asked.last_words.clone();
    }
    let text = mood.text.as_deref().unwrap_or(text);
    match mood.goes_on {
        Some(how) => gone_on(asked, how, text).to_owned(),
        None => text.to_owned(),
    }
}

/// What of the text is said where the conversation has its beginning.
fn gone_on<'a>(asked: &Asked, how: GoOn, text: &'a str) -> &'a str {
    let begins = |said: &&String| !said.is_empty() && text.starts_with(said.as_str());
    let Some(begun) = asked.texts.iter().rfind(begins) else {
        return text;
    };
    let said = begun.trim_end();
    let last = asked.texts.last().map(String::as_str).unwrap_or_default();
    let from = match how {
        _ if last == begun => begun.len(),
        GoOn::Over => 0,
        GoOn::AsAsked => {
            let ends = |from: &usize| said.get(*from..).is_some_and(|end| last.ends_with(end));
            (0..said.len()).find(ends).unwrap_or(said.len())
        }
        GoOn::Words(count) => {
            let words = words(said);
            let kept = words.len().saturating_sub(count);
            words.iter().take(kept).map(String::len).sum()
        }
    };
    text.get(from..).unwrap_or_default()
}

/// The text up to the first stop sequence in it.
fn stopped<'a>(text: &'a str, stop: &[String]) -> (&'a str, Finish) {
    let first = stop
        .iter()
        .filter(|sequence| !sequence.is_empty())
        .filter_map(|sequence| Some((text.find(sequence.as_str())?, sequence)))
        .min();
    match first {
        Some((end, sequence)) => (
            text.get(..end).unwrap_or_default(),
            Finish::StopSequence(sequence.clone()),
        ),
        None => (text, Finish::Stop),
    }
}

/// Words with the space before them; together they are the text.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_word = false;
    for character in text.chars() {
        match words.last_mut() {
            Some(word) if !(character == ' ' && in_word) => word.push(character),
            _ => words.push(character.into()),
        }
        in_word = character != ' ';
    }
    words
}

/// The text in `count` nearly equal pieces; fewer where it has fewer characters.
fn pieces(text: &str, count: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let count = count.clamp(1, characters.len().max(1));
    let bound = |index: usize| characters.len() * index / count;
    (0..count)
        .filter_map(|index| characters.get(bound(index)..bound(index + 1)))
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FOX: &str = "The quick brown fox";

    fn compose(asked: &Asked, mood: &Mood) -> Answer {
        Answer::compose(7, asked, mood, FOX)
    }

    #[test]
    fn an_answer_is_gone_on_with_where_the_conversation_has_its_beginning() {
        let say = |texts: &[&str], how| {
            let asked = Asked {
                texts: texts.iter().map(|text| (*text).to_owned()).collect(),
                ..Asked::default()
            };
            let mood = Mood {
                goes_on: Some(how),
                ..Mood::default()
            };
            compose(&asked, &mood).text.concat()
        };
        assert_eq!(say(&["Hi", "The quick b"], GoOn::Over), "rown fox");
        let demand = ["Hi", "The quick b", "Go on: quick b"];
        assert_eq!(say(&demand, GoOn::AsAsked), " quick brown fox");
        assert_eq!(say(&demand, GoOn::Words(1)), " brown fox");
        assert_eq!(say(&demand, GoOn::Over), FOX);
        assert_eq!(say(&["Hi"], GoOn::AsAsked), FOX);
    }

    #[test]
    fn words_and_pieces_are_the_text_again() {
        for text in [FOX, "", " ", "a  b ", "größer  ✓ 😀😀", "\n\n x"] {
            assert_eq!(words(text).concat(), text);
            for count in 0..20 {
                assert_eq!(pieces(text, count).concat(), text);
            }
        }
        assert_eq!(words(FOX).len(), 4);
        assert_eq!(pieces(FOX, 5).len(), 5);
    }

    #[test]
    fn the_token_limit_cuts_thoughts_before_words() {
        let asked = Asked {
            output_tokens_max: Some(2),
            ..Asked::default()
        };
        let answer = compose(&asked, &Mood::default());
        assert_eq!(
            (answer.text.concat().as_str(), &answer.finish),
            ("The quick", &Finish::Length)
        );
        let thinking = compose(
            &asked,
            &Mood {
                reasoning: true,
                ..Mood::default()
            },
        );
        assert_eq!((thinking.reasoning.len(), thinking.text.len()), (2, 0));
        assert_eq!(thinking.used.completion, 2);
        let enough = Asked {
            output_tokens_max: Some(4),
            ..Asked::default()
        };
        assert_eq!(compose(&enough, &Mood::default()).finish, Finish::Stop);
    }

    #[test]
    fn the_first_stop_sequence_ends_the_text() {
        let stop = vec![" fox".to_owned(), " brown".to_owned(), String::new()];
        let answer = compose(
            &Asked {
                stop,
                ..Asked::default()
            },
            &Mood::default(),
        );
        assert_eq!(answer.text.concat(), "The quick");
        assert_eq!(answer.finish, Finish::StopSequence(" brown".to_owned()));
    }

    #[test]
    fn a_forced_tool_is_called_and_a_forbidden_one_is_not() {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let tool = |name: &str| Tool {
            name: name.to_owned(),
            schema: schema.clone(),
            custom: false,
        };
        let asked = |choice| Asked {
            tools: vec![tool("first"), tool("second")],
            choice,
            ..Asked::default()
        };
        let two = Mood {
            tools: 2,
            ..Mood::default()
        };
        let names = |answer: &Answer| -> Vec<String> {
            answer.calls.iter().map(|call| call.name.clone()).collect()
        };
        let named = compose(&asked(Choice::Named("second".to_owned())), &Mood::default());
        assert_eq!(names(&named), ["second"]);
        assert_eq!(named.calls[0].arguments(), r#"{"city":"text"}"#);
        assert_eq!(
            names(&compose(&asked(Choice::Any), &Mood::default())),
            ["first"]
        );
        assert_eq!(
            names(&compose(&asked(Choice::Auto), &two)),
            ["first", "second"]
        );
        assert!(compose(&asked(Choice::Never), &two).calls.is_empty());
        assert!(
            compose(&asked(Choice::Auto), &Mood::default())
                .calls
                .is_empty()
        );
    }
}
