//! A container of ECS or EKS asks the address it was told.
//!
//! Facts: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html> (read 2026-11-22).

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use canon::Secret;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::Full;

use super::{Keys, keys::parse};
use crate::{
    Client, Settings,
    auth::{
        Missing,
        grant::{read_file, safe},
        token::{TokenError, exchange},
    },
};

const ECS_URL: &str = "http://169.254.170.2";

/// A container with a role of its own.
#[derive(Debug)]
pub(super) struct Container {
    url: Uri,
    shown: Shown,
}

/// What is shown there.
#[derive(Debug)]
enum Shown {
    Nothing,
    Text(Secret<String>),
    File(PathBuf),
}

impl Container {
    /// The container as it was told, if it was.
    pub(super) fn of(settings: &Settings) -> Result<Option<Self>, Missing> {
        let (setting, url) = match (
            settings.get("container_path"),
            settings.get("container_url"),
        ) {
            (Some(path), _) => ("container_path", format!("{ECS_URL}{path}")),
            (None, Some(url)) => ("container_url", url.to_owned()),
            (None, None) => return Ok(None),
        };
        let url = safe(&url).map_err(|why| Missing::Unusable { setting, why })?;
        let file = settings.get("container_token_file");
        let shown = match (file, settings.secret("container_token")) {
            (Some(path), _) => Shown::File(path.into()),
            (None, Some(text)) => Shown::Text(text),
            (None, None) => Shown::Nothing,
        };
        Ok(Some(Self { url, shown }))
    }

    /// The keys, and how long they hold.
    pub(super) async fn keys(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<(Keys, Duration), TokenError> {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.url.clone();
        let shown = match &self.shown {
            Shown::Nothing => None,
            Shown::Text(text) => Some(text.clone()),
            Shown::File(path) => Some(read_file(path, "container_token_file")?),
        };
        if let Some(text) = shown {
            let value = HeaderValue::try_from(text.expose());
            let mut value = value.map_err(|_| TokenError::Unsendable)?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        parse(&exchange(client, request).await?, now_s)
    }
}
