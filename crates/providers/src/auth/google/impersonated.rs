//! A token in the name of a service account, had by somebody who may act for it.
//!
//! Facts: <https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>
//! (read 2026-11-22).

use std::time::Duration;

use bytes::Bytes;
use canon::Secret;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{SCOPE, member, unusable};
use crate::{
    Client,
    auth::{
        Missing, bearer,
        grant::{Grant, safe},
        token::{Source as _, TokenError, exchange, life_until},
    },
};

/// How long such a token lives unless the file says otherwise.
const LIFE_S: u64 = 3_600;

/// A token in another's name.
#[derive(Debug)]
pub(crate) struct Impersonated {
    source: Grant,
    url: Uri,
    delegates: Vec<String>,
    life_s: u64,
}

impl Impersonated {
    /// As a file of credentials says, by the token that `source` gives.
    pub(super) fn of_file(file: &Value, source: Grant) -> Result<Self, Missing> {
        let url = member(file, "service_account_impersonation_url");
        let url = url.ok_or_else(|| unusable("service_account_impersonation_url is missing"))?;
        let delegates = file.get("delegates").and_then(Value::as_array);
        let delegates = delegates.into_iter().flatten();
        let life = file.pointer("/service_account_impersonation/token_lifetime_seconds");
        Ok(Self {
            source,
            url: safe(&url).map_err(unusable)?,
            delegates: delegates
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            life_s: life.and_then(Value::as_u64).unwrap_or(LIFE_S),
        })
    }

    /// The token and how long it holds.
    pub(in crate::auth) async fn token(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Secret<String>, Duration), TokenError> {
        let (own, _) = self.source.fetch(client, now_s).await?;
        let mut asked = json!({ "scope": [SCOPE], "lifetime": format!("{}s", self.life_s) });
        if let (false, Some(asked)) = (self.delegates.is_empty(), asked.as_object_mut()) {
            asked.insert("delegates".to_owned(), json!(self.delegates));
        }
        let mut request = Request::new(Full::new(Bytes::from(asked.to_string())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let (name, value) = bearer(&own).map_err(|_| TokenError::Unsendable)?;
        let headers = request.headers_mut();
        headers.insert(name, value);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let body = exchange(client, request).await?;
        read(&body, now_s).ok_or(TokenError::Garbage)
    }
}

fn read(body: &[u8], now_s: i64) -> Option<(Secret<String>, Duration)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let token = member(&body, "accessToken").filter(|token| !token.is_empty())?;
    let life = life_until(&member(&body, "expireTime")?, now_s)?;
    Some((Secret::new(token), life))
}
