//! Roles that are taken on for an hour: by a token of another house, or by keys.
//!
//! Facts: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>,
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html> (read 2026-11-22).

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use canon::Secret;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;

use super::{Keys, Scope, keys::Origin};
use crate::{
    Client,
    auth::{
        grant::{form, read_file},
        token::{Source as _, TokenError, element, exchange, life_until},
    },
};

/// A role, and by what it is taken on.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) url: Uri,
    /// The region whose STS is asked.
    pub(super) region: String,
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) external_id: Option<String>,
    /// Seconds; an hour where absent.
    pub(super) life_s: Option<u64>,
    pub(super) proof: Proof,
}

/// By what a role is taken on.
#[derive(Debug)]
pub(super) enum Proof {
    /// A token of another house, in a file that somebody writes anew.
    Web(PathBuf),
    /// Keys.
    Keys(Origin),
}

impl Role {
    /// The keys of the role, and how long they hold.
    pub(super) async fn keys(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Keys, Duration), TokenError> {
        let text = |text: &str| Secret::new(text.to_owned());
        let mut fields = vec![
            ("Version", text("2011-06-15")),
            ("RoleArn", text(&self.arn)),
            ("RoleSessionName", text(&self.session)),
        ];
        if let Some(life_s) = self.life_s {
            fields.push(("DurationSeconds", text(&life_s.to_string())));
        }
        let request = match &self.proof {
            Proof::Web(path) => {
                let token = read_file(path, "web_identity_token_file")?;
                fields.push(("Action", text("AssumeRoleWithWebIdentity")));
                fields.push(("WebIdentityToken", token));
                self.question(form(&fields))
            }
            Proof::Keys(origin) => {
                let (keys, _) = origin.fetch(client, now_s).await?;
                fields.push(("Action", text("AssumeRole")));
                if let Some(id) = &self.external_id {
                    fields.push(("ExternalId", text(id)));
                }
                let body = form(&fields);
                let mut request = self.question(body.clone());
                let scope = Scope {
                    keys: &keys,
                    region: &self.region,
                    service: "sts",
                };
                let signed = scope.sign(&mut request, body.as_bytes(), now_s);
                signed.map_err(|_| TokenError::Unsendable)?;
                request
            }
        };
        let body = exchange(client, request).await?;
        let body = std::str::from_utf8(&body).map_err(|_| TokenError::Garbage)?;
        parse(body, now_s).ok_or(TokenError::Garbage)
    }

    fn question(&self, body: String) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        request.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        request
    }
}

fn parse(body: &str, now_s: i64) -> Option<(Keys, Duration)> {
    let keys = Keys::new(
        element(body, "AccessKeyId")?,
        element(body, "SecretAccessKey")?,
        Some(element(body, "SessionToken")?),
    );
    Some((keys, life_until(element(body, "Expiration")?, now_s)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_out_of_the_answer_and_an_answer_without_them_is_none() {
        let body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
            <SecretAccessKey>a/b+c=</SecretAccessKey><SessionToken>t==</SessionToken>\
            <Expiration>2025-11-22T09:26:40Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        let (keys, life) = parse(body, 1_763_800_000).unwrap();
        assert_eq!((keys.id.as_str(), life.as_secs()), ("ASIA1", 3_600));
        assert_eq!(keys.secret.expose(), "a/b+c=");
        for name in [
            "AccessKeyId",
            "SecretAccessKey",
            "SessionToken",
            "Expiration",
        ] {
            assert!(parse(&body.replace(name, "Other"), 0).is_none(), "{name}");
        }
        assert!(parse(&body.replace("2025-11", "soon"), 0).is_none());
    }
}
