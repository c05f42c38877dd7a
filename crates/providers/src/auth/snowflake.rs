//! Snowflake: a programmatic access token as it is, or a user's key pair that signs tokens of its own.
//!
//! Facts: <https://docs.snowflake.com/en/developer-guide/snowflake-rest-api/authentication> (read 2026-11-22).

use canon::Secret;
use http::{HeaderName, HeaderValue};

use super::{
    Missing, Setting, Settings, Signed, bearer,
    grant::{Grant, SelfSigned},
    jwt::RsaKey,
    token::Token,
};

const KIND: HeaderName = HeaderName::from_static("x-snowflake-authorization-token-type");

/// What a user's key pair is made of. The account is a setting of the address.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::text(
        "user",
        &["SNOWFLAKE_USER"],
        "The user whose key pair it is.",
    ),
    Setting::secret(
        "private_key",
        &["SNOWFLAKE_PRIVATE_KEY"],
        "The private key of the pair, in PEM form and without a passphrase.",
    ),
];

/// A programmatic access token.
pub(super) fn by_token(key: &Secret<String>) -> Result<Signed, Missing> {
    let mut signed = Signed::fixed(bearer(key)?);
    signed
        .headers
        .insert(KIND, HeaderValue::from_static("PROGRAMMATIC_ACCESS_TOKEN"));
    Ok(signed)
}

/// A key pair.
pub(super) fn by_key_pair(settings: &Settings) -> Result<Signed, Missing> {
    let pem = settings.get("private_key").ok_or(Missing::Everything)?;
    let user = settings.get("user").ok_or(Missing::Setting("user"))?;
    let account = settings.get("account").ok_or(Missing::Setting("account"))?;
    let unusable = |why| Missing::Unusable {
        setting: "private_key",
        why,
    };
    let key = RsaKey::parse_pem(pem).map_err(unusable)?;
    // A locator may have its region behind a dot, which is no part of its name.
    let account = account.split('.').next().unwrap_or_default();
    let subject = format!("{account}.{user}").to_ascii_uppercase();
    let fingerprint = key
        .fingerprint()
        .ok_or_else(|| unusable("its public key cannot be read"))?;
    let issuer = format!("{subject}.SHA256:{fingerprint}");
    let mut signed = Signed::token(Token::new(Grant::SelfSigned(SelfSigned {
        key,
        issuer,
        subject,
    })));
    signed
        .headers
        .insert(KIND, HeaderValue::from_static("KEYPAIR_JWT"));
    Ok(signed)
}
