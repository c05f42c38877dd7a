//! Signature Version 4 over a request.
//!
//! Facts: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html> and its published
//! test suite (read 2026-11-22). The path is encoded once more than it is sent, as every service but S3 wants it.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use canon::Secret;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use crate::auth::{Missing, bare};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
/// What Google wants signed, too.
const TARGET: HeaderName = HeaderName::from_static("x-goog-cloud-target-resource");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// An access key.
#[derive(Clone, Debug)]
pub(in crate::auth) struct Keys {
    pub(in crate::auth) id: String,
    pub(in crate::auth) secret: Secret<String>,
    pub(in crate::auth) session: Option<Secret<String>>,
}

/// Where a signature holds, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::auth) struct Scope<'a> {
    pub(in crate::auth) keys: &'a Keys,
    pub(in crate::auth) region: &'a str,
    pub(in crate::auth) service: &'a str,
}

/// A point in time as the signature writes it.
struct When {
    /// `20150830T123600Z`.
    second: String,
    /// `20150830`.
    day: String,
}

impl Scope<'_> {
    /// Puts date, session and signature on a request. `now_s` is the time in seconds since 1970.
    ///
    /// # Errors
    /// A key has characters that no header may have, or the time is none.
    pub(in crate::auth) fn sign<B>(
        &self,
        request: &mut Request<B>,
        body: &[u8],
        now_s: i64,
    ) -> Result<(), Missing> {
        let when = When::at(now_s).ok_or(Missing::Unsendable)?;
        let uri = request.uri().clone();
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let (host, (_, date)) = (
            HeaderValue::from_str(host).map_err(|_| Missing::Unsendable)?,
            bare(DATE, &when.second)?,
        );
        let method = request.method().clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, host);
        headers.insert(DATE, date);
        if let Some(session) = &self.keys.session {
            let (name, value) = bare(TOKEN, session.expose())?;
            headers.insert(name, value);
        }
        // Only what is certain to arrive as it is sent: whoever stands between may add or change others.
        let signed = [header::CONTENT_TYPE, header::HOST, DATE, TOKEN, TARGET];
        let signed: Vec<(&str, String)> = signed
            .iter()
            .filter_map(|name| Some((name.as_str(), values(headers, name)?)))
            .collect();
        let value = self.authorization(
            &when,
            &Canonical {
                method: &method,
                uri: &uri,
                headers: &signed,
                body,
            },
        );
        let (name, value) = bare(header::AUTHORIZATION, &value)?;
        headers.insert(name, value);
        Ok(())
    }

    fn authorization(&self, when: &When, canonical: &Canonical<'_>) -> String {
        let scope = format!("{}/{}/{}/aws4_request", when.day, self.region, self.service);
        let hashed = hex(digest::digest(&digest::SHA256, canonical.text().as_bytes()).as_ref());
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{hashed}", when.second);
        let secret = format!("AWS4{}", self.keys.secret.expose());
        let mut key = mac(secret.as_bytes(), when.day.as_bytes());
        for part in [self.region, self.service, "aws4_request"] {
            key = mac(key.as_ref(), part.as_bytes());
        }
        let signature = hex(mac(key.as_ref(), to_sign.as_bytes()).as_ref());
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            self.keys.id,
            canonical.names()
        )
    }
}

/// A request as it is signed.
struct Canonical<'a> {
    method: &'a Method,
    uri: &'a Uri,
    /// In the order of their names.
    headers: &'a [(&'a str, String)],
    body: &'a [u8],
}

impl Canonical<'_> {
    fn names(&self) -> String {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n", self.method, path(self.uri.path()));
        text.push_str(&query(self.uri.query().unwrap_or_default()));
        text.push('\n');
        for (name, value) in self.headers {
            // Writing to a string cannot fail.
            let _infallible = writeln!(text, "{name}:{value}");
        }
        let body = hex(digest::digest(&digest::SHA256, self.body).as_ref());
        let _infallible = write!(text, "\n{}\n{body}", self.names());
        text
    }
}

impl When {
    fn at(now_s: i64) -> Option<Self> {
        let second = jiff::Timestamp::from_second(now_s)
            .ok()?
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let day = second.get(..8)?.to_owned();
        Some(Self { second, day })
    }
}

/// The values of a header, each trimmed and with single spaces, joined by commas.
fn values(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The path with everything encoded that is neither unreserved nor a slash. What was encoded before is so twice.
fn path(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 16);
    encode(if path.is_empty() { "/" } else { path }, "/", &mut text);
    text
}

/// The query, sorted; what was encoded before stays as it is.
fn query(query: &str) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut text = String::with_capacity(pair.len() + 1);
            encode(pair, "%=", &mut text);
            if !pair.contains('=') {
                text.push('=');
            }
            text
        })
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

pub(in crate::auth) fn encode(text: &str, kept: &str, out: &mut String) {
    for byte in text.bytes() {
        let unreserved = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if unreserved || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
}

fn mac(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-08-30 12:36:00 UTC, the time of AWS's test suite.
    const SUITE_S: i64 = 1_440_938_160;
    const SESSION: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmx\
        fpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75\
        YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx\
        3iSIlTJabIQwj2ICCR/oLxBA==";

    fn keys(session: Option<&str>) -> Keys {
        Keys {
            id: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session: session.map(|session| Secret::new(session.to_owned())),
        }
    }

    fn scope<'a>(service: &'static str, keys: &'a Keys) -> Scope<'a> {
        Scope {
            keys,
            region: "us-east-1",
            service,
        }
    }

    fn signed(signer: Scope<'_>, (method, url, body): (&str, &str, &str)) -> (String, String) {
        let mut request = Request::builder().method(method).uri(url);
        if !body.is_empty() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut request = request.body(()).unwrap();
        signer.sign(&mut request, body.as_bytes(), SUITE_S).unwrap();
        let value = &request.headers()[header::AUTHORIZATION];
        assert!(value.is_sensitive());
        let text = value.to_str().unwrap();
        let (_, names) = text.split_once("SignedHeaders=").unwrap();
        let (names, signature) = names.split_once(", Signature=").unwrap();
        (names.to_owned(), signature.to_owned())
    }

    #[test]
    fn aws_own_test_suite_is_signed_as_it_says() {
        let url = "https://example.amazonaws.com/";
        let ordered = "https://example.amazonaws.com/?Param2=value2&Param1=value1";
        let unreserved = "https://example.amazonaws.com/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\
                          abcdefghijklmnopqrstuvwxyz";
        for (case, session, expected) in [
            (
                ("GET", url, ""),
                None,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                ("GET", ordered, ""),
                None,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                ("GET", unreserved, ""),
                None,
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ),
            (
                ("POST", url, ""),
                None,
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                ("POST", url, ""),
                Some(SESSION),
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
            (
                ("POST", url, "Param1=value1"),
                None,
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            let (names, signature) = signed(scope("service", &keys(session)), case);
            assert_eq!(signature, expected, "{case:?}");
            assert_eq!(names.contains("content-type"), !case.2.is_empty());
            assert_eq!(names.contains("x-amz-security-token"), session.is_some());
        }
    }

    /// What AWS's own library for Python (botocore) makes of the same requests.
    #[test]
    fn the_path_of_a_model_is_encoded_once_more_than_it_is_sent() {
        let host = "https://bedrock-runtime.us-east-1.amazonaws.com/model/";
        for (path, expected) in [
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
                "7487b7a23b89e444b9c696e8acaa905dc6f5c4b7de0b5d9c17586ee16cc6af59",
            ),
            (
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprompt%2Fa/converse-stream?x=%20a&b",
                "267f17502480649b3af81ae2f6ee06b2e0d8479061dd78ae744048cc26442d21",
            ),
        ] {
            let url = format!("{host}{path}");
            let case = ("POST", url.as_str(), "{\"a\":1}");
            assert_eq!(
                signed(scope("bedrock", &keys(None)), case).1,
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn a_key_that_cannot_be_sent_and_a_time_that_is_none_are_errors() {
        let mut request = Request::get("https://example.amazonaws.com/")
            .body(())
            .unwrap();
        let keys_broken = keys(Some("a\nb"));
        let broken = scope("bedrock", &keys_broken);
        assert_eq!(broken.sign(&mut request, b"", 0), Err(Missing::Unsendable));
        let never = scope("bedrock", &keys(None)).sign(&mut request, b"", i64::MAX);
        assert_eq!(never, Err(Missing::Unsendable));
        assert!(!format!("{broken:?}").contains("wJalr"));
    }
}
