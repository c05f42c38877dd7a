//! How a token is asked for: the few forms of OAuth that vendors use.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use canon::Secret;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use serde_json::json;

use super::{Missing, jwt::RsaKey, token::TokenError};
use crate::upstream::is_safe;

/// How long signed claims hold; both Google and Snowflake take no longer ones.
const CLAIMS_S: i64 = 3_600;

/// How a token is come by.
#[derive(Debug)]
pub(super) enum Grant {
    /// Asked of an endpoint.
    Asked(Asked),
    /// Signed on the spot.
    SelfSigned(SelfSigned),
}

/// A question to a token endpoint.
#[derive(Debug)]
pub(super) struct Asked {
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
    /// Nothing: the machine is known (Google's metadata server).
    Machine,
}

/// Claims that are the token.
#[derive(Debug)]
pub(super) struct SelfSigned {
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
        let url: Uri = url.parse().map_err(|_| unusable("is not an address"))?;
        if !is_safe(&url) {
            return Err(unusable(
                "must begin with https://, but on this machine and in private networks",
            ));
        }
        Ok(Self { url, proof })
    }

    /// The question. `now_s` is the time in seconds since 1970.
    pub(super) fn request(&self, now_s: i64) -> Result<Request<Full<Bytes>>, TokenError> {
        let body = match &self.proof {
            Proof::Form(fields) | Proof::Basic { fields, .. } => form(fields),
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
            Proof::Machine => String::new(),
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Proof::Machine = &self.proof {
            headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
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

/// A form as it is sent.
fn form(fields: &[(&str, Secret<String>)]) -> String {
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
