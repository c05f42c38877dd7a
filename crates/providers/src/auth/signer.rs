//! What an upstream holds to show who asks, and how a request comes by it.

use canon::Secret;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, uri::PathAndQuery};
use http_body_util::Full;

use super::{aws, bearer, token::Token, token::TokenError};
use crate::Client;

/// What [`super::Auth::prepare`] makes.
pub(crate) struct Signed {
    /// Headers that every request carries.
    pub(crate) headers: HeaderMap,
    /// What changes from request to request.
    pub(crate) signer: Signer,
}

/// How a request comes by what changes.
#[derive(Clone)]
pub(crate) enum Signer {
    /// Nothing changes.
    Fixed,
    /// A member of the query, encoded; in the address only while the request is sent.
    Query(&'static str, Secret<String>),
    /// A signature over the request.
    Aws(aws::Signer),
    /// A token that is fetched.
    Token(Token),
}

impl Signed {
    /// One header that never changes.
    pub(super) fn fixed((name, value): (HeaderName, HeaderValue)) -> Self {
        let mut headers = HeaderMap::with_capacity(1);
        headers.insert(name, value);
        Self {
            headers,
            signer: Signer::Fixed,
        }
    }

    /// A key in the query.
    pub(super) fn query(name: &'static str, key: &Secret<String>) -> Self {
        Self {
            headers: HeaderMap::new(),
            signer: Signer::Query(name, in_query(key)),
        }
    }

    /// A token as bearer.
    pub(super) fn token(token: Token) -> Self {
        Self {
            headers: HeaderMap::new(),
            signer: Signer::Token(token),
        }
    }

    /// Nothing at all.
    pub(crate) fn open() -> Self {
        Self {
            headers: HeaderMap::new(),
            signer: Signer::Fixed,
        }
    }
}

impl Signer {
    /// The vendor refused what it was shown: what was fetched is fetched anew for the next request.
    pub(crate) fn refused(&self) {
        match self {
            Self::Token(token) => token.forget(),
            Self::Aws(signer) => signer.refused(),
            Self::Fixed | Self::Query(..) => {}
        }
    }

    /// Puts on the request what changes. `now_s` is the time in seconds since 1970.
    ///
    /// # Errors
    /// No token could be had.
    pub(crate) async fn sign(
        &self,
        client: &Client,
        request: &mut Request<Full<bytes::Bytes>>,
        (body, now_s): (&[u8], i64),
    ) -> Result<(), TokenError> {
        match self {
            Self::Fixed => Ok(()),
            Self::Query(name, key) => {
                let uri = with_member(request.uri(), name, key.expose());
                *request.uri_mut() = uri.ok_or(TokenError::Unsendable)?;
                Ok(())
            }
            Self::Aws(signer) => signer.sign(client, request, (body, now_s)).await,
            Self::Token(token) => {
                let secret: Secret<String> = Box::pin(token.get(client, now_s)).await?;
                let (name, value) = bearer(&secret).map_err(|_| TokenError::Unsendable)?;
                request.headers_mut().insert(name, value);
                Ok(())
            }
        }
    }
}

/// A key as it stands in a query: in this form, too, it is a secret.
pub(crate) fn in_query(key: &Secret<String>) -> Secret<String> {
    let mut text = String::new();
    aws::encode(key.expose(), "", &mut text);
    Secret::new(text)
}

/// The address with one more member, which is encoded already, in its query; `None` where that makes no address.
fn with_member(uri: &Uri, name: &str, value: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    let path = parts
        .path_and_query
        .as_ref()
        .map_or("/", PathAndQuery::as_str);
    let joint = if path.contains('?') { '&' } else { '?' };
    parts.path_and_query = Some(format!("{path}{joint}{name}={value}").parse().ok()?);
    Uri::from_parts(parts).ok()
}
