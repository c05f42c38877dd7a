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
