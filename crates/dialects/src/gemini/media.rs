//! Pictures, sounds, videos and documents of a request as Gemini takes them: inline, or by an
//! address it fetches.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use canon::{Media, MediaKind, Source};

use super::wire::Body;
use crate::Error;

/// What Gemini says of bytes whose kind nobody stated, by how their base64 begins.
const MAGIC: &[(&str, &str)] = &[
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("JVBERi0", "application/pdf"),
    ("SUQz", "audio/mp3"),
    ("T2dnUw", "audio/ogg"),
    ("ZkxhQw", "audio/flac"),
];

/// What a file name's ending says.
const ENDINGS: &[(&str, &str)] = &[
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
    (".heic", "image/heic"),
    (".heif", "image/heif"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
    (".md", "text/plain"),
    (".csv", "text/csv"),
    (".html", "text/html"),
    (".json", "application/json"),
    (".mp3", "audio/mp3"),
    (".wav", "audio/wav"),
    (".flac", "audio/flac"),
    (".ogg", "audio/ogg"),
    (".aac", "audio/aac"),
    (".m4a", "audio/mp4"),
    (".mp4", "video/mp4"),
    (".mov", "video/quicktime"),
    (".webm", "video/webm"),
    (".mpeg", "video/mpeg"),
];

/// A piece of media as the body of a part; `place` names it in errors.
///
/// # Errors
/// Its address is of a kind that Gemini does not fetch, or it was uploaded elsewhere.
pub(super) fn body<'a>(
    media: &'a Media,
    place: impl FnOnce() -> String,
) -> Result<Body<'a>, Error> {
    let unsayable = |why| Error::Unsayable { what: place(), why };
    match &media.source {
        Source::Base64(data) => Ok(Body::Inline {
            mime: mime_of(media).unwrap_or_else(|| by_content(media.kind, data)),
            data: Cow::Borrowed(data),
        }),
        Source::Text(text) => Ok(Body::Inline {
            mime: mime_of(media).unwrap_or(Cow::Borrowed("text/plain")),
            data: Cow::Owned(BASE64.encode(text)),
        }),
        Source::Url(url) => match url.strip_prefix("data:") {
            Some(data) => parse_data_url(data, media)
                .ok_or_else(|| unsayable("a data URL must have the form data:TYPE;base64,DATA")),
            None if is_fetched(url) => Ok(file(media, url)),
            None => Err(unsayable(
                "only https, http, gs and data addresses are fetched",
            )),
        },
        Source::Upload(id) if is_fetched(id) => Ok(file(media, id)),
        Source::Upload(_) => Err(unsayable("the file was uploaded to another vendor")),
    }
}

fn file<'a>(media: &'a Media, uri: &'a str) -> Body<'a> {
    let mime = mime_of(media).or_else(|| by_ending(uri).map(Cow::Borrowed));
    Body::File { mime, uri }
}

fn is_fetched(url: &str) -> bool {
    ["https://", "http://", "gs://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// `TYPE;base64,DATA`, with or without parameters in between.
fn parse_data_url<'a>(rest: &'a str, media: &'a Media) -> Option<Body<'a>> {
    let (head, data) = rest.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    let mime = match mime.split(';').next().unwrap_or_default() {
        "" => mime_of(media).unwrap_or_else(|| by_content(media.kind, data)),
        stated => Cow::Borrowed(stated),
    };
    let data = Cow::Borrowed(data);
    Some(Body::Inline { mime, data })
}

/// The stated MIME type; a short format (`wav`) is completed.
fn mime_of(media: &Media) -> Option<Cow<'_, str>> {
    let stated = media.mime.as_deref()?;
    if stated.contains('/') {
        return Some(Cow::Borrowed(stated));
    }
    let family = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
        MediaKind::File => "application",
    };
    Some(Cow::Owned(format!("{family}/{stated}")))
}

fn by_content(kind: MediaKind, base64: &str) -> Cow<'static, str> {
    let known = MAGIC.iter().find(|(magic, _)| base64.starts_with(magic));
    let mime = match (known, kind) {
        (Some((_, mime)), _) => mime,
        // RIFF holds both.
        (None, MediaKind::Image) if base64.starts_with("UklGR") => "image/webp",
        (None, MediaKind::Image) => "image/jpeg",
        (None, MediaKind::Audio) => "audio/wav",
        (None, MediaKind::Video) => "video/mp4",
        (None, MediaKind::File) => "application/pdf",
    };
    Cow::Borrowed(mime)
}

fn by_ending(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.get(path.rfind('.')?..)?.to_ascii_lowercase();
    ENDINGS
        .iter()
        .find(|(known, _)| *known == ending)
        .map(|(_, mime)| *mime)
}
