//! Clients that trade an id and a secret, or a key, for a token: Databricks, IBM Cloud.
//!
//! Facts: <https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m>,
//! <https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey> (read 2026-11-22).

use canon::Secret;

use super::{
    Missing, Setting, Settings, Signed,
    grant::{Asked, Grant, Proof},
    token::Token,
};

const TOKEN_URL: &str = "token_url";
const IBM_URL: &str = "https://iam.cloud.ibm.com/identity/token";

/// What a service principal of Databricks is made of.
pub(super) const DATABRICKS: &[Setting] = &[
    Setting::text(
        "client_id",
        &["DATABRICKS_CLIENT_ID"],
        "The id of the service principal.",
    ),
    Setting::secret(
        "client_secret",
        &["DATABRICKS_CLIENT_SECRET"],
        "The secret of the service principal.",
    ),
    Setting::text(
        TOKEN_URL,
        &[],
        "Where tokens are had; the workspace's own address where absent.",
    ),
];

/// What IBM Cloud needs beside the key.
pub(super) const IBM: &[Setting] =
    &[Setting::text(TOKEN_URL, &[], "Where tokens are had.").or(IBM_URL)];

/// The token of a service principal of Databricks.
pub(super) fn databricks(settings: &Settings) -> Result<Signed, Missing> {
    let (id, secret) = pair(settings)?;
    let url = match (settings.get(TOKEN_URL), settings.get("host")) {
        (Some(url), _) => url.to_owned(),
        (None, Some(host)) => format!("https://{host}/oidc/v1/token"),
        (None, None) => return Err(Missing::Setting("host")),
    };
    let fields = vec![
        ("grant_type", text("client_credentials")),
        ("scope", text("all-apis")),
    ];
    asked(&url, Proof::Basic { id, secret, fields })
}

/// The token for a key of IBM Cloud.
pub(super) fn ibm(key: &Secret<String>, settings: &Settings) -> Result<Signed, Missing> {
    let fields = vec![
        ("grant_type", text("urn:ibm:params:oauth:grant-type:apikey")),
        ("apikey", key.clone()),
    ];
    asked(
        settings.get(TOKEN_URL).unwrap_or(IBM_URL),
        Proof::Form(fields),
    )
}

pub(super) fn asked(url: &str, proof: Proof) -> Result<Signed, Missing> {
    let asked = Asked::new(url, proof)?;
    Ok(Signed::token(Token::new(Grant::Asked(asked))))
}

/// The id and the secret: both, or an error.
fn pair(settings: &Settings) -> Result<(String, Secret<String>), Missing> {
    match (settings.get("client_id"), settings.secret("client_secret")) {
        (Some(id), Some(secret)) => Ok((id.to_owned(), secret)),
        (Some(_), None) => Err(Missing::Setting("client_secret")),
        (None, Some(_)) => Err(Missing::Setting("client_id")),
        (None, None) => Err(Missing::Everything),
    }
}

pub(super) fn text(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}
