//! Images, audio, video and files: what they are and where their bytes stand.

/// Something that is not text, inside a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: Source,
    /// MIME type where the wire states one (`image/png`); some wires state only a short format (`wav`).
    pub mime: Option<String>,
    /// File name, for documents.
    pub name: Option<String>,
    /// Wanted resolution of an image: `auto`, `low`, `high`, `original`.
    pub detail: Option<String>,
    /// The words of a sound, where whoever made it wrote them down.
    pub transcript: Option<String>,
}

impl Media {
    /// A piece of sound that is spoken in an answer, and the words of it.
    #[must_use]
    pub fn spoken(data: String, transcript: Option<String>, mime: Option<String>) -> Self {
        Self {
            kind: MediaKind::Audio,
            source: Source::Base64(data),
            mime,
            name: None,
            detail: None,
            transcript,
        }
    }

    /// Whether it is a sound whose bytes stand here, so that more of it can follow.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        matches!(
            (self.kind, &self.source),
            (MediaKind::Audio, Source::Base64(_))
        )
    }

    /// Adds the next piece of the same sound; says no where it is another thing.
    pub(crate) fn go_on(&mut self, more: &Self) -> bool {
        let is_same = more.mime.is_none() || self.mime.is_none() || more.mime == self.mime;
        let (Source::Base64(data), Source::Base64(next)) = (&mut self.source, &more.source) else {
            return false;
        };
        if !is_same || self.kind != MediaKind::Audio || more.kind != MediaKind::Audio {
            return false;
        }
        data.push_str(next);
        if self.mime.is_none() {
            self.mime.clone_from(&more.mime);
        }
        if let Some(words) = &more.transcript {
            self.transcript.get_or_insert_default().push_str(words);
        }
        true
    }
}

/// What a piece of media is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// A document; mostly PDF.
    File,
}

/// Where the bytes of a piece of media stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// At an address that the vendor fetches.
    Url(String),
    /// In the message, base64 as it came (never decoded and encoded again).
    Base64(String),
    /// Plain text (Anthropic text documents).
    Text(String),
    /// Uploaded before, named by id.
    Upload(String),
}
