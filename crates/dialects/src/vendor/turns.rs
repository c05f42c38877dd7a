//! A conversation as turns that hold text, pictures, thinking and calls side by side, each result of a tool a turn of its
//! own: as Cohere and Ollama have it. What neither can say is reported here, in one way.

use canon::{
    CacheMark, Dialect, Media, Message, Part, ReasoningPart, Request, Role, TextPart, ToolCall,
    ToolResult,
};
use serde_json::Value;

use super::unsaid::{FOREIGN, lose_extras, plain_thinking};
use crate::Loss;

/// One turn, with the places of what it holds in the request, for losses and errors.
#[derive(Debug, Default)]
pub(crate) struct Turn<'a> {
    /// `system`, `user`, `assistant` or `tool`.
    pub(crate) role: &'static str,
    /// Where the turn stands, or the result.
    pub(crate) at: String,
    /// The result that a tool's turn is.
    pub(crate) result: Option<&'a ToolResult>,
    /// What is said and shown, in order.
    pub(crate) said: Vec<(Said<'a>, String)>,
    /// Words of thinking, and the id of the piece.
    pub(crate) thoughts: Vec<(&'a str, Option<&'a str>, String)>,
    /// The calls.
    pub(crate) calls: Vec<(&'a ToolCall, String)>,
}

/// What is said or shown.
#[derive(Debug)]
pub(crate) enum Said<'a> {
    /// Words, with what may hang on them.
    Text(&'a TextPart),
    /// Words that decline.
    Refusal(&'a str),
    /// A picture, sound, video or file.
    Media(&'a Media),
    /// A part that only this dialect has.
    Own(&'a Value),
}

impl<'a> Said<'a> {
    /// The words, where there are some.
    pub(crate) fn words(&self) -> Option<&'a str> {
        let words = match self {
            Self::Text(text) => text.text.as_str(),
            Self::Refusal(text) => text,
            Self::Media(_) | Self::Own(_) => return None,
        };
        (!words.is_empty()).then_some(words)
    }
}

/// The turns of a request, for the dialect `own`.
pub(crate) fn turns<'a>(request: &'a Request, own: Dialect, loss: &mut Vec<Loss>) -> Vec<Turn<'a>> {
    let mut walk = Walk {
        own,
        loss,
        turns: Vec::with_capacity(request.messages.len()),
    };
    for (index, message) in request.messages.iter().enumerate() {
        walk.message(message, format!("messages[{index}]"));
    }
    walk.turns
}

struct Walk<'a, 'l> {
    own: Dialect,
    loss: &'l mut Vec<Loss>,
    turns: Vec<Turn<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn message(&mut self, message: &'a Message, at: String) {
        lose_extras(&message.extras, self.own, &at, self.loss);
        let role = match message.role {
            Role::System | Role::Developer => "system",
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let mut turn = Turn {
            role,
            ..Turn::default()
        };
        let mut has_result = false;
        for (index, part) in message.parts.iter().enumerate() {
            let at = format!("{at}.content[{index}]");
            if let Part::ToolResult(result) = part {
                has_result = true;
                self.result(result, at);
            } else {
                self.part(part, at, &mut turn);
            }
        }
        turn.at = at;
        let is_empty = turn.said.is_empty() && turn.thoughts.is_empty() && turn.calls.is_empty();
        if !(has_result && is_empty) {
            self.turns.push(turn);
        }
    }

    fn result(&mut self, result: &'a ToolResult, at: String) {
        self.lose_cache(result.cache, &at);
        lose_extras(&result.extras, self.own, &at, self.loss);
        if result.is_error {
            self.lose(
                format!("{at}.is_error"),
                "results cannot be marked as failed",
            );
        }
        let mut turn = Turn {
            role: "tool",
            result: Some(result),
            ..Turn::default()
        };
        for (index, part) in result.parts.iter().enumerate() {
            self.part(part, format!("{at}.content[{index}]"), &mut turn);
        }
        turn.at = at;
        self.turns.push(turn);
    }

    fn part(&mut self, part: &'a Part, at: String, turn: &mut Turn<'a>) {
        match part {
            Part::Text(text) => {
                self.lose_cache(text.cache, &at);
                lose_extras(&text.extras, self.own, &at, self.loss);
                turn.said.push((Said::Text(text), at));
            }
            Part::Refusal(text) => turn.said.push((Said::Refusal(text), at)),
            Part::Media {
                media,
                cache,
                extras,
            } => {
                self.lose_cache(*cache, &at);
                lose_extras(extras, self.own, &at, self.loss);
                turn.said.push((Said::Media(media), at));
            }
            Part::Reasoning(part) => self.reason(part, at, turn),
            Part::ToolCall(call) => {
                self.lose_cache(call.cache, &at);
                lose_extras(&call.extras, self.own, &at, self.loss);
                turn.calls.push((call, at));
            }
            Part::ToolResult(_) => self.lose(at, "a result inside of another"),
            Part::Other { dialect, value } if *dialect == self.own => {
                turn.said.push((Said::Own(value), at));
            }
            Part::Other { .. } => self.lose(at, FOREIGN),
        }
    }

    fn reason(&mut self, part: &'a ReasoningPart, at: String, turn: &mut Turn<'a>) {
        match plain_thinking(part) {
            Some(words) => turn.thoughts.push((words, part.id.as_deref(), at)),
            None => self.lose(at, "thinking of another family of vendors"),
        }
    }

    fn lose_cache(&mut self, mark: Option<CacheMark>, at: &str) {
        if mark.is_some() {
            let why = "prompts are cached without being asked here";
            self.lose(format!("{at}.cache_control"), why);
        }
    }

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}
