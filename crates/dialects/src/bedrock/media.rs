//! Pictures, documents, videos and sounds of a request: their formats by name, their bytes in the message or in S3.

use std::borrow::Cow;

use canon::{Media, MediaKind};

use crate::{
    Error,
    attachment::{Attachment, attachment},
    json::Array,
};

/// A piece of media, ready to be written.
#[derive(Debug)]
pub(super) struct Block<'a> {
    kind: MediaKind,
    format: Cow<'a, str>,
    source: Source<'a>,
    /// Of a document.
    name: Option<String>,
}

#[derive(Debug)]
enum Source<'a> {
    /// Base64.
    Bytes(Cow<'a, str>),
    S3(&'a str),
}

/// Formats whose name is not the second half of the MIME type.
const FORMATS: &[(&str, &str)] = &[
    ("image/jpg", "jpeg"),
    ("video/quicktime", "mov"),
    ("video/x-matroska", "mkv"),
    ("video/x-flv", "flv"),
    ("video/x-ms-wmv", "wmv"),
    ("video/3gpp", "three_gp"),
    ("audio/mpeg", "mp3"),
    ("audio/x-wav", "wav"),
    ("audio/wave", "wav"),
    ("audio/x-m4a", "m4a"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("application/msword", "doc"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    ("application/vnd.ms-excel", "xls"),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
];

/// The formats that pictures and documents may have. Sounds and videos have more of them than are worth a list.
const PICTURES: &[&str] = &["png", "jpeg", "gif", "webp"];
const DOCUMENTS: &[&str] = &[
    "pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md",
];

/// A piece of media as a block; `at` names it in errors, `name` gives a document its name.
///
/// # Errors
/// Its bytes stand somewhere that Bedrock does not fetch from, or it has a format that Bedrock does not know.
pub(super) fn block<'a>(
    media: &'a Media,
    at: &str,
    name: impl FnOnce(Option<&str>) -> String,
) -> Result<Block<'a>, Error> {
    let unsayable = |why| Error::Unsayable {
        what: at.to_owned(),
        why,
    };
    let (mime, source) = match attachment(media) {
        Some(Attachment::Inline { mime, data }) => (mime, Source::Bytes(data)),
        Some(Attachment::Address(url) | Attachment::Upload(url)) if url.starts_with("s3://") => {
            (mime_in_s3(media, url), Source::S3(url))
        }
        Some(Attachment::Address(_)) => {
            return Err(unsayable(
                "Bedrock fetches from S3 only: the bytes must stand in the message as base64",
            ));
        }
        Some(Attachment::Upload(_)) => {
            return Err(unsayable("the file was uploaded to another vendor"));
        }
        None => {
            return Err(unsayable(
                "a data URL must have the form data:TYPE;base64,DATA",
            ));
        }
    };
    let format = format_of(mime);
    let format = match media.kind {
        MediaKind::Image if !PICTURES.contains(&&*format) => {
            return Err(unsayable("pictures must be PNG, JPEG, GIF or WebP"));
        }
        MediaKind::File if !DOCUMENTS.contains(&&*format) => {
            // Source code, JSON and the like are text.
            let is_text = media
                .mime
                .as_deref()
                .is_some_and(|mime| mime.starts_with("text/") || mime == "application/json");
            if !is_text {
                return Err(unsayable(
                    "documents must be PDF, text, HTML, or of Word or Excel",
                ));
            }
            Cow::Borrowed("txt")
        }
        MediaKind::Image | MediaKind::File | MediaKind::Audio | MediaKind::Video => format,
    };
    Ok(Block {
        kind: media.kind,
        format,
        source,
        name: (media.kind == MediaKind::File).then(|| name(media.name.as_deref())),
    })
}

/// What is stated, or the ending of the address.
fn mime_in_s3<'a>(media: &'a Media, url: &'a str) -> Cow<'a, str> {
    match media.mime.as_deref() {
        Some(mime) => Cow::Borrowed(mime),
        None => Cow::Borrowed(url.rsplit_once('.').map_or("", |(_, ending)| ending)),
    }
}

fn format_of(mime: Cow<'_, str>) -> Cow<'_, str> {
    if let Some((_, format)) = FORMATS.iter().find(|(known, _)| *known == mime) {
        return Cow::Borrowed(format);
    }
    match mime.split_once('/') {
        Some((_, format)) => Cow::Owned(format.to_owned()),
        None if mime == "jpg" => Cow::Borrowed("jpeg"),
        None => mime,
    }
}

impl Block<'_> {
    /// Writes it as an element of a list of blocks.
    pub(super) fn render(&self, list: &mut Array<'_>) {
        let mut block = list.object();
        let mut object = block.object(match self.kind {
            MediaKind::Image => "image",
            MediaKind::Audio => "audio",
            MediaKind::Video => "video",
            MediaKind::File => "document",
        });
        object.field("format", &*self.format);
        object.optional("name", self.name.as_deref());
        let mut source = object.object("source");
        match &self.source {
            Source::Bytes(data) => source.field("bytes", &**data),
            Source::S3(uri) => {
                let mut location = source.object("s3Location");
                location.field("uri", *uri);
                location.close();
            }
        }
        source.close();
        object.close();
        block.close();
    }
}
