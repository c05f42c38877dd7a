//! Single sign-on: `aws sso login` keeps a token in a file, which is traded for keys of a role. The file is read anew each
//! time, so that signing on again is enough.
//!
//! Facts: <https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html>,
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html> (read 2026-11-22).

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use aws_lc_rs::digest;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::Full;
use serde_json::Value;

use super::{Keys, encode, sigv4::hex};
use crate::{
    Client,
    auth::{
        grant::read_file,
        token::{TokenError, exchange, life_until},
    },
};

const TOKEN: HeaderName = HeaderName::from_static("x-amz-sso_bearer_token");
const OVER: &str = "the sign-on is over: run `aws sso login`";

/// A user's role in an account, by a sign-on.
#[derive(Debug)]
pub(super) struct Session {
    url: Uri,
    file: PathBuf,
}

impl Session {
    /// The role of an account, by the sign-on of this name: the session's, or its start address.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(
        base: &str,
        (folder, name): (&str, &str),
        (account, role): (&str, &str),
    ) -> Result<Self, &'static str> {
        let mut url = format!(
            "{}/federation/credentials?role_name=",
            base.trim_end_matches('/')
        );
        encode(role, "", &mut url);
        let _infallible = write!(url, "&account_id=");
        encode(account, "", &mut url);
        let hashed = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, name.as_bytes());
        let file = PathBuf::from(folder).join(format!("{}.json", hex(hashed.as_ref())));
        Ok(Self {
            url: crate::auth::grant::safe(&url)?,
            file,
        })
    }

    /// The keys of the role, and how long they hold.
    pub(super) async fn keys(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Keys, Duration), TokenError> {
        let file = read_file(&self.file, "the sign-on's file")?;
        let file: Value =
            serde_json::from_str(file.expose()).map_err(|_| TokenError::Over(OVER))?;
        let member = |name: &str| file.get(name).and_then(Value::as_str);
        let left = member("expiresAt").and_then(|end| life_until(end, now_s));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(TokenError::Over(OVER));
        }
        let token = member("accessToken").ok_or(TokenError::Over(OVER))?;
        let mut token = HeaderValue::try_from(token).map_err(|_| TokenError::Unsendable)?;
        token.set_sensitive(true);
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.url.clone();
        request.headers_mut().insert(TOKEN, token);
        let body = exchange(client, request).await?;
        parse(&body, now_s).ok_or(TokenError::Garbage)
    }
}

fn parse(body: &[u8], now_s: i64) -> Option<(Keys, Duration)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let keys = body.get("roleCredentials")?;
    let member = |name: &str| keys.get(name)?.as_str().filter(|text| !text.is_empty());
    let end_s = keys.get("expiration")?.as_i64()? / 1_000;
    let left = u64::try_from(end_s.saturating_sub(now_s)).unwrap_or(0);
    let keys = Keys::new(
        member("accessKeyId")?,
        member("secretAccessKey")?,
        member("sessionToken"),
    );
    Some((keys, Duration::from_secs(left)))
}
