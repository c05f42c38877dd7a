//! Images, sound, video and documents: addresses, data URLs and the short names of audio formats.

use std::borrow::Cow;

use canon::{Media, MediaKind, Source};
use serde_json::Value;

use crate::sound::PCM;

/// A piece of media from what stands in a `url`: an address, or a data URL taken apart.
pub(super) fn from_url(kind: MediaKind, url: String) -> Media {
    let (source, mime) = match split_data_url(&url) {
        Some((mime, data)) => (Source::Base64(data.to_owned()), Some(mime.to_owned())),
        None => (Source::Url(url), None),
    };
    Media {
        kind,
        source,
        mime,
        name: None,
        detail: None,
        transcript: None,
    }
}

/// The image of an `images` entry of an answer, `{"image_url":{"url":…}}`.
pub(super) fn parse_image(image: &Value) -> Option<Media> {
    let url = image.get("image_url")?;
    let url = url.get("url").unwrap_or(url).as_str()?;
    Some(from_url(MediaKind::Image, url.to_owned()))
}

/// The address under which a piece of media stands: its own, or a data URL. `None` for uploads and plain text.
pub(super) fn to_url(media: &Media) -> Option<Cow<'_, str>> {
    match &media.source {
        Source::Url(url) => Some(Cow::Borrowed(url)),
        Source::Base64(data) => {
            let mime = media.mime.as_deref().unwrap_or(match media.kind {
                MediaKind::Image => "image/png",
                MediaKind::Audio => "audio/wav",
                MediaKind::Video => "video/mp4",
                MediaKind::File => "application/pdf",
            });
            Some(Cow::Owned(format!("data:{mime};base64,{data}")))
        }
        Source::Text(_) | Source::Upload(_) => None,
    }
}

/// The short name of an audio format: `wav` of `audio/x-wav`.
pub(super) fn audio_format(mime: Option<&str>) -> &str {
    let name = mime.unwrap_or("wav");
    let name = name.strip_prefix("audio/").unwrap_or(name);
    match name {
        "mpeg" => "mp3",
        "x-wav" | "wave" | "vnd.wave" => "wav",
        "x-m4a" | "mp4" => "m4a",
        "x-aiff" => "aiff",
        // As Gemini speaks; the rate is the one that OpenAI has, too.
        raw if raw.starts_with("L16") || raw == "pcm" || raw.starts_with("pcm;") => PCM,
        other => other,
    }
}

/// MIME type and data of `data:<mime>;base64,<data>`. Anything more elaborate stays an address.
fn split_data_url(url: &str) -> Option<(&str, &str)> {
    let (mime, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let is_plain = !mime.is_empty() && !mime.contains([';', ',']);
    is_plain.then_some((mime, data))
}
