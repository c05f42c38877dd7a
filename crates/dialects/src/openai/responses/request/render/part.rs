//! The parts of a message's content, for a vendor.

use canon::{CacheMark, Extras, Media, MediaKind, Part, Source, TextPart};

use super::{FOREIGN, render_mark};
use crate::{
    Error, Form, Loss,
    json::{Array, Object},
    openai::{
        media::{audio_format, to_url},
        responses::{DIALECT, annotation::render_citation},
    },
};

/// Writes the content of one turn: which vendor, and where the losses go.
pub(super) struct Content<'a> {
    pub(super) form: &'a Form,
    pub(super) loss: &'a mut Vec<Loss>,
    /// Number of the turn, for messages.
    pub(super) turn: usize,
}

impl Content<'_> {
    /// Reports a loss in this turn.
    pub(super) fn lose(&mut self, what: &str, why: &'static str) {
        let what = format!("messages[{}].{what}", self.turn);
        self.loss.push(Loss::new(what, why));
    }

    /// The parts that have a form here; reports what is lost.
    pub(super) fn sayable<'p>(
        &mut self,
        parts: &[&'p Part],
        is_answer: bool,
    ) -> Result<Vec<&'p Part>, Error> {
        let mut said = Vec::with_capacity(parts.len());
        for part in parts {
            if self.can_say(part, is_answer)? {
                said.push(*part);
            }
        }
        Ok(said)
    }

    /// Writes content: a text where it is one plain text, a list of parts otherwise.
    pub(super) fn render(
        &self,
        name: &str,
        parts: &[&Part],
        is_answer: bool,
        object: &mut Object<'_>,
    ) {
        match parts {
            [Part::Text(text)] if self.is_plain(text) => object.field(name, &text.text),
            parts => {
                let mut list = object.array(name);
                for part in parts {
                    self.part(part, is_answer, &mut list);
                }
                list.close();
            }
        }
    }

    fn is_plain(&self, text: &TextPart) -> bool {
        let has_mark = text.cache.is_some() && self.form.cache_marks;
        !has_mark && text.extras.of(DIALECT).is_none() && text.citations.is_empty()
    }

    fn can_say(&mut self, part: &Part, is_answer: bool) -> Result<bool, Error> {
        match part {
            Part::Text(text) => {
                self.report(text.cache, &text.extras);
                Ok(true)
            }
            Part::Media { .. } if is_answer => {
                let why = "this dialect has no pictures in the assistant's messages";
                self.lose("images", why);
                Ok(false)
            }
            Part::Media {
                media,
                cache,
                extras,
            } => {
                self.report(*cache, extras);
                self.check(media)?;
                Ok(true)
            }
            Part::Refusal(_) => Ok(true),
            Part::Other { dialect, .. } if *dialect == DIALECT => Ok(true),
            Part::Other { .. } => {
                self.lose("content", "a part of another dialect");
                Ok(false)
            }
            Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => {
                self.lose("content", "has no place in this turn");
                Ok(false)
            }
        }
    }

    /// Reports a cache mark or fields that do not come through.
    pub(super) fn report(&mut self, cache: Option<CacheMark>, extras: &Extras) {
        let breaks_itself = extras
            .of(DIALECT)
            .is_some_and(|fields| fields.contains_key("prompt_cache_breakpoint"));
        if cache.is_some() && !self.form.cache_marks && !breaks_itself {
            self.lose("cache_control", "this provider has no cache breakpoints");
        }
        if extras.any().is_some_and(|(dialect, _)| dialect != DIALECT) {
            self.lose("content", FOREIGN);
        }
    }

    /// What the dialect cannot carry, and what must not be left out, is an error.
    fn check(&mut self, media: &Media) -> Result<(), Error> {
        let why = match (media.kind, &media.source) {
            (MediaKind::Image | MediaKind::File, Source::Upload(_))
            | (MediaKind::Image | MediaKind::File, Source::Url(_) | Source::Base64(_))
            | (MediaKind::Audio, Source::Base64(_)) => return Ok(()),
            (MediaKind::Video, Source::Url(_) | Source::Base64(_)) if self.form.openrouter => {
                return Ok(());
            }
            (MediaKind::File, Source::Text(_)) => {
                self.lose("content", "a text document is sent as text");
                return Ok(());
            }
            (MediaKind::Video, Source::Url(_) | Source::Base64(_)) => "this dialect has no video",
            (MediaKind::Audio, Source::Url(_)) => "sound must stand in the request as base64",
            (_, Source::Upload(_)) => "uploaded files are known only to where they were uploaded",
            (_, Source::Text(_)) => "it is text",
        };
        Err(Error::Unsayable {
            what: format!("messages[{}]: {:?}", self.turn, media.kind).to_lowercase(),
            why,
        })
    }

    fn part(&self, part: &Part, is_answer: bool, list: &mut Array<'_>) {
        match part {
            Part::Text(text) => {
                let mut object = list.object();
                let kind = if is_answer {
                    "output_text"
                } else {
                    "input_text"
                };
                object.field("type", kind);
                object.field("text", &text.text);
                if !text.citations.is_empty() {
                    let mut annotations = object.array("annotations");
                    for citation in &text.citations {
                        render_citation(citation, &mut annotations);
                    }
                    annotations.close();
                }
                self.finish(text.cache, &text.extras, object);
            }
            Part::Refusal(text) => {
                let mut object = list.object();
                object.field("type", "refusal");
                object.field("refusal", text);
                object.close();
            }
            Part::Media {
                media,
                cache,
                extras,
            } => {
                let mut object = list.object();
                render_media(media, &mut object);
                self.finish(*cache, extras, object);
            }
            Part::Other { value, .. } => list.item(value),
            Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => {}
        }
    }

    /// Ends a part: what only this dialect has, and the cache mark.
    fn finish(&self, cache: Option<CacheMark>, extras: &Extras, mut object: Object<'_>) {
        let fields = extras.of(DIALECT);
        let breaks_itself =
            fields.is_some_and(|fields| fields.contains_key("prompt_cache_breakpoint"));
        for (name, value) in fields.into_iter().flatten() {
            object.field(name, value);
        }
        if let Some(mark) = cache
            && self.form.cache_marks
            && !breaks_itself
        {
            render_mark(mark, &mut object);
        }
        object.close();
    }
}

fn render_media(media: &Media, object: &mut Object<'_>) {
    match (media.kind, &media.source) {
        (_, Source::Text(text)) => {
            object.field("type", "input_text");
            object.field("text", text);
        }
        (MediaKind::Image, Source::Upload(id)) => {
            object.field("type", "input_image");
            object.field("file_id", id);
            object.optional("detail", media.detail.as_deref());
        }
        (MediaKind::Image, _) => {
            object.field("type", "input_image");
            object.optional("image_url", to_url(media));
            object.optional("detail", media.detail.as_deref());
        }
        (MediaKind::Video, _) => {
            object.field("type", "input_video");
            object.optional("video_url", to_url(media));
        }
        (MediaKind::Audio, source) => {
            object.field("type", "input_audio");
            let mut audio = object.object("input_audio");
            if let Source::Base64(data) = source {
                audio.field("data", data);
            }
            audio.field("format", audio_format(media.mime.as_deref()));
            audio.close();
        }
        (MediaKind::File, source) => {
            object.field("type", "input_file");
            object.optional("filename", media.name.as_deref());
            match source {
                Source::Upload(id) => object.field("file_id", id),
                Source::Url(url) => object.field("file_url", url),
                // Without a type it came as bare data, and goes as such.
                Source::Base64(data) if media.mime.is_none() => object.field("file_data", data),
                Source::Base64(_) | Source::Text(_) => {
                    object.optional("file_data", to_url(media));
                }
            }
        }
    }
}
