//! Who may ask, and how much they may spend.

use serde::{Deserialize, Serialize};

use crate::{KeyId, NanoUsd, WorkspaceId};

/// An API key or a management key, without its secret. Times are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// SHA-256 of the plaintext, 64 hex digits: the public id (`hash` on the wire).
    pub id: KeyId,
    /// The caller's name for it.
    pub name: String,
    /// The masked secret: `sk-or-v1-abc...123`.
    pub label: String,
    /// Switched off by hand.
    pub disabled: bool,
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
    /// Who made it.
    pub creator: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: Option<i64>,
    /// When it ends.
    pub expires_at: Option<i64>,
}

/// How often a limit starts anew, at 00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitReset {
    /// Every day.
    Daily,
    /// Every Monday.
    Weekly,
    /// Every first of a month.
    Monthly,
}

/// A span of time with its own account. No counter is ever reset: a new window is a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// All time.
    Lifetime,
    /// The day that began so many days after 1970-01-01 (UTC).
    Day(i32),
    /// The week whose Monday is so many days after 1970-01-01 (UTC).
    Week(i32),
    /// The month, counted from January 1970 (UTC).
    Month(i32),
}

impl LimitReset {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The reset of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Daily, Self::Weekly, Self::Monthly]
            .into_iter()
            .find(|reset| reset.name() == name)
    }
}
