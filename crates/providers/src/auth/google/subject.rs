//! The proof of another house that Google trades: a token in a file or behind an address, or a question to AWS that is
//! signed but not sent.
//!
//! Facts: <https://google.aip.dev/auth/4117> (read 2026-11-22).

use std::path::PathBuf;

use bytes::Bytes;
use canon::Secret;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{member, unusable};
use crate::{
    Client, Settings,
    auth::{
        Missing,
        aws::{self, Keys, Machine, Scope},
        grant::{read_file, safe},
        token::{TokenError, exchange},
    },
};

pub(super) const ACCESS_KEY_ID: &str = "aws_access_key_id";
pub(super) const SECRET_ACCESS_KEY: &str = "aws_secret_access_key";
pub(super) const SESSION_TOKEN: &str = "aws_session_token";
pub(super) const REGION: &str = "aws_region";
const TARGET: HeaderName = HeaderName::from_static("x-goog-cloud-target-resource");

/// Where a proof comes from.
#[derive(Debug)]
pub(super) enum Subject {
    /// A file that somebody writes anew.
    File { path: PathBuf, form: Form },
    /// An answer of an address.
    Url {
        url: Uri,
        headers: HeaderMap,
        form: Form,
    },
    /// A question to AWS who asks, signed by its keys.
    Aws(Box<Aws>),
}

/// How a proof is written.
#[derive(Debug)]
pub(super) enum Form {
    /// As it is.
    Text,
    /// As this member of a JSON object.
    Member(String),
}

/// What a question to AWS is made of.
#[derive(Debug)]
pub(super) struct Aws {
    /// With `{region}` in it.
    url: String,
    /// The resource that the question is for.
    target: String,
    keys: Option<Keys>,
    region: Option<String>,
    machine: Option<Machine>,
    region_url: Option<Uri>,
}

/// What `credential_source` says.
pub(super) fn of_source(
    source: &Value,
    audience: &str,
    settings: &Settings,
) -> Result<Subject, Missing> {
    if member(source, "environment_id").is_some_and(|id| id.starts_with("aws")) {
        let aws = Aws::of_source(source, audience, settings)?;
        return Ok(Subject::Aws(Box::new(aws)));
    }
    let form = match source.pointer("/format/type").and_then(Value::as_str) {
        None | Some("text") => Form::Text,
        Some("json") => {
            let name = source.pointer("/format/subject_token_field_name");
            let name = name.and_then(Value::as_str);
            let why = "credential_source.format.subject_token_field_name is missing";
            Form::Member(name.ok_or_else(|| unusable(why))?.to_owned())
        }
        Some(_) => return Err(unusable("credential_source.format must be text or json")),
    };
    if let Some(path) = member(source, "file") {
        let path = path.into();
        return Ok(Subject::File { path, form });
    }
    if let Some(url) = member(source, "url") {
        let url = safe(&url).map_err(unusable)?;
        let headers = headers(source.get("headers"))?;
        return Ok(Subject::Url { url, headers, form });
    }
    // Programs and certificates are not run and not shown.
    Err(unusable(
        "credential_source must be a file, a url or aws1; executables and certificates are not used",
    ))
}

fn headers(given: Option<&Value>) -> Result<HeaderMap, Missing> {
    let mut headers = HeaderMap::new();
    for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
        let name = name.parse::<HeaderName>().ok();
        let value = value
            .as_str()
            .and_then(|value| HeaderValue::try_from(value).ok());
        let (Some(name), Some(mut value)) = (name, value) else {
            return Err(unusable("credential_source.headers cannot be sent"));
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

impl Subject {
    /// The proof as it is now.
    pub(super) async fn token(
        &self,
        client: &Client,
        now_s: i64,
    ) -> Result<Secret<String>, TokenError> {
        match self {
            Self::File { path, form } => {
                let text = read_file(path, "the file of credential_source")?;
                form.token(text.expose())
            }
            Self::Url { url, headers, form } => {
                let body = get(client, url, headers.clone()).await?;
                form.token(&String::from_utf8_lossy(&body))
            }
            Self::Aws(aws) => aws.token(client, now_s).await,
        }
    }
}

impl Form {
    fn token(&self, text: &str) -> Result<Secret<String>, TokenError> {
        let token = match self {
            Self::Text => Some(text.trim().to_owned()),
            Self::Member(name) => {
                let object = serde_json::from_str::<Value>(text).ok();
                object.and_then(|object| member(&object, name))
            }
        };
        let token = token.filter(|token| !token.is_empty());
        token.map(Secret::new).ok_or(TokenError::Garbage)
    }
}

impl Aws {
    fn of_source(source: &Value, audience: &str, settings: &Settings) -> Result<Self, Missing> {
        let url = member(source, "regional_cred_verification_url");
        let why = "credential_source.regional_cred_verification_url is missing";
        let keys = match (
            settings.get(ACCESS_KEY_ID),
            settings.secret(SECRET_ACCESS_KEY),
        ) {
            (Some(id), Some(secret)) => Some(Keys {
                id: id.to_owned(),
                secret,
                session: settings.secret(SESSION_TOKEN),
            }),
            _ => None,
        };
        let address = |name| {
            let url = member(source, name);
            url.map(|url| safe(&url).map_err(unusable)).transpose()
        };
        let machine = match (address("url")?, address("imdsv2_session_token_url")?) {
            (Some(roles), token) => Some(Machine { roles, token }),
            (None, _) => None,
        };
        if keys.is_none() && machine.is_none() {
            return Err(unusable(
                "credential_source has no url, and no access key of AWS is given",
            ));
        }
        Ok(Self {
            url: url.ok_or_else(|| unusable(why))?,
            target: audience.to_owned(),
            keys,
            region: settings.get(REGION).map(str::to_owned),
            machine,
            region_url: address("region_url")?,
        })
    }

    /// A signed question who asks: Google sends it on, and so learns who it was.
    async fn token(&self, client: &Client, now_s: i64) -> Result<Secret<String>, TokenError> {
        let region = self.region(client).await?;
        let keys = match (&self.keys, &self.machine) {
            (Some(keys), _) => keys.clone(),
            (None, Some(machine)) => machine.keys(client, now_s).await?.0,
            (None, None) => return Err(TokenError::Unsendable),
        };
        let url = self.url.replace("{region}", &region);
        let target = HeaderValue::try_from(&self.target).map_err(|_| TokenError::Unsendable)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(&url)
            .header(TARGET, target);
        let mut request = request.body(()).map_err(|_| TokenError::Unsendable)?;
        let scope = Scope {
            keys: &keys,
            region: &region,
            service: "sts",
        };
        let signed = scope.sign(&mut request, b"", now_s);
        signed.map_err(|_| TokenError::Unsendable)?;
        let headers: Vec<Value> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                json!({ "key": name.as_str(), "value": value })
            })
            .collect();
        let question = json!({ "url": url, "method": "POST", "headers": headers });
        let mut token = String::new();
        aws::encode(&question.to_string(), "", &mut token);
        Ok(Secret::new(token))
    }

    /// The region: as told, or the machine's zone without its letter.
    async fn region(&self, client: &Client) -> Result<String, TokenError> {
        if let Some(region) = &self.region {
            return Ok(region.clone());
        }
        let url = self.region_url.as_ref().ok_or(TokenError::Garbage)?;
        let mut headers = HeaderMap::new();
        if let Some(machine) = &self.machine {
            headers = machine.session(client).await?;
        }
        let zone = get(client, url, headers).await?;
        let zone = String::from_utf8_lossy(&zone);
        let region = zone
            .trim()
            .trim_end_matches(|c: char| c.is_ascii_lowercase());
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if region.is_empty() || !region.chars().all(is_plain) {
            return Err(TokenError::Garbage);
        }
        Ok(region.to_owned())
    }
}

async fn get(client: &Client, url: &Uri, headers: HeaderMap) -> Result<Bytes, TokenError> {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = url.clone();
    *request.headers_mut() = headers;
    exchange(client, request).await
}
