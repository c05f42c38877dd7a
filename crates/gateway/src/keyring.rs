//! Who may ask: keys are made, found by their plaintext and refused with a reason.
//!
//! A plaintext is shown once and kept nowhere. What is stored is its fingerprint under the server's pepper, so that
//! neither the database nor the pepper alone tells which plaintext would be accepted.

mod pepper;
mod plaintext;

use std::{path::Path, sync::Arc};

use canon::{Fault, Key, Kind, LimitReset, NanoUsd, Secret, WorkspaceId};
use http::{HeaderMap, header};
use store::Store;

use self::pepper::Pepper;
pub use self::pepper::PepperError;
use crate::clock;

/// The workspace of whoever names none.
pub const DEFAULT_WORKSPACE: &str = "default";

/// The keys. A key that was seen before is found without a database: one HMAC and one look into a map.
#[derive(Debug)]
pub struct Keyring {
    pepper: Pepper,
    store: Store,
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its name; never empty.
    pub name: String,
    /// May manage, may not infer.
    pub management: bool,
    /// The most it may spend in a window; no limit where absent.
    pub limit: Option<NanoUsd>,
    /// When the window starts anew; a lifetime cap where absent.
    pub limit_reset: Option<LimitReset>,
    /// Whether spending on the caller's own provider keys counts.
    pub include_byok_in_limit: bool,
    /// Where it belongs.
    pub workspace: WorkspaceId,
    /// Who makes it.
    pub creator: Option<String>,
    /// When it ends, in microseconds since 1970.
    pub expires_at: Option<i64>,
}

/// Why a key could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system has no random numbers.
    #[error("no random numbers")]
    Random,
    /// The store refused it.
    #[error("cannot write down the key")]
    Store(#[source] store::Error),
}

// === impl Keyring ===

impl Keyring {
    /// The keyring of a data folder; its pepper is made at the first start.
    ///
    /// # Errors
    /// The pepper cannot be made or read.
    pub fn open(data: &Path, store: Store) -> Result<Self, PepperError> {
        Ok(Self {
            pepper: Pepper::open(data)?,
            store,
        })
    }

    /// Makes a key. The plaintext is given this once.
    ///
    /// # Errors
    /// There is no chance to be had, or the store refuses.
    pub async fn create(&self, new: NewKey) -> Result<(Key, Secret<String>), Error> {
        let secret = plaintext::draw().ok_or(Error::Random)?;
        let key = Key {
            id: plaintext::id(secret.expose()),
            name: new.name,
            label: plaintext::label(secret.expose()),
            disabled: false,
            management: new.management,
            limit: new.limit,
            limit_reset: new.limit_reset,
            include_byok_in_limit: new.include_byok_in_limit,
            workspace: new.workspace,
            creator: new.creator,
            created_at: clock::now_micros(),
            updated_at: None,
            expires_at: new.expires_at,
        };
        let fingerprint = self.pepper.fingerprint(secret.expose());
        self.store
            .keys()
            .create(&key, &fingerprint)
            .await
            .map_err(Error::Store)?;
        Ok((key, secret))
    }

    /// The key of a plaintext, if it may be used now. Dropping the future changes nothing.
    ///
    /// # Errors
    /// It is no key, an unknown one, switched off or past its end; or the store could not be asked.
    pub async fn find(&self, plaintext: &str) -> Result<Arc<Key>, Fault> {
        if !plaintext::is_well_formed(plaintext) {
            let say = "Invalid API key: a key is sk-or-v1- and 64 hexadecimal digits";
            return Err(refused(say));
        }
        let fingerprint = self.pepper.fingerprint(plaintext);
        let found = self
            .store
            .keys()
            .by_digest(&fingerprint)
            .await
            .map_err(Fault::ours)?;
        let key = found.ok_or_else(|| refused("Invalid API key: there is no such key"))?;
        if key.disabled {
            return Err(refused("This API key is disabled"));
        }
        if key.expires_at.is_some_and(|end| end <= clock::now_micros()) {
            return Err(refused("This API key has expired"));
        }
        Ok(key)
    }

    /// The key that a request shows as `Authorization: Bearer`.
    ///
    /// # Errors
    /// It shows none, or one that may not be used.
    pub async fn find_bearer(&self, headers: &HeaderMap) -> Result<Arc<Key>, Fault> {
        let plaintext = bearer(headers).ok_or_else(|| refused("Missing Authentication header"))?;
        self.find(plaintext).await
    }

    /// The management key that a request shows.
    ///
    /// # Errors
    /// It shows none, one that may not be used, or a key of the other kind.
    pub async fn find_manager(&self, headers: &HeaderMap) -> Result<Arc<Key>, Fault> {
        let key = self.find_bearer(headers).await?;
        if key.management {
            return Ok(key);
        }
        let say = "Only management keys can perform this operation";
        Err(Fault::caller(Kind::PermissionDenied, say))
    }
}

/// The text behind `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, text) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}

fn refused(say: &'static str) -> Fault {
    Fault::caller(Kind::Authentication, say)
}
