//! A machine of AWS asks its metadata service, by the second version of that: a session first, then everything else.
//!
//! Facts: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html> (read 2026-11-22).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use super::{Keys, keys::parse};
use crate::{
    Client,
    auth::{
        grant::safe,
        token::{TokenError, exchange},
    },
};

const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const TOKEN_LIFE: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

/// A machine with a role of its own.
#[derive(Debug)]
pub(in crate::auth) struct Machine {
    /// Where the name of its role stands; the keys are below that.
    pub(in crate::auth) roles: Uri,
    /// Where a session is had; `None` where none is wanted.
    pub(in crate::auth) token: Option<Uri>,
}

impl Machine {
    /// The machine behind this address.
    ///
    /// # Errors
    /// The address is none, or anybody could listen in.
    pub(super) fn at(url: &str) -> Result<Self, &'static str> {
        let url = url.trim_end_matches('/');
        let below = |path: &str| safe(&format!("{url}/latest/{path}"));
        Ok(Self {
            roles: below("meta-data/iam/security-credentials/")?,
            token: Some(below("api/token")?),
        })
    }

    /// What every question carries.
    pub(in crate::auth) async fn session(&self, client: &Client) -> Result<HeaderMap, TokenError> {
        let mut headers = HeaderMap::new();
        let Some(url) = &self.token else {
            return Ok(headers);
        };
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = url.clone();
        let life = HeaderValue::from_static("300");
        request.headers_mut().insert(TOKEN_LIFE, life);
        let token = exchange(client, request).await?;
        let mut token = HeaderValue::from_maybe_shared(token).map_err(|_| TokenError::Garbage)?;
        token.set_sensitive(true);
        headers.insert(TOKEN, token);
        Ok(headers)
    }

    /// The keys of the machine's role, and how long they hold.
    pub(in crate::auth) async fn keys(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Keys, Duration), TokenError> {
        let headers = self.session(client).await?;
        let names = self.get(client, self.roles.clone(), &headers).await?;
        let names = String::from_utf8_lossy(&names);
        let name = names.lines().next().unwrap_or_default().trim();
        let roles = self.roles.to_string();
        let url = format!("{}/{name}", roles.trim_end_matches('/'));
        let url: Uri = url.parse().map_err(|_| TokenError::Garbage)?;
        parse(&self.get(client, url, &headers).await?, now_s)
    }

    async fn get(
        &self,
        client: &Client,
        url: Uri,
        headers: &HeaderMap,
    ) -> Result<Bytes, TokenError> {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = url;
        request.headers_mut().clone_from(headers);
        exchange(client, request).await
    }
}
