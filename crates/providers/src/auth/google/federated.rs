//! Workload identity federation: another house's proof is traded for a token of Google's, in the name of a service
//! account where the file says so.
//!
//! Facts: <https://google.aip.dev/auth/4117>, <https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>
//! (read 2026-11-22).

use std::time::Duration;

use bytes::Bytes;
use canon::Secret;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use serde_json::Value;

use super::{
    Impersonated, SCOPE, member,
    subject::{self, Subject},
    unusable,
};
use crate::{
    Client, Settings,
    auth::{
        Missing,
        grant::{Grant, form, safe},
        token::{TokenError, exchange, read},
    },
};

/// A trade of another house's proof.
#[derive(Debug)]
pub(crate) struct Federated {
    url: Uri,
    audience: String,
    kind: String,
    subject: Subject,
}

/// What a file of the type `external_account` stands for.
pub(super) fn of_file(file: &Value, settings: &Settings) -> Result<Grant, Missing> {
    let need = |name, why| member(file, name).ok_or_else(|| unusable(why));
    let url = match settings.get("token_url") {
        Some(url) => url.to_owned(),
        None => need("token_url", "token_url is missing")?,
    };
    let audience = need("audience", "audience is missing")?;
    let kind = need("subject_token_type", "subject_token_type is missing")?;
    let source = file
        .get("credential_source")
        .ok_or_else(|| unusable("credential_source is missing"))?;
    let federated = Grant::Federated(Box::new(Federated {
        url: safe(&url).map_err(unusable)?,
        subject: subject::of_source(source, &audience, settings)?,
        audience,
        kind,
    }));
    if file.get("service_account_impersonation_url").is_none() {
        return Ok(federated);
    }
    let impersonated = Impersonated::of_file(file, federated)?;
    Ok(Grant::Impersonated(Box::new(impersonated)))
}

impl Federated {
    /// The token and how long it holds.
    pub(in crate::auth) async fn token(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Secret<String>, Duration), TokenError> {
        let subject = self.subject.token(client, now_s).await?;
        let text = |text: &str| Secret::new(text.to_owned());
        let body = form(&[
            (
                "grant_type",
                text("urn:ietf:params:oauth:grant-type:token-exchange"),
            ),
            ("audience", text(&self.audience)),
            ("scope", text(SCOPE)),
            (
                "requested_token_type",
                text("urn:ietf:params:oauth:token-type:access_token"),
            ),
            ("subject_token_type", text(&self.kind)),
            ("subject_token", subject),
        ]);
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        request.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let body = exchange(client, request).await?;
        read(&body, now_s).ok_or(TokenError::Garbage)
    }
}
