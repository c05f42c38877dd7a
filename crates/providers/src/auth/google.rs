//! Google: a service account or a user's own credentials out of a file, or the machine's own identity.
//!
//! Facts: <https://cloud.google.com/docs/authentication/application-default-credentials>,
//! <https://developers.google.com/identity/protocols/oauth2/service-account> (read 2026-11-22).

use canon::Secret;
use serde_json::Value;

use super::{
    Missing, Setting, Settings, Signed,
    grant::{Asked, Grant, Proof},
    jwt::RsaKey,
    token::Token,
};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const MACHINE_URL: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
const CREDENTIALS: &str = "credentials";

/// What Google's credentials are made of.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::file(
        CREDENTIALS,
        &["GOOGLE_APPLICATION_CREDENTIALS"],
        ".config/gcloud/application_default_credentials.json",
        "A service account's key or a user's own credentials, as Google's tools write them; absent where the \
         machine has an identity of its own.",
    ),
    Setting::text(
        "token_url",
        &[],
        "Where tokens are had; as the credentials say where absent.",
    ),
];

/// The token for what was given.
pub(super) fn prepare(settings: &Settings) -> Result<Signed, Missing> {
    let url = settings.get("token_url");
    let asked = match settings.get(CREDENTIALS) {
        Some(text) => of_file(text, url)?,
        None => Asked::new(url.unwrap_or(MACHINE_URL), Proof::Machine)?,
    };
    Ok(Signed::token(Token::new(Grant::Asked(asked))))
}

fn of_file(text: &str, url: Option<&str>) -> Result<Asked, Missing> {
    let unusable = |why| Missing::Unusable {
        setting: CREDENTIALS,
        why,
    };
    let file: Value = serde_json::from_str(text).map_err(|_| unusable("not valid JSON"))?;
    let member = |name: &str| file.get(name)?.as_str().map(str::to_owned);
    let secret = |name| member(name).map(Secret::new);
    let url = url
        .map(str::to_owned)
        .or_else(|| member("token_uri"))
        .unwrap_or_else(|| TOKEN_URL.to_owned());
    match member("type").as_deref() {
        Some("service_account") => {
            let pem = member("private_key").ok_or_else(|| unusable("private_key is missing"))?;
            let issuer =
                member("client_email").ok_or_else(|| unusable("client_email is missing"))?;
            let key = RsaKey::parse_pem(&pem).map_err(unusable)?;
            Asked::new(
                &url,
                Proof::Claims {
                    key,
                    key_id: member("private_key_id"),
                    issuer,
                    scope: SCOPE,
                    audience: member("token_uri").unwrap_or_else(|| TOKEN_URL.to_owned()),
                },
            )
        }
        Some("authorized_user") => {
            let need = |name, why| secret(name).ok_or_else(|| unusable(why));
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
            Asked::new(&url, Proof::Form(fields))
        }
        _ => Err(unusable(
            "its type must be service_account or authorized_user",
        )),
    }
}
