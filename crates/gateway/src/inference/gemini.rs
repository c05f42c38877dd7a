//! Addresses of Gemini's dialect: `/v1beta/models/{model}:{method}`, with the model as Google names it or as
//! `author/slug`, plain or percent-encoded.
//!
//! Facts: ai.google.dev/api/generate-content (methods, `alt`, `key`), and what google-genai for Python and
//! @google/genai for Node send (read 2026-11-22).

use canon::{Fault, Kind, Secret};
use http::Uri;

use crate::{
    query::Query,
    relay::{Address, Delivery},
};

/// What stands before a model, behind `/api` where that is there.
const PREFIXES: [&str; 2] = ["/v1beta/models/", "/v1/models/"];

/// Whether a path, without `/api`, asks a model for something in Gemini's dialect.
pub(crate) fn is_method(path: &str) -> bool {
    parse(path).is_some()
}

/// What is done with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Generate,
    Stream,
    Count,
}

/// The model, still encoded, and what is asked of it. Models may have colons, so the last one counts.
fn parse(path: &str) -> Option<(&str, Method)> {
    let rest = PREFIXES
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))?;
    let (model, method) = rest.rsplit_once(':')?;
    let method = match method {
        "generateContent" => Method::Generate,
        "streamGenerateContent" => Method::Stream,
        "countTokens" => Method::Count,
        _ => return None,
    };
    Some((model, method))
}

/// Reads an address, and whether it asks for a count.
///
/// # Errors
/// It names no model, or a form of answers that there is not.
pub(super) fn read(uri: &Uri) -> Result<(Address, bool), Fault> {
    let path = uri.path().strip_prefix("/api").unwrap_or(uri.path());
    let (model, method) =
        parse(path).ok_or_else(|| Fault::ours("an address of Gemini's that is none"))?;
    let named = decode(model).map(|model| model.trim_start_matches("models/").to_owned());
    let model = named.filter(|model| !model.is_empty()).ok_or_else(|| {
        let say = "The model in the path: expected a name such as gemini-2.5-flash or google/gemini-2.5-flash, \
                   percent-encoded UTF-8";
        Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "model")
    })?;
    let query = Query::parse(uri)?;
    let delivery = match method {
        Method::Generate | Method::Count => Delivery::Whole,
        Method::Stream => stream_form(query.text("alt"))?,
    };
    let address = Address {
        model: Some(model),
        delivery: Some(delivery),
        key: query.text("key").map(|key| Secret::new(key.to_owned())),
    };
    Ok((address, method == Method::Count))
}

/// Google streams a JSON array where nothing else is asked for.
fn stream_form(alt: Option<&str>) -> Result<Delivery, Fault> {
    match alt {
        Some("sse") => Ok(Delivery::Events),
        None | Some("json") => Ok(Delivery::Array),
        Some(other) => {
            let shown: String = other.chars().take(40).collect();
            let say = format!("alt: expected sse or json, found {shown:?}");
            Err(Fault::caller(Kind::InvalidRequest, say).with_metadata("param", "alt"))
        }
    }
}

/// Percent-encoding undone; `None` where it is none, or no text.
fn decode(encoded: &str) -> Option<String> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model_of(uri: &str) -> Result<String, Fault> {
        let (address, _) = read(&uri.parse().unwrap())?;
        Ok(address.model.unwrap())
    }

    #[test]
    fn a_model_may_be_written_in_every_way_that_clients_write_it() {
        for model in [
            "google/gemini-2.5-flash",
            "google%2Fgemini-2.5-flash",
            "models/google/gemini-2.5-flash",
            "models%2fgoogle%2Fgemini-2.5-flash",
        ] {
            let uri = format!("/api/v1beta/models/{model}:generateContent");
            assert_eq!(model_of(&uri).unwrap(), "google/gemini-2.5-flash", "{uri}");
        }
        let free = "/v1/models/google/gemini-2.5-flash:free:streamGenerateContent?alt=sse";
        assert_eq!(model_of(free).unwrap(), "google/gemini-2.5-flash:free");
    }

    #[test]
    fn a_model_that_is_no_text_is_refused() {
        for model in ["", "%", "%4", "%4x", "%ff", "models/", "%+1"] {
            let uri = format!("/v1beta/models/{model}:countTokens");
            assert!(model_of(&uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn only_methods_of_models_are_methods() {
        for path in [
            "/v1beta/models/a:generateContent",
            "/v1/models/a/b:countTokens",
        ] {
            assert!(is_method(path), "{path}");
        }
        for path in [
            "/v1beta/models",
            "/v1beta/models/a",
            "/v1beta/models/a:embedContent",
            "/v1beta/tunedModels/a:generateContent",
            "/v1/models/a/b/endpoints",
            "/models/a:generateContent",
        ] {
            assert!(!is_method(path), "{path}");
        }
    }

    #[test]
    fn a_stream_comes_as_events_or_as_an_array() {
        let read = |query: &str| {
            let uri = format!("/v1beta/models/a:streamGenerateContent{query}");
            read(&uri.parse().unwrap()).map(|(address, _)| address.delivery)
        };
        assert_eq!(read("?alt=sse&key=x").unwrap(), Some(Delivery::Events));
        assert_eq!(read("").unwrap(), Some(Delivery::Array));
        assert_eq!(read("?alt=json").unwrap(), Some(Delivery::Array));
        let error = read("?alt=proto&key=secret").unwrap_err();
        assert!(error.to_string().contains("proto"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
