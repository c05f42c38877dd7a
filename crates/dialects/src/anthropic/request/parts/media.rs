//! Pictures and documents into blocks. Sound and moving pictures have no block.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::{CacheMark, Extras, Media, MediaKind, Source};

use crate::{
    Error,
    anthropic::wire::{DIALECT, render_tail_without},
    json::Object,
};

const PDF: &str = "application/pdf";
const IMAGES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];
/// How the base64 of each kind of file begins.
const MAGIC: &[(&str, &str)] = &[
    ("/9j/", "image/jpeg"),
    ("iVBORw0KGgo", "image/png"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi", PDF),
];

/// A block: what kind, and where its bytes are.
struct Sayable<'a> {
    kind: &'static str,
    source: Place<'a>,
}

enum Place<'a> {
    Base64 { mime: Cow<'a, str>, data: &'a str },
    Text(Cow<'a, str>),
    Url(&'a str),
    Upload(&'a str),
}

/// Whether a piece of media can be said.
///
/// # Errors
/// It cannot: without it the answer would be one to another question.
pub(super) fn check(media: &Media, at: &str) -> Result<Option<&'static str>, Error> {
    match resolve(media) {
        Ok(_) => Ok(None),
        Err(why) => {
            let kind = match media.kind {
                MediaKind::Image => "an image",
                MediaKind::Audio => "audio",
                MediaKind::Video => "video",
                MediaKind::File => "a file",
            };
            Err(Error::Unsayable {
                what: format!("{at}: {kind}"),
                why,
            })
        }
    }
}

/// Writes the block, and closes it.
pub(super) fn render(
    media: &Media,
    cache: Option<CacheMark>,
    extras: &Extras,
    mut object: Object<'_>,
) {
    // Checked before: what cannot be said does not come here.
    let sayable = resolve(media).unwrap_or(Sayable {
        kind: "document",
        source: Place::Text(Cow::Borrowed("")),
    });
    object.field("type", sayable.kind);
    match extras.of(DIALECT).and_then(|own| own.get("source")) {
        Some(whole) => object.field("source", whole),
        None => render_source(&sayable.source, object.object("source")),
    }
    if sayable.kind == "document" {
        object.optional("title", media.name.as_deref());
    }
    render_tail_without(&["source"], cache, extras, &mut object);
    object.close();
}

fn render_source(source: &Place<'_>, mut object: Object<'_>) {
    match source {
        Place::Base64 { mime, data } => {
            object.field("type", "base64");
            object.field("media_type", mime);
            object.field("data", data);
        }
        Place::Text(text) => {
            object.field("type", "text");
            object.field("media_type", "text/plain");
            object.field("data", text);
        }
        Place::Url(url) => {
            object.field("type", "url");
            object.field("url", url);
        }
        Place::Upload(id) => {
            object.field("type", "file");
            object.field("file_id", id);
        }
    }
    object.close();
}

/// The block for a piece of media, or why there is none.
fn resolve(media: &Media) -> Result<Sayable<'_>, &'static str> {
    match media.kind {
        MediaKind::Audio => return Err("it does not take sound"),
        MediaKind::Video => return Err("it does not take moving pictures"),
        MediaKind::Image | MediaKind::File => {}
    }
    let is_image = media.kind == MediaKind::Image;
    let kind = if is_image { "image" } else { "document" };
    let (mime, data) = match &media.source {
        Source::Base64(data) => (media.mime.as_deref(), data.as_str()),
        Source::Url(url) if url.starts_with("data:") => split_data_url(url)?,
        Source::Url(url) if url.starts_with("https://") || url.starts_with("http://") => {
            let source = Place::Url(url);
            return Ok(Sayable { kind, source });
        }
        Source::Url(_) => return Err("the address is neither http(s) nor data"),
        Source::Upload(id) => {
            let source = Place::Upload(id);
            return Ok(Sayable { kind, source });
        }
        Source::Text(_) if is_image => return Err("a text is no picture"),
        Source::Text(text) => {
            let source = Place::Text(Cow::Borrowed(text));
            return Ok(Sayable { kind, source });
        }
    };
    resolve_bytes(mime, data, is_image)
}

fn resolve_bytes<'a>(
    mime: Option<&'a str>,
    data: &'a str,
    is_image: bool,
) -> Result<Sayable<'a>, &'static str> {
    let mime = mime.filter(|mime| *mime != "application/octet-stream");
    let mime = match mime {
        Some("image/jpg") => "image/jpeg",
        Some(mime) => mime,
        None => sniff(data).ok_or("its kind is not stated")?,
    };
    if IMAGES.contains(&mime) {
        let mime = Cow::Borrowed(mime);
        return Ok(Sayable {
            kind: "image",
            source: Place::Base64 { mime, data },
        });
    }
    if is_image {
        return Err("it takes JPEG, PNG, GIF and WebP pictures");
    }
    let source = if mime == PDF {
        let mime = Cow::Borrowed(mime);
        Place::Base64 { mime, data }
    } else if mime.starts_with("text/") || mime == "application/json" {
        let bytes = BASE64.decode(data).map_err(|_| "its base64 is broken")?;
        let text = String::from_utf8(bytes).map_err(|_| "its text is not UTF-8")?;
        Place::Text(Cow::Owned(text))
    } else {
        return Err("it takes PDF and plain text files");
    };
    Ok(Sayable {
        kind: "document",
        source,
    })
}

fn sniff(data: &str) -> Option<&'static str> {
    let known = MAGIC.iter().find(|(magic, _)| data.starts_with(magic));
    known.map(|(_, mime)| *mime)
}

/// `data:image/png;base64,iVBOR…` into its kind and its data.
fn split_data_url(url: &str) -> Result<(Option<&str>, &str), &'static str> {
    const WHY: &str = "the data address is not base64";
    let rest = url.strip_prefix("data:").ok_or(WHY)?;
    let (head, data) = rest.split_once(',').ok_or(WHY)?;
    let head = head.strip_suffix(";base64").ok_or(WHY)?;
    let mime = head.split(';').next().filter(|mime| !mime.is_empty());
    Ok((mime, data))
}
