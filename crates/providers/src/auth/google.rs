//! Google's application default credentials, in all the forms that its tools write: a service account's key, a user's
//! own, another house's identity, somebody else's name; or the machine's own identity.
//!
//! Facts: <https://cloud.google.com/docs/authentication/application-default-credentials>,
//! <https://developers.google.com/identity/protocols/oauth2/service-account>, <https://google.aip.dev/auth/4110>
//! (read 2026-11-22).

mod federated;
mod impersonated;
mod subject;

use canon::Secret;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

pub(crate) use self::{federated::Federated, impersonated::Impersonated};
use super::{
    Missing, Setting, Settings, Signed,
    grant::{Asked, Grant, Proof},
    jwt::RsaKey,
    token::Token,
};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const MACHINE_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const CREDENTIALS: &str = "credentials";
/// Names that stand for names that stand for names: more is a slip.
const DEPTH_MAX: u8 = 3;

/// What Google's credentials are made of. The keys of AWS are for federation from there.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::file(
        CREDENTIALS,
        &["GOOGLE_APPLICATION_CREDENTIALS"],
        ".config/gcloud/application_default_credentials.json",
        "A service account's key, a user's own credentials or a federated identity, as Google's tools write them; \
         absent where the machine has an identity of its own.",
    ),
    Setting::text(
        "token_url",
        &[],
        "Where tokens are had; as the credentials say where absent.",
    ),
    Setting::text(
        "metadata_host",
        &["GCE_METADATA_HOST"],
        "Where a machine of Google asks for its identity.",
    )
    .or("metadata.google.internal"),
    Setting::text(
        subject::ACCESS_KEY_ID,
        &["AWS_ACCESS_KEY_ID"],
        "For federation from AWS: the id of an access key.",
    ),
    Setting::secret(
        subject::SECRET_ACCESS_KEY,
        &["AWS_SECRET_ACCESS_KEY"],
        "For federation from AWS: the secret of the access key.",
    ),
    Setting::secret(
        subject::SESSION_TOKEN,
        &["AWS_SESSION_TOKEN"],
        "For federation from AWS: the session of a temporary access key.",
    ),
    Setting::text(
        subject::REGION,
        &["AWS_REGION", "AWS_DEFAULT_REGION"],
        "For federation from AWS: the region.",
    ),
];

/// The token for what was given.
pub(super) fn prepare(settings: &Settings) -> Result<Signed, Missing> {
    let grant = match settings.get(CREDENTIALS) {
        Some(text) => {
            let file: Value = serde_json::from_str(text).map_err(|_| unusable("not valid JSON"))?;
            of_file(&file, settings, DEPTH_MAX)?
        }
        None => Grant::Asked(machine(settings)?),
    };
    Ok(Signed::token(Token::new(grant)))
}

/// The identity of a machine of Google.
fn machine(settings: &Settings) -> Result<Asked, Missing> {
    let host = settings.get("metadata_host");
    let host = host.ok_or(Missing::Setting("metadata_host"))?;
    let usual = format!("http://{host}{MACHINE_PATH}");
    let name = HeaderName::from_static("metadata-flavor");
    let proof = Proof::Machine(name, HeaderValue::from_static("Google"));
    Asked::new(settings.get("token_url").unwrap_or(&usual), proof)
}

/// What a file of credentials stands for; `depth` bounds names that stand for other names.
fn of_file(file: &Value, settings: &Settings, depth: u8) -> Result<Grant, Missing> {
    let url = settings.get("token_url").map(str::to_owned);
    let url = url.or_else(|| member(file, "token_uri"));
    let url = url.unwrap_or_else(|| TOKEN_URL.to_owned());
    Ok(match member(file, "type").as_deref() {
        Some("service_account") => Grant::Asked(service_account(file, &url)?),
        Some("authorized_user") => Grant::Asked(user(file, &url)?),
        Some("external_account_authorized_user") => Grant::Asked(workforce(file)?),
        Some("external_account") => federated::of_file(file, settings)?,
        Some("impersonated_service_account") if depth > 0 => {
            let source = file
                .get("source_credentials")
                .ok_or_else(|| unusable("source_credentials is missing"))?;
            let source = of_file(source, settings, depth - 1)?;
            Grant::Impersonated(Box::new(Impersonated::of_file(file, source)?))
        }
        _ => {
            return Err(unusable(
                "its type must be service_account or authorized_user, external_account, \
                 external_account_authorized_user or impersonated_service_account",
            ));
        }
    })
}

/// A service account that signs its claims.
fn service_account(file: &Value, url: &str) -> Result<Asked, Missing> {
    let pem = member(file, "private_key").ok_or_else(|| unusable("private_key is missing"))?;
    let issuer = member(file, "client_email").ok_or_else(|| unusable("client_email is missing"))?;
    let key = RsaKey::parse_pem(&pem).map_err(unusable)?;
    Asked::new(
        url,
        Proof::Claims {
            key,
            key_id: member(file, "private_key_id"),
            issuer,
            scope: SCOPE,
            audience: member(file, "token_uri").unwrap_or_else(|| TOKEN_URL.to_owned()),
        },
    )
}

/// A user who signed on once.
fn user(file: &Value, url: &str) -> Result<Asked, Missing> {
    let need = |name, why| {
        let found = member(file, name).map(Secret::new);
        found.ok_or_else(|| unusable(why))
    };
    let fields = vec![
        ("grant_type", Secret::new("refresh_token".to_owned())),
        ("client_id", need("client_id", "client_id is missing")?),
        (
            "client_secret",
            need("client_secret", "client_secret is missing")?,
        ),
        (
            "refresh_token",
            need("refresh_token", "refresh_token is missing")?,
        ),
    ];
    Asked::new(url, Proof::Form(fields))
}

/// A user of another house who signed on once.
fn workforce(file: &Value) -> Result<Asked, Missing> {
    let need = |name, why| member(file, name).ok_or_else(|| unusable(why));
    let url = need("token_url", "token_url is missing")?;
    let refresh = need("refresh_token", "refresh_token is missing")?;
    let fields = vec![
        ("grant_type", Secret::new("refresh_token".to_owned())),
        ("refresh_token", Secret::new(refresh)),
    ];
    let id = need("client_id", "client_id is missing")?;
    let secret = need("client_secret", "client_secret is missing")?;
    let secret = Secret::new(secret);
    Asked::new(&url, Proof::Basic { id, secret, fields })
}

fn member(file: &Value, name: &str) -> Option<String> {
    file.get(name)?.as_str().map(str::to_owned)
}

fn unusable(why: &'static str) -> Missing {
    Missing::Unusable {
        setting: CREDENTIALS,
        why,
    }
}
