//! Media of a request for dialects that want the bytes in the message: base64, and what kind of bytes they are.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use canon::{Media, MediaKind, Source};

/// Where the bytes of a piece of media stand, data addresses unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Attachment<'a> {
    /// In the message.
    Inline {
        /// MIME type: stated, or told from the name or the first bytes.
        mime: Cow<'a, str>,
        /// Base64.
        data: Cow<'a, str>,
    },
    /// At an address.
    Address(&'a str),
    /// Uploaded to some vendor before.
    Upload(&'a str),
}

/// What bytes are whose kind nobody stated, by how their base64 begins.
const MAGIC: &[(&str, &str)] = &[
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("JVBERi0", "application/pdf"),
    ("SUQz", "audio/mpeg"),
    ("T2dnUw", "audio/ogg"),
    ("ZkxhQw", "audio/flac"),
    ("GkXfo", "video/webm"),
];

/// What the ending of a file's name says.
const ENDINGS: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];

/// The bytes of a piece of media, wherever they stand; `None` for a data address that is not base64.
pub(crate) fn attachment(media: &Media) -> Option<Attachment<'_>> {
    Some(match &media.source {
        Source::Base64(data) => Attachment::Inline {
            mime: mime_of(media, None, data),
            data: Cow::Borrowed(data),
        },
        Source::Text(text) => Attachment::Inline {
            mime: Cow::Borrowed(media.mime.as_deref().unwrap_or("text/plain")),
            data: Cow::Owned(BASE64.encode(text)),
        },
        Source::Url(url) => match url.strip_prefix("data:") {
            None => Attachment::Address(url),
            Some(rest) => {
                let (head, data) = rest.split_once(',')?;
                let stated = head.strip_suffix(";base64")?.split(';').next();
                Attachment::Inline {
                    mime: mime_of(media, stated.filter(|mime| !mime.is_empty()), data),
                    data: Cow::Borrowed(data),
                }
            }
        },
        Source::Upload(id) => Attachment::Upload(id),
    })
}

/// The MIME type: that of the data address, the stated one (a short format, `wav`, completed), that of the name's
/// ending, or that of the first bytes.
fn mime_of<'a>(media: &'a Media, of_address: Option<&'a str>, data: &str) -> Cow<'a, str> {
    if let Some(stated) = of_address.or(media.mime.as_deref()) {
        if stated.contains('/') {
            return Cow::Borrowed(stated);
        }
        let family = match media.kind {
            MediaKind::Image => "image",
            MediaKind::Audio => "audio",
            MediaKind::Video => "video",
            MediaKind::File => "application",
        };
        return Cow::Owned(format!("{family}/{stated}"));
    }
    let ending = media.name.as_deref().and_then(|name| name.rsplit_once('.'));
    let of_ending = ending.and_then(|(_, ending)| {
        let known = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(ending);
        ENDINGS.iter().find(known)
    });
    let of_content = || MAGIC.iter().find(|(magic, _)| data.starts_with(magic));
    Cow::Borrowed(match (of_ending.or_else(of_content), media.kind) {
        (Some((_, mime)), _) => mime,
        // RIFF holds both.
        (None, MediaKind::Image) if data.starts_with("UklGR") => "image/webp",
        (None, MediaKind::Image) => "image/jpeg",
        (None, MediaKind::Audio) => "audio/wav",
        (None, MediaKind::Video) => "video/mp4",
        (None, MediaKind::File) => "application/pdf",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(kind: MediaKind, source: Source, mime: Option<&str>, name: Option<&str>) -> Media {
        Media {
            kind,
            source,
            mime: mime.map(str::to_owned),
            name: name.map(str::to_owned),
            detail: None,
            transcript: None,
        }
    }

    fn inline(media: &Media) -> (String, String) {
        match attachment(media) {
            Some(Attachment::Inline { mime, data }) => (mime.into_owned(), data.into_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_kind_of_bytes_is_stated_or_told() {
        use MediaKind::{Audio, File, Image};
        let url = |text: &str| Source::Url(text.to_owned());
        let base64 = |text: &str| Source::Base64(text.to_owned());
        for (media, wanted) in [
            (
                media(Image, url("data:image/png;base64,AA"), None, None),
                "image/png",
            ),
            (
                media(Image, url("data:;base64,/9j/AA"), None, None),
                "image/jpeg",
            ),
            (
                media(
                    Image,
                    url("data:image/webp;charset=x;base64,AA"),
                    None,
                    None,
                ),
                "image/webp",
            ),
            (media(Image, base64("R0lGODxx"), None, None), "image/gif"),
            (media(Audio, base64("AA"), Some("wav"), None), "audio/wav"),
            (media(File, base64("AA"), None, Some("a.b.CSV")), "text/csv"),
            (
                media(File, base64("AA"), None, Some("none")),
                "application/pdf",
            ),
        ] {
            assert_eq!(inline(&media).0, wanted, "{media:?}");
        }
        let text = media(File, Source::Text("hi".to_owned()), None, None);
        assert_eq!(inline(&text), ("text/plain".to_owned(), "aGk=".to_owned()));
        let bare = media(Image, url("data:image/png,AA"), None, None);
        assert_eq!(attachment(&bare), None);
    }
}
