//! Signed claims (RFC 7519) by an RSA key: what Google and Snowflake take as proof.

use std::fmt;

use aws_lc_rs::{
    digest,
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

/// A private key; `Debug` shows nothing of it.
pub(super) struct RsaKey(KeyPair);

impl RsaKey {
    /// Reads a key in PEM form, PKCS #8 or PKCS #1.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it.
    pub(super) fn parse_pem(text: &str) -> Result<Self, &'static str> {
        if text.contains("ENCRYPTED") {
            return Err("the private key is encrypted; give it without a passphrase");
        }
        let begin = "PRIVATE KEY-----";
        let inner = text
            .split_once(begin)
            .and_then(|(_, rest)| rest.split_once("-----END"))
            .map(|(inner, _)| inner)
            .ok_or("not a private key in PEM form")?;
        // A key in one line of a variable has its line ends written out.
        let inner: String = inner
            .replace("\\n", "")
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let der = STANDARD
            .decode(inner)
            .map_err(|_| "the private key is not valid base64")?;
        KeyPair::from_pkcs8(&der)
            .or_else(|_| KeyPair::from_der(&der))
            .map(Self)
            .map_err(|_| "not an RSA private key of 2048 bits or more")
    }

    /// The claims, signed with RS256. `None` where the key does not sign.
    pub(super) fn sign(&self, key_id: Option<&str>, claims: &Value) -> Option<String> {
        let mut head = serde_json::json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(id), Some(head)) = (key_id, head.as_object_mut()) {
            head.insert("kid".to_owned(), id.into());
        }
        let mut text = URL_SAFE_NO_PAD.encode(head.to_string());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut text);
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .ok()?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Some(text)
    }

    /// The SHA-256 of the public key, in base64, as Snowflake names keys.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().ok()?;
        Some(STANDARD.encode(digest::digest(&digest::SHA256, der.as_ref())))
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey(***)")
    }
}
