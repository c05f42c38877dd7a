//! AWS: Signature Version 4 over each request, by keys that are given, stand in a profile, or are had for a while: from
//! STS for a role, from a container's or a machine's own address, from single sign-on.
//!
//! Facts: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html> and the pages it names, each
//! where it is used (read 2026-11-22).

mod chain;
mod container;
mod keys;
mod machine;
mod profile;
mod sigv4;
mod sso;
mod sts;

use http::{HeaderMap, Request};

use self::keys::Origin;
pub(super) use self::{
    machine::Machine,
    sigv4::{Keys, Scope, encode},
};
use super::{
    Missing, Setting, Settings, Signed, signer,
    token::{Kept, TokenError},
};
use crate::Client;

/// What AWS credentials are made of.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::text(
        "access_key_id",
        &["AWS_ACCESS_KEY_ID"],
        "The id of an access key.",
    ),
    Setting::secret(
        "secret_access_key",
        &["AWS_SECRET_ACCESS_KEY"],
        "The secret of the access key.",
    ),
    Setting::secret(
        "session_token",
        &["AWS_SESSION_TOKEN"],
        "The session of a temporary access key.",
    ),
    Setting::text(
        "role_arn",
        &["AWS_ROLE_ARN"],
        "The role that is taken on: by the web identity token, else by whatever else is given.",
    ),
    Setting::text(
        "role_session_name",
        &["AWS_ROLE_SESSION_NAME"],
        "What the role's session is called in AWS's logs.",
    )
    .or("weir"),
    Setting::text(
        "external_id",
        &[],
        "What the role's owner wants to be told.",
    ),
    Setting::path(
        "web_identity_token_file",
        &["AWS_WEB_IDENTITY_TOKEN_FILE"],
        "",
        "The file of the token by which another house vouches for this one; read anew each time.",
    ),
    Setting::text(
        "profile",
        &["AWS_PROFILE"],
        "Which profile of the two files holds the access key, the role or the sign-on.",
    )
    .or("default"),
    Setting::file(
        "credentials_file",
        &["AWS_SHARED_CREDENTIALS_FILE"],
        ".aws/credentials",
        "The file of the profiles' keys.",
    ),
    Setting::file(
        "config_file",
        &["AWS_CONFIG_FILE"],
        ".aws/config",
        "The file of the profiles' roles and sign-ons.",
    ),
    Setting::path(
        "sso_cache",
        &[],
        ".aws/sso/cache",
        "The folder in which `aws sso login` keeps its tokens.",
    ),
    Setting::text(
        "container_url",
        &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        "Where a container asks for its keys.",
    ),
    Setting::text(
        "container_path",
        &["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
        "The same as a path at the address of ECS.",
    ),
    Setting::secret(
        "container_token",
        &["AWS_CONTAINER_AUTHORIZATION_TOKEN"],
        "What a container shows there.",
    ),
    Setting::path(
        "container_token_file",
        &["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
        "",
        "The same in a file; read anew each time.",
    ),
    Setting::text(
        "metadata_url",
        &["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
        "Where a machine of AWS asks for its keys.",
    )
    .or("http://169.254.169.254"),
    Setting::text(
        "metadata_disabled",
        &["AWS_EC2_METADATA_DISABLED"],
        "\"true\" where this machine must not be asked.",
    ),
    Setting::text(
        "sts_url",
        &["AWS_ENDPOINT_URL_STS"],
        "Where roles are taken on; the region's own address where absent.",
    ),
    Setting::text(
        "sso_url",
        &["AWS_ENDPOINT_URL_SSO"],
        "Where a sign-on is traded for keys; its region's own address where absent.",
    ),
];

/// Signs requests to one service in one region.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    keys: Holding,
    region: String,
    service: &'static str,
}

/// The keys as they are held.
#[derive(Clone, Debug)]
enum Holding {
    /// They never change.
    Fixed(Keys),
    /// They hold for a while.
    Kept(Kept<Origin>),
}

/// The signer for what was given.
pub(super) fn prepare(service: &'static str, settings: &Settings) -> Result<Signed, Missing> {
    let region = settings.get("region").ok_or(Missing::Setting("region"))?;
    let keys = match chain::origin(settings, region)? {
        Origin::Fixed(keys) => Holding::Fixed(keys),
        origin @ (Origin::Role(_)
        | Origin::Container(_)
        | Origin::Machine(_)
        | Origin::Session(_)) => Holding::Kept(Kept::new(origin)),
    };
    let signer = Signer {
        keys,
        region: region.to_owned(),
        service,
    };
    Ok(Signed {
        headers: HeaderMap::new(),
        signer: signer::Signer::Aws(signer),
    })
}

impl Signer {
    /// Puts date, session and signature on a request. `now_s` is the time in seconds since 1970.
    ///
    /// # Errors
    /// There are no keys, or they have characters that no header may have.
    pub(super) async fn sign<B>(
        &self,
        client: &Client,
        request: &mut Request<B>,
        (body, now_s): (&[u8], i64),
    ) -> Result<(), TokenError> {
        let keys = match &self.keys {
            Holding::Fixed(keys) => keys,
            Holding::Kept(kept) => &Box::pin(kept.get(client, now_s)).await?,
        };
        let scope = Scope {
            keys,
            region: &self.region,
            service: self.service,
        };
        scope
            .sign(request, body, now_s)
            .map_err(|_| TokenError::Unsendable)
    }

    /// The keys were refused before their time.
    pub(super) fn refused(&self) {
        if let Holding::Kept(kept) = &self.keys {
            kept.forget();
        }
    }
}

/// Whether AWS refuses keys that were good once: it says so with 403, as it refuses a single model.
///
/// Facts: <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html> (read 2026-11-22).
pub(crate) fn is_over(status: u16, headers: &HeaderMap) -> bool {
    const CODES: [&str; 3] = [
        "ExpiredToken",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
    ];
    let code = headers.get("x-amzn-errortype");
    let code = code.and_then(|code| code.to_str().ok()).unwrap_or_default();
    status == 403 && CODES.iter().any(|known| code.starts_with(known))
}
