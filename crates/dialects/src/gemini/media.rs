//! Pictures, sounds, videos and documents as Gemini has them: inline, or by an address it fetches.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use canon::{Media, MediaKind, Source};
use serde_json::{Map, Value};

use super::spelling;
use super::wire::Body;
use crate::{Error, Fields};

/// Where files are that were uploaded to Gemini: nobody else can fetch them.
const UPLOADS: &str = "https://generativelanguage.googleapis.com/";

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

/// What stands in a blob beside its data and type, with the blob's name.
pub(super) type Beside = Option<(&'static str, Map<String, Value>)>;

/// Takes `inlineData` or `fileData` out of a part.
///
/// # Errors
/// Neither is there, or it is not what it should be.
pub(super) fn parse(part: &mut Fields) -> Result<(Media, Beside), Error> {
    let (name, mut blob, source) = if let Some(mut blob) = spelling::object(part, "inlineData")? {
        let data = standard(blob.required_string("data")?);
        ("inlineData", blob, Source::Base64(data))
    } else if let Some(mut blob) = spelling::object(part, "fileData")? {
        let uri = blob.required_string("fileUri")?;
        let is_upload = uri.starts_with(UPLOADS);
        let source = if is_upload {
            Source::Upload(uri)
        } else {
            Source::Url(uri)
        };
        ("fileData", blob, source)
    } else {
        return Err(part.missing("inlineData", "a piece of media"));
    };
    let mime = blob.string("mimeType")?;
    // Kept beside, too: only some of Google's surfaces take a name.
    let name_of_file = blob.peek("displayName").and_then(Value::as_str);
    let name_of_file = name_of_file.map(str::to_owned);
    let kind = kind_of(mime.as_deref(), &source);
    let media = Media {
        kind,
        source,
        mime,
        name: name_of_file,
        detail: None,
        transcript: None,
    };
    let rest = blob.into_map();
    Ok((media, (!rest.is_empty()).then_some((name, rest))))
}

/// Base64 in the alphabet that every vendor reads. Google's clients write the one for addresses.
fn standard(data: String) -> String {
    if !data.contains(['-', '_']) {
        return data;
    }
    let mut data = data.replace('-', "+").replace('_', "/");
    while !data.len().is_multiple_of(4) {
        data.push('=');
    }
    data
}

fn kind_of(mime: Option<&str>, source: &Source) -> MediaKind {
    let by_address = match source {
        Source::Url(url) | Source::Upload(url) => by_ending(url),
        Source::Base64(_) | Source::Text(_) => None,
    };
    let mime = mime.or(by_address).unwrap_or_default();
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::File,
    }
}

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
