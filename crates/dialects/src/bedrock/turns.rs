//! Messages into `system` and turns that alternate between user and assistant.
//!
//! - Standing instructions go into `system`, wherever they stood.
//! - Neighbours of one role are one turn; so all results of one answer stand in one turn of the user's, with what
//!   the user said next.
//! - Converse refuses texts of white space alone: they are left out, which is reported.

mod marks;

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::{
    CacheMark, Media, Message, Part, ReasoningBody, ReasoningFormat, ReasoningPart, Request, Role,
    TextPart, ToolResult,
};

use super::{
    DIALECT, media,
    model::Family,
    names::{Names, call_id},
    piece::{Piece, render_pieces},
};
use crate::{
    Error, Loss,
    json::Object,
    tools::arguments,
    unsaid::{FOREIGN, lose_extras},
};

/// A conversation, ready to be written.
#[derive(Debug, Default)]
pub(super) struct Prompt<'a> {
    system: Vec<Piece<'a>>,
    turns: Vec<Turn<'a>>,
}

#[derive(Debug)]
struct Turn<'a> {
    role: &'static str,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Prompt<'a> {
    /// Arranges the messages; what cannot be said is added to `loss`.
    ///
    /// # Errors
    /// Media that Bedrock cannot have, or outside of the user's turns.
    pub(super) fn of(
        request: &'a Request,
        family: Family,
        loss: &mut Vec<Loss>,
    ) -> Result<Self, Error> {
        let mut arranger = Arranger {
            prompt: Self::default(),
            names: Names::default(),
            family,
            loss,
        };
        for (index, message) in request.messages.iter().enumerate() {
            arranger.message(message, &format!("messages[{index}]"))?;
        }
        arranger.only_instructions();
        arranger.trim_prefill();
        if let Some(mark) = request.cache {
            arranger.mark_end(mark);
        }
        Ok(arranger.prompt)
    }

    /// Writes `system` and `messages`.
    pub(super) fn render(&self, body: &mut Object<'_>) {
        if !self.system.is_empty() {
            render_pieces(&self.system, "system", body);
        }
        let mut list = body.array("messages");
        for turn in &self.turns {
            let mut object = list.object();
            object.field("role", turn.role);
            render_pieces(&turn.pieces, "content", &mut object);
            object.close();
        }
        list.close();
    }
}

struct Arranger<'a, 'l> {
    prompt: Prompt<'a>,
    names: Names,
    family: Family,
    loss: &'l mut Vec<Loss>,
}

/// Who speaks, in the three places of this wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    System,
    User,
    Assistant,
}

impl<'a> Arranger<'a, '_> {
    fn message(&mut self, message: &'a Message, at: &str) -> Result<(), Error> {
        lose_extras(&message.extras, DIALECT, at, self.loss);
        let speaker = match message.role {
            Role::System | Role::Developer => Speaker::System,
            Role::User | Role::Tool => Speaker::User,
            Role::Assistant => Speaker::Assistant,
        };
        let mut pieces = Vec::with_capacity(message.parts.len());
        for (index, part) in message.parts.iter().enumerate() {
            self.part(
                part,
                speaker,
                &format!("{at}.content[{index}]"),
                &mut pieces,
            )?;
        }
        let role = match speaker {
            Speaker::System => {
                if !self.prompt.turns.is_empty() && !pieces.is_empty() {
                    let why = "instructions in mid conversation are sent before it";
                    self.lose(at.to_owned(), why);
                }
                self.prompt.system.extend(pieces);
                return Ok(());
            }
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        self.say(role, pieces);
        Ok(())
    }

    /// Adds to the turn under way where the role is the same.
    fn say(&mut self, role: &'static str, pieces: Vec<Piece<'a>>) {
        if pieces.is_empty() {
            return;
        }
        match self.prompt.turns.last_mut() {
            Some(last) if last.role == role => last.pieces.extend(pieces),
            _ => self.prompt.turns.push(Turn { role, pieces }),
        }
    }

    fn part(
        &mut self,
        part: &'a Part,
        speaker: Speaker,
        at: &str,
        pieces: &mut Vec<Piece<'a>>,
    ) -> Result<(), Error> {
        match part {
            Part::Text(text) => self.text(text, at, pieces),
            Part::Refusal(text) => self.words(text, at, pieces),
            Part::Media {
                media,
                cache,
                extras,
            } => {
                lose_extras(extras, DIALECT, at, self.loss);
                self.media(media, speaker, at, pieces)?;
                self.mark(*cache, at, pieces);
            }
            Part::Reasoning(part) => self.reason(part, speaker, at, pieces),
            Part::ToolCall(call) => {
                lose_extras(&call.extras, DIALECT, at, self.loss);
                pieces.push(Piece::Call {
                    id: call_id(&call.id),
                    name: &call.name,
                    input: arguments(call, at, self.loss),
                });
                self.mark(call.cache, at, pieces);
            }
            Part::ToolResult(result) => self.result(result, at, pieces)?,
            Part::Other { dialect, value } if *dialect == DIALECT => {
                pieces.push(Piece::Native(value));
            }
            Part::Other { .. } => self.lose(at.to_owned(), FOREIGN),
        }
        Ok(())
    }

    fn text(&mut self, text: &'a TextPart, at: &str, pieces: &mut Vec<Piece<'a>>) {
        lose_extras(&text.extras, DIALECT, at, self.loss);
        let own = text
            .citations
            .iter()
            .filter_map(|one| one.native.of(DIALECT));
        let citations: Vec<_> = own.collect();
        if citations.len() < text.citations.len() {
            self.lose(
                format!("{at}.citations"),
                "sources that another vendor found",
            );
        }
        if citations.is_empty() {
            self.words(&text.text, at, pieces);
        } else {
            let text = Cow::Borrowed(text.text.as_str());
            pieces.push(Piece::Cited { text, citations });
        }
        self.mark(text.cache, at, pieces);
    }

    fn words(&mut self, text: &'a str, at: &str, pieces: &mut Vec<Piece<'a>>) {
        if !text.trim().is_empty() {
            pieces.push(Piece::Text(Cow::Borrowed(text)));
        } else if !text.is_empty() {
            self.lose(at.to_owned(), "a text of white space alone");
        }
    }

    fn media(
        &mut self,
        media: &'a Media,
        speaker: Speaker,
        at: &str,
        pieces: &mut Vec<Piece<'a>>,
    ) -> Result<(), Error> {
        match speaker {
            Speaker::User => {}
            Speaker::Assistant => {
                self.lose(at.to_owned(), "the model's own turns hold no media");
                return Ok(());
            }
            Speaker::System => {
                return Err(Error::Unsayable {
                    what: format!("{at}: media in a system message"),
                    why: "system messages hold only text",
                });
            }
        }
        if media
            .detail
            .as_deref()
            .is_some_and(|detail| detail != "auto")
        {
            self.lose(format!("{at}.detail"), "pictures have one resolution here");
        }
        let names = &mut self.names;
        let block = media::block(media, at, |wanted| names.document(wanted))?;
        pieces.push(Piece::Media(block));
        Ok(())
    }

    fn reason(
        &mut self,
        part: &'a ReasoningPart,
        speaker: Speaker,
        at: &str,
        pieces: &mut Vec<Piece<'a>>,
    ) {
        lose_extras(&part.extras, DIALECT, at, self.loss);
        if speaker != Speaker::Assistant || !self.family.takes_thinking_back() {
            return self.lose(at.to_owned(), "this model takes no thinking back");
        }
        let is_anthropic = part.format == ReasoningFormat::ANTHROPIC;
        match &part.body {
            ReasoningBody::Text {
                text,
                signature: Some(signature),
            } if is_anthropic => pieces.push(Piece::Thought {
                text,
                signature: Some(signature),
            }),
            ReasoningBody::Encrypted(data) if is_anthropic => {
                pieces.push(Piece::Redacted(Cow::Owned(BASE64.encode(data))));
            }
            // What was no text came from here, and goes back as it came.
            ReasoningBody::Encrypted(data) if part.format == ReasoningFormat::UNKNOWN => {
                pieces.push(Piece::Redacted(Cow::Borrowed(data)));
            }
            ReasoningBody::Text { .. }
            | ReasoningBody::Summary(_)
            | ReasoningBody::Encrypted(_) => {
                self.lose(at.to_owned(), "thinking that this vendor cannot verify");
            }
        }
    }

    fn result(
        &mut self,
        result: &'a ToolResult,
        at: &str,
        pieces: &mut Vec<Piece<'a>>,
    ) -> Result<(), Error> {
        lose_extras(&result.extras, DIALECT, at, self.loss);
        let mut content = Vec::with_capacity(result.parts.len());
        for (index, part) in result.parts.iter().enumerate() {
            let at = format!("{at}.content[{index}]");
            match part {
                // A tool may well say nothing but a line break.
                Part::Text(TextPart { text, .. }) if text.trim().is_empty() => {
                    content.push(Piece::Text(Cow::Borrowed(text)));
                }
                Part::Text(_)
                | Part::Refusal(_)
                | Part::Media { .. }
                | Part::Reasoning(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Other { .. } => self.part(part, Speaker::User, &at, &mut content)?,
            }
        }
        // Breakpoints stand behind results, not in them.
        let before = content.len();
        content.retain(|piece| !matches!(piece, Piece::CachePoint(_)));
        let is_marked = content.len() < before;
        let is_error = result.is_error && self.family.takes_result_status();
        if result.is_error && !is_error {
            self.lose(
                format!("{at}.is_error"),
                "this model's results cannot be marked as failed",
            );
        }
        pieces.push(Piece::Result {
            id: call_id(&result.call_id),
            content,
            is_error,
        });
        let mark = result.cache.or(is_marked.then(CacheMark::default));
        self.mark(mark, at, pieces);
        Ok(())
    }

    /// Instructions alone are a prompt elsewhere; here a conversation must have a turn.
    fn only_instructions(&mut self) {
        if self.prompt.turns.is_empty() && !self.prompt.system.is_empty() {
            let pieces = std::mem::take(&mut self.prompt.system);
            self.say("user", pieces);
            let why = "instructions alone are sent as the user's turn";
            self.lose("messages[0].role".to_owned(), why);
        }
    }

    /// A last turn of the model's own may not end in white space.
    fn trim_prefill(&mut self) {
        let Some(turn) = self.prompt.turns.last_mut() else {
            return;
        };
        if turn.role == "assistant"
            && let Some(Piece::Text(text)) = turn.pieces.last_mut()
            && text.ends_with(char::is_whitespace)
        {
            *text = Cow::Owned(text.trim_end().to_owned());
            let why = "white space at the end of the model's turn was cut off";
            self.lose("messages".to_owned(), why);
        }
    }

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}
