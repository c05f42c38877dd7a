//! The parts of a turn's content, for a vendor.

use canon::{CacheMark, Dialect, Extras, Media, MediaKind, Part, Source, TextPart};

use super::{FOREIGN, render_mark, tool::inner};
use crate::{
    Error, Form, Loss,
    json::{Array, Object},
    openai::{
        chat::reasoning::KIND_PREFIX,
        media::{audio_format, to_url},
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

    /// Writes `content`: a text where it is one plain text, a list of parts otherwise, `empty` where nothing can
    /// be said.
    pub(super) fn render(
        &mut self,
        parts: &[&Part],
        empty: Option<&str>,
        object: &mut Object<'_>,
    ) -> Result<(), Error> {
        let mut said = Vec::with_capacity(parts.len());
        for part in parts {
            if self.can_say(part)? {
                said.push(*part);
            }
        }
        match said.as_slice() {
            [] => object.field("content", &empty),
            [Part::Text(text)] if self.is_plain(text) => object.field("content", &text.text),
            parts => {
                let mut list = object.array("content");
                for part in parts {
                    self.part(part, &mut list);
                }
                list.close();
            }
        }
        Ok(())
    }

    fn is_plain(&self, text: &TextPart) -> bool {
        let has_mark = text.cache.is_some() && self.form.cache_marks;
        !has_mark && text.extras.of(Dialect::OpenAiChat).is_none()
    }

    /// Whether the part has a form here; reports what of it is lost.
    fn can_say(&mut self, part: &Part) -> Result<bool, Error> {
        match part {
            Part::Text(text) => {
                if !text.citations.is_empty() {
                    self.lose("citations", "this dialect has no citations in requests");
                }
                self.report(text.cache, &text.extras);
                Ok(true)
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
            Part::Other {
                dialect: Dialect::OpenAiChat,
                value,
            } => {
                let kind = value.get("type").and_then(serde_json::Value::as_str);
                Ok(kind.is_some_and(|kind| !kind.starts_with(KIND_PREFIX)))
            }
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
            .of(Dialect::OpenAiChat)
            .is_some_and(|fields| fields.contains_key("prompt_cache_breakpoint"));
        if cache.is_some() && !self.form.cache_marks && !breaks_itself {
            self.lose("cache_control", "this provider has no cache breakpoints");
        }
        if extras
            .any()
            .is_some_and(|(dialect, _)| dialect != Dialect::OpenAiChat)
        {
            self.lose("content", FOREIGN);
        }
    }

    /// What the dialect cannot carry, and what must not be left out, is an error.
    fn check(&mut self, media: &Media) -> Result<(), Error> {
        let why = match (media.kind, &media.source) {
            (MediaKind::Image | MediaKind::Video, Source::Url(_) | Source::Base64(_))
            | (MediaKind::Audio, Source::Base64(_))
            | (MediaKind::File, Source::Url(_) | Source::Base64(_) | Source::Upload(_)) => {
                return Ok(());
            }
            (MediaKind::File, Source::Text(_)) => {
                self.lose("content", "a text document is sent as text");
                return Ok(());
            }
            (MediaKind::Audio, Source::Url(_)) => "sound must stand in the request as base64",
            (_, Source::Upload(_)) => "uploaded files are known only to where they were uploaded",
            (_, Source::Text(_)) => "it is text",
        };
        Err(Error::Unsayable {
            what: format!("messages[{}]: {:?}", self.turn, media.kind).to_lowercase(),
            why,
        })
    }

    fn part(&self, part: &Part, list: &mut Array<'_>) {
        match part {
            Part::Text(text) => {
                let mut object = list.object();
                object.field("type", "text");
                object.field("text", &text.text);
                self.finish(text.cache, &text.extras, "", object);
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
            } => self.media(media, *cache, extras, list),
            Part::Other { value, .. } => list.item(value),
            Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => {}
        }
    }

    fn media(
        &self,
        media: &Media,
        cache: Option<CacheMark>,
        extras: &Extras,
        list: &mut Array<'_>,
    ) {
        let mut object = list.object();
        let kind = match (media.kind, &media.source) {
            (MediaKind::File, Source::Text(text)) => {
                object.field("type", "text");
                object.field("text", text);
                return self.finish(cache, extras, "", object);
            }
            (MediaKind::Image, _) => "image_url",
            (MediaKind::Audio, _) => "input_audio",
            (MediaKind::Video, _) => "video_url",
            (MediaKind::File, _) => "file",
        };
        object.field("type", kind);
        let mut place = object.object(kind);
        match media.kind {
            MediaKind::Image | MediaKind::Video => {
                place.optional("url", to_url(media));
                place.optional("detail", media.detail.as_deref());
            }
            MediaKind::Audio => {
                if let Source::Base64(data) = &media.source {
                    place.field("data", data);
                }
                place.field("format", audio_format(media.mime.as_deref()));
            }
            MediaKind::File => render_file(media, &mut place),
        }
        for (name, value) in inner(extras.of(Dialect::OpenAiChat), kind)
            .into_iter()
            .flatten()
        {
            place.field(name, value);
        }
        place.close();
        self.finish(cache, extras, kind, object);
    }

    /// Ends a part: what only this dialect has, but for what was written inside, and the cache mark.
    fn finish(
        &self,
        cache: Option<CacheMark>,
        extras: &Extras,
        written: &str,
        mut object: Object<'_>,
    ) {
        let fields = extras.of(Dialect::OpenAiChat);
        let mut breaks_itself = false;
        for (name, value) in fields.into_iter().flatten() {
            if name != written {
                object.field(name, value);
            }
            breaks_itself |= name == "prompt_cache_breakpoint";
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

fn render_file(media: &Media, file: &mut Object<'_>) {
    file.optional("filename", media.name.as_deref());
    match &media.source {
        Source::Upload(id) => file.field("file_id", id),
        // Without a type it came as bare data, and goes as such.
        Source::Base64(data) if media.mime.is_none() => file.field("file_data", data),
        Source::Url(_) | Source::Base64(_) | Source::Text(_) => {
            file.optional("file_data", to_url(media));
        }
    }
}
