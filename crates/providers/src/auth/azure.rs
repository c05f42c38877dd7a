//! Azure: a client of Entra ID by its secret or by another house's token, or the identity of the machine.
//!
//! Facts: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>,
//! <https://azure.github.io/azure-workload-identity/docs/topics/language-specific-examples/azure-identity-sdk.html>,
//! <https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>,
//! <https://learn.microsoft.com/en-us/azure/app-service/overview-managed-identity#rest-endpoint-reference> (read
//! 2026-11-22).

use http::{HeaderName, HeaderValue};

use super::{
    Missing, Setting, Settings, Signed, aws,
    clients::{asked, text},
    grant::Proof,
};

/// What a client of Entra ID, or a machine's identity, is made of.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::text(
        "tenant_id",
        &["AZURE_TENANT_ID"],
        "The directory of the client.",
    ),
    Setting::text(
        "client_id",
        &["AZURE_CLIENT_ID"],
        "The id of the client, or of the machine's identity where it has several.",
    ),
    Setting::secret(
        "client_secret",
        &["AZURE_CLIENT_SECRET"],
        "The secret of the client.",
    ),
    Setting::path(
        FEDERATED,
        &["AZURE_FEDERATED_TOKEN_FILE"],
        "",
        "The file of the token by which another house vouches for the client; read anew each time.",
    ),
    Setting::text(
        "authority_host",
        &["AZURE_AUTHORITY_HOST"],
        "Where Entra ID is; other clouds of Microsoft have other ones.",
    )
    .or("https://login.microsoftonline.com"),
    Setting::text("token_scope", &[], "What the token is for.")
        .or("https://cognitiveservices.azure.com/.default"),
    Setting::text(
        "token_url",
        &[],
        "Where tokens are had; Microsoft's own address where absent.",
    ),
    Setting::text(
        "identity_url",
        &["IDENTITY_ENDPOINT"],
        "Where an App Service asks for its identity.",
    ),
    Setting::secret(
        "identity_header",
        &["IDENTITY_HEADER"],
        "What an App Service shows there.",
    ),
];

const FEDERATED: &str = "federated_token_file";
const MACHINE_URL: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token for what was given: by a secret, by another house's token, else by the machine's own identity.
pub(super) fn prepare(settings: &Settings) -> Result<Signed, Missing> {
    let secret = settings.secret("client_secret");
    let file = settings.get(FEDERATED);
    let id = settings.get("client_id");
    if secret.is_none() && file.is_none() {
        return machine(settings);
    }
    let id = id.ok_or(Missing::Setting("client_id"))?;
    let scope = settings.get("token_scope");
    let scope = scope.ok_or(Missing::Setting("token_scope"))?;
    let mut fields = vec![
        ("grant_type", text("client_credentials")),
        ("client_id", text(id)),
    ];
    let url = token_url(settings)?;
    let proof = match (secret, file) {
        (Some(secret), _) => {
            fields.extend([("client_secret", secret), ("scope", text(scope))]);
            Proof::Form(fields)
        }
        (None, Some(file)) => {
            fields.extend([
                ("client_assertion_type", text(ASSERTION)),
                ("scope", text(scope)),
            ]);
            Proof::FormFile {
                fields,
                name: "client_assertion",
                path: file.into(),
            }
        }
        (None, None) => return Err(Missing::Everything),
    };
    asked(&url, proof)
}

fn token_url(settings: &Settings) -> Result<String, Missing> {
    if let Some(url) = settings.get("token_url") {
        return Ok(url.to_owned());
    }
    let tenant = settings.get("tenant_id");
    let tenant = tenant.ok_or(Missing::Setting("tenant_id"))?;
    let host = settings.get("authority_host");
    let host = host.ok_or(Missing::Setting("authority_host"))?;
    let host = host.trim_end_matches('/');
    Ok(format!("{host}/{tenant}/oauth2/v2.0/token"))
}

/// The identity of an App Service, or of a virtual machine.
fn machine(settings: &Settings) -> Result<Signed, Missing> {
    // A machine's identity has no directory: whoever names one means a client, and has given half of it.
    if settings.get("tenant_id").is_some() {
        return Err(Missing::Setting("client_secret"));
    }
    let scope = settings.get("token_scope").unwrap_or_default();
    let resource = scope.trim_end_matches("/.default");
    let (base, version, name, value) = match settings.get("identity_url") {
        Some(url) => {
            let header = settings.get("identity_header");
            let header = header.ok_or(Missing::Setting("identity_header"))?;
            let mut value = HeaderValue::try_from(header).map_err(|_| Missing::Unsendable)?;
            value.set_sensitive(true);
            let name = HeaderName::from_static("x-identity-header");
            (url, "2019-08-01", name, value)
        }
        None => (
            settings.get("token_url").unwrap_or(MACHINE_URL),
            "2018-02-01",
            HeaderName::from_static("metadata"),
            HeaderValue::from_static("true"),
        ),
    };
    let mut url = format!("{base}?api-version={version}&resource=");
    aws::encode(resource, "", &mut url);
    if let Some(id) = settings.get("client_id") {
        url.push_str("&client_id=");
        aws::encode(id, "", &mut url);
    }
    asked(&url, Proof::Machine(name, value))
}
