//! The conversation as one prompt (see [`super`] for its form).

use canon::{CacheMark, Media, MediaKind, Message, Part, Request, Role};

use super::DIALECT;
use crate::{
    Error, Loss,
    attachment::{Attachment, attachment},
    body::Body,
    unsaid::{FOREIGN, lose_extras},
};

/// Writes `prompt`, `system_prompt` and `image`.
///
/// # Errors
/// Calls and their results, and media other than one picture.
pub(super) fn render_prompt(request: &Request, input: &mut Body<'_, '_>) -> Result<(), Error> {
    let mut writer = Writer {
        loss: input.loss,
        system: Vec::new(),
        turns: Vec::new(),
        image: None,
    };
    for (index, message) in request.messages.iter().enumerate() {
        writer.message(message, &format!("messages[{index}]"))?;
    }
    let Writer {
        system,
        turns,
        image,
        ..
    } = writer;
    let system = (!system.is_empty()).then(|| system.join("\n\n"));
    match turns.as_slice() {
        // Instructions alone are what is asked.
        [] => input.field("prompt", &system.unwrap_or_default()),
        [(Speaker::User, text)] => {
            input.field("prompt", text);
            input.optional("system_prompt", system);
        }
        turns => {
            input.lose(
                "messages",
                "one prompt is taken here: the turns stand one below the other in it",
            );
            if image.is_some() {
                input.lose(
                    "messages",
                    "the picture stands beside the whole prompt here",
                );
            }
            input.field("prompt", &transcript(turns));
            input.optional("system_prompt", system);
        }
    }
    input.optional("image", image);
    Ok(())
}

/// Who speaks in a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    Assistant,
    System,
}

impl Speaker {
    const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Assistant => "Assistant",
            Self::System => "System",
        }
    }
}

fn transcript(turns: &[(Speaker, String)]) -> String {
    let mut text = String::new();
    for (speaker, words) in turns {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(speaker.name());
        text.push_str(": ");
        text.push_str(words);
    }
    // A last turn of the assistant's own is gone on with.
    if turns
        .last()
        .is_none_or(|(last, _)| *last != Speaker::Assistant)
    {
        text.push_str("\n\nAssistant:");
    }
    text
}

struct Writer<'l> {
    loss: &'l mut Vec<Loss>,
    /// The instructions before the first turn.
    system: Vec<String>,
    turns: Vec<(Speaker, String)>,
    /// The address of the picture.
    image: Option<String>,
}

/// A turn's text under way.
struct Turn {
    text: String,
    has_text: bool,
    speaker: Speaker,
}

impl Writer<'_> {
    fn message(&mut self, message: &Message, at: &str) -> Result<(), Error> {
        lose_extras(&message.extras, DIALECT, at, self.loss);
        let speaker = match message.role {
            Role::System | Role::Developer => Speaker::System,
            Role::User | Role::Tool => Speaker::User,
            Role::Assistant => Speaker::Assistant,
        };
        let mut turn = Turn {
            text: String::new(),
            has_text: false,
            speaker,
        };
        let pictures = self.image.is_some();
        for (index, part) in message.parts.iter().enumerate() {
            self.part(part, &format!("{at}.content[{index}]"), &mut turn)?;
        }
        let shows = self.image.is_some() != pictures;
        if speaker == Speaker::System && self.turns.is_empty() && !shows {
            self.system.push(turn.text);
        } else if turn.has_text || shows {
            self.turns.push((speaker, turn.text));
        }
        Ok(())
    }

    fn part(&mut self, part: &Part, at: &str, turn: &mut Turn) -> Result<(), Error> {
        match part {
            Part::Text(text) => {
                self.lose_cache(text.cache, at);
                lose_extras(&text.extras, DIALECT, at, self.loss);
                if !text.citations.is_empty() {
                    self.lose(format!("{at}.citations"), "texts have no sources here");
                }
                turn.say(&text.text);
            }
            Part::Refusal(text) => turn.say(text),
            Part::Media {
                media,
                cache,
                extras,
            } => {
                self.lose_cache(*cache, at);
                lose_extras(extras, DIALECT, at, self.loss);
                self.picture(media, at)?;
            }
            Part::Reasoning(_) => self.lose(at.to_owned(), "thinking does not go back here"),
            Part::ToolCall(_) | Part::ToolResult(_) => {
                return Err(unsayable(
                    at,
                    "models at Replicate take a prompt and know of no calls",
                ));
            }
            Part::Other { .. } => self.lose(at.to_owned(), FOREIGN),
        }
        Ok(())
    }

    fn picture(&mut self, media: &Media, at: &str) -> Result<(), Error> {
        if media.kind != MediaKind::Image {
            let why = "models at Replicate take text and one picture here";
            return Err(unsayable(at, why));
        }
        if self.image.is_some() {
            return Err(unsayable(at, "there is a place for one picture here"));
        }
        let is_asked = |detail: &str| detail != "auto";
        if media.detail.as_deref().is_some_and(is_asked) {
            self.lose(format!("{at}.detail"), "pictures have one resolution here");
        }
        self.image = Some(match attachment(media) {
            Some(Attachment::Inline { mime, data }) => format!("data:{mime};base64,{data}"),
            Some(Attachment::Address(url)) => url.to_owned(),
            Some(Attachment::Upload(_)) => {
                return Err(unsayable(at, "it was uploaded to another vendor"));
            }
            None => {
                let why = "a data URL must have the form data:TYPE;base64,DATA";
                return Err(unsayable(at, why));
            }
        });
        Ok(())
    }

    fn lose_cache(&mut self, mark: Option<CacheMark>, at: &str) {
        if mark.is_some() {
            self.lose(format!("{at}.cache_control"), "no prompt is cached here");
        }
    }

    fn lose(&mut self, what: String, why: &'static str) {
        self.loss.push(Loss::new(what, why));
    }
}

impl Turn {
    /// Adds a text. The model's own texts go on where the last one stopped; others stand in lines of their own, unless
    /// they were written to go on.
    fn say(&mut self, text: &str) {
        let goes_on = self.speaker == Speaker::Assistant
            || self.text.ends_with(char::is_whitespace)
            || text.starts_with(char::is_whitespace);
        if self.has_text && !goes_on {
            self.text.push('\n');
        }
        self.has_text = true;
        self.text.push_str(text);
    }
}

fn unsayable(at: &str, why: &'static str) -> Error {
    Error::Unsayable {
        what: at.to_owned(),
        why,
    }
}
