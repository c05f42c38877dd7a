//! AWS: Signature Version 4 over each request, by keys that are given or stand in a profile.
//!
//! Facts: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>, its published
//! test suite and <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html> (read 2026-11-22). The path is
//! encoded once more than it is sent, as every service but S3 wants it.

mod profile;

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use canon::Secret;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use super::{Missing, Setting, Settings, Signed, bare, signer};

/// What AWS credentials are made of.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::text(
        "access_key_id",
        &["AWS_ACCESS_KEY_ID"],
        "The id of an access key.",
    ),
    Setting::secret(
        "secret_access_key",
        &["AWS_SECRET_ACCESS_KEY"],
        "The secret of the access key.",
    ),
    Setting::secret(
        "session_token",
        &["AWS_SESSION_TOKEN"],
        "The session of a temporary access key.",
    ),
    Setting::text(
        "profile",
        &["AWS_PROFILE"],
        "Which profile of the credentials file holds the access key.",
    )
    .or("default"),
    Setting::file(
        "credentials_file",
        &["AWS_SHARED_CREDENTIALS_FILE"],
        ".aws/credentials",
        "The file of the profiles.",
    ),
];

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// An access key.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: Secret<String>,
    pub(super) session: Option<Secret<String>>,
}

/// Signs requests to one service in one region.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    keys: Keys,
    region: String,
    service: &'static str,
}

/// A point in time as the signature writes it.
struct When {
    /// `20150830T123600Z`.
    second: String,
    /// `20150830`.
    day: String,
}

/// The signer for what was given.
pub(super) fn prepare(service: &'static str, settings: &Settings) -> Result<Signed, Missing> {
    let keys = match (
        settings.get("access_key_id"),
        settings.secret("secret_access_key"),
    ) {
        (Some(id), Some(secret)) => Keys {
            id: id.to_owned(),
            secret,
            session: settings.secret("session_token"),
        },
        (Some(_), None) => return Err(Missing::Setting("secret_access_key")),
        (None, Some(_)) => return Err(Missing::Setting("access_key_id")),
        (None, None) => {
            let file = settings
                .get("credentials_file")
                .ok_or(Missing::Everything)?;
            profile::find(file, settings.get("profile").unwrap_or("default"))?
        }
    };
    let region = settings.get("region").ok_or(Missing::Setting("region"))?;
    Ok(Signed {
        headers: HeaderMap::new(),
        signer: signer::Signer::Aws(Signer {
            keys,
            region: region.to_owned(),
            service,
        }),
    })
}

impl Signer {
    /// Puts date, session and signature on a request. `now_s` is the time in seconds since 1970.
    ///
    /// # Errors
    /// A key has characters that no header may have, or the time is none.
    pub(super) fn sign<B>(
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
        let signed = [header::CONTENT_TYPE, header::HOST, DATE, TOKEN];
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
        for part in [self.region.as_str(), self.service, "aws4_request"] {
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

fn encode(text: &str, kept: &str, out: &mut String) {
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

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}
