//! How a token is asked for: the few forms of OAuth that vendors use.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use canon::Secret;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use serde_json::json;

use super::{
    Missing,
    google::{Federated, Impersonated},
    jwt::RsaKey,
    token::{Fetching, Source, TokenError, exchange, read},
};
use crate::{Client, upstream::is_safe};

/// How long signed claims hold; both Google and Snowflake take no longer ones.
const CLAIMS_S: i64 = 3_600;

/// How a token is come by.
#[derive(Debug)]
pub(crate) enum Grant {
    /// Asked of an endpoint.
    Asked(Asked),
    /// Signed on the spot.
    SelfSigned(SelfSigned),
    /// Traded for the proof of another house (Google).
    Federated(Box<Federated>),
    /// Had in another's name (Google).
    Impersonated(Box<Impersonated>),
}

/// A question to a token endpoint.
#[derive(Debug)]
pub(crate) struct Asked {
    url: Uri,
    proof: Proof,
}

/// What is shown to the endpoint.
#[derive(Debug)]
pub(super) enum Proof {
    /// Fields of a form, as they are.
    Form(Vec<(&'static str, Secret<String>)>),
    /// The same with an id and a secret in `Authorization: Basic`.
    Basic {
        id: String,
        secret: Secret<String>,
        fields: Vec<(&'static str, Secret<String>)>,
    },
    /// Claims that are signed anew each time (RFC 7523).
    Claims {
        key: RsaKey,
        key_id: Option<String>,
        issuer: String,
        scope: &'static str,
        audience: String,
    },
    /// Fields of a form, and one more that is read out of a file each time: others write it anew.
    FormFile {
        fields: Vec<(&'static str, Secret<String>)>,
        name: &'static str,
        path: PathBuf,
    },
    /// Nothing but a header: the machine is known (metadata servers of Google and Azure).
    Machine(HeaderName, HeaderValue),
}

/// Claims that are the token.
#[derive(Debug)]
pub(crate) struct SelfSigned {
    pub(super) key: RsaKey,
    pub(super) issuer: String,
    pub(super) subject: String,
}

impl Asked {
    /// A question to this address.
    ///
    /// # Errors
    /// The address is none, or anybody could listen in.
    pub(super) fn new(url: &str, proof: Proof) -> Result<Self, Missing> {
        let unusable = |why| Missing::Unusable {
            setting: "token_url",
            why,
        };
        let url = safe(url).map_err(unusable)?;
        Ok(Self { url, proof })
    }

    /// The question. `now_s` is the time in seconds since 1970.
    pub(super) fn request(&self, now_s: i64) -> Result<Request<Full<Bytes>>, TokenError> {
        let body = match &self.proof {
            Proof::Form(fields) | Proof::Basic { fields, .. } => form(fields),
            Proof::FormFile { fields, name, path } => {
                let mut fields = fields.clone();
                fields.push((name, read_file(path, "the federated token file")?));
                form(&fields)
            }
            Proof::Claims {
                key,
                key_id,
                issuer,
                scope,
                audience,
            } => {
                let claims = json!({
                    "iss": issuer,
                    "scope": scope,
                    "aud": audience,
                    "iat": now_s,
                    "exp": now_s + CLAIMS_S,
                });
                let signed = key.sign(key_id.as_deref(), &claims);
                let signed = signed.ok_or(TokenError::Unsendable)?;
                format!(
                    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={signed}"
                )
            }
            Proof::Machine(..) => String::new(),
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Proof::Machine(name, value) = &self.proof {
            headers.insert(name, value.clone());
            return Ok(request);
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Proof::Basic { id, secret, .. } = &self.proof {
            let pair = STANDARD.encode(format!("{id}:{}", secret.expose()));
            let mut value = HeaderValue::try_from(format!("Basic {pair}"))
                .map_err(|_| TokenError::Unsendable)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        *request.method_mut() = Method::POST;
        Ok(request)
    }
}

/// An address to which a secret may be sent.
///
/// # Errors
/// It is none, or anybody could listen in.
pub(super) fn safe(url: &str) -> Result<Uri, &'static str> {
    let url: Uri = url.parse().map_err(|_| "is not an address")?;
    if !is_safe(&url) {
        return Err("must begin with https://, but on this machine and in private networks");
    }
    Ok(url)
}

impl Source for Grant {
    type Good = Secret<String>;

    fn fetch<'a>(&'a self, client: &'a Client, now_s: i64) -> Fetching<'a, Secret<String>> {
        Box::pin(async move {
            match self {
                Self::SelfSigned(signed) => signed.token(now_s),
                Self::Asked(asked) => {
                    let body = exchange(client, asked.request(now_s)?).await?;
                    read(&body, now_s).ok_or(TokenError::Garbage)
                }
                Self::Federated(federated) => federated.token(client, now_s).await,
                Self::Impersonated(other) => other.token(client, now_s).await,
            }
        })
    }
}

impl SelfSigned {
    /// The token and how long it holds.
    pub(super) fn token(&self, now_s: i64) -> Result<(Secret<String>, Duration), TokenError> {
        let claims = json!({
            "iss": self.issuer,
            "sub": self.subject,
            "iat": now_s,
            "exp": now_s + CLAIMS_S,
        });
        let token = self.key.sign(None, &claims).ok_or(TokenError::Unsendable)?;
        let life = u64::try_from(CLAIMS_S).unwrap_or_default();
        Ok((Secret::new(token), Duration::from_secs(life)))
    }
}

/// What a file holds that others write anew: short, so that reading it holds nobody up.
///
/// # Errors
/// It cannot be read, or is no text.
pub(super) fn read_file(path: &Path, what: &'static str) -> Result<Secret<String>, TokenError> {
    const BYTES_MAX: u64 = 64 << 10;
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    read.map_err(|error| TokenError::File {
        what,
        kind: error.kind(),
    })?;
    let text = text.trim();
    if text.is_empty() {
        let kind = io::ErrorKind::UnexpectedEof;
        return Err(TokenError::File { what, kind });
    }
    Ok(Secret::new(text.to_owned()))
}

/// A form as it is sent.
pub(super) fn form(fields: &[(&str, Secret<String>)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for byte in value.expose().bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                use std::fmt::Write as _;
                // Writing to a string cannot fail.
                let _infallible = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}
