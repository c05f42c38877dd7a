//! Clients that trade an id and a secret for a token: Entra ID (Azure), Databricks, IBM Cloud.
//!
//! Facts: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>,
//! <https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m>,
//! <https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey> (read 2026-11-22).

use canon::Secret;

use super::{
    Missing, Setting, Settings, Signed,
    grant::{Asked, Grant, Proof},
    token::Token,
};

const TOKEN_URL: &str = "token_url";
const IBM_URL: &str = "https://iam.cloud.ibm.com/identity/token";

/// What a client of Entra ID is made of.
pub(super) const ENTRA: &[Setting] = &[
    Setting::text(
        "tenant_id",
        &["AZURE_TENANT_ID"],
        "The directory of the client.",
    ),
    Setting::text("client_id", &["AZURE_CLIENT_ID"], "The id of the client."),
    Setting::secret(
        "client_secret",
        &["AZURE_CLIENT_SECRET"],
        "The secret of the client.",
    ),
    Setting::text("token_scope", &[], "What the token is for.")
        .or("https://cognitiveservices.azure.com/.default"),
    Setting::text(
        TOKEN_URL,
        &[],
        "Where tokens are had; Microsoft's own address where absent.",
    ),
];

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

/// The token of a client of Entra ID.
pub(super) fn entra(settings: &Settings) -> Result<Signed, Missing> {
    let (id, secret) = pair(settings)?;
    let url = match (settings.get(TOKEN_URL), settings.get("tenant_id")) {
        (Some(url), _) => url.to_owned(),
        (None, Some(tenant)) => {
            format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token")
        }
        (None, None) => return Err(Missing::Setting("tenant_id")),
    };
    let scope = settings
        .get("token_scope")
        .ok_or(Missing::Setting("token_scope"))?;
    let fields = vec![
        ("grant_type", text("client_credentials")),
        ("client_id", text(&id)),
        ("client_secret", secret),
        ("scope", text(scope)),
    ];
    asked(&url, Proof::Form(fields))
}

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

fn asked(url: &str, proof: Proof) -> Result<Signed, Missing> {
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

fn text(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}
