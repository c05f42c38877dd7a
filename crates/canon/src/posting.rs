//! Rows of the ledger. Only a balanced set of postings can be built.

use serde::{Deserialize, Serialize, Serializer};

use crate::{AttemptId, KeyId, NanoUsd, ProviderId, Record, Window, WorkspaceId};

/// An account of the ledger (spec/money.md §3.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Account {
    /// What a workspace has spent (negative) or been granted (positive).
    Wallet(WorkspaceId),
    /// What is owed to a provider.
    Cost(ProviderId),
    /// What the operator bears: failed attempts that a vendor bills.
    Insurance,
    /// What is not known yet: attempts without a usage frame.
    Suspense,
    /// What exceeded its reservation.
    Overrun,
    /// Corrections, with an actor and a reason.
    Adjust,
}

/// One side of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// Added to it.
    pub amount: NanoUsd,
}

/// Postings that sum to zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Posting>")]
pub struct Transaction(Vec<Posting>);

/// The postings do not sum to zero; by how much they miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnbalancedError(pub i128);

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in microseconds since 1970, UTC. For people; nothing is decided by it but deadlines.
    pub at: i64,
    /// The attempt it is about.
    pub attempt: AttemptId,
    /// What happened.
    pub kind: EntryKind,
}

/// What happened to an attempt: Reserved → Settled | Voided | Provisional → Settled (spec/money.md §3.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// Money is set aside; written before any byte goes to the provider.
    Reserve {
        /// Whose limits it counts against.
        key: KeyId,
        /// Whose wallet it counts against.
        workspace: WorkspaceId,
        /// Who is called.
        provider: ProviderId,
        /// The window of the key's limit that it counts in, pinned here.
        window: Window,
        /// The worst it may cost.
        amount: NanoUsd,
        /// Until when it must have ended, in microseconds since 1970.
        deadline: i64,
        /// The version of the prices it was computed with, pinned here.
        price_version: u32,
    },
    /// It ended and its cost is known. `charged` counts against the key.
    Settle {
        /// What the caller pays.
        charged: NanoUsd,
        /// The double entry.
        transaction: Transaction,
        /// The record of the request, where this attempt ended it.
        generation: Option<Box<Record>>,
    },
    /// Nothing was sent, for certain.
    Void,
    /// It ended, or must have ended, and its cost is an estimate on the safe side.
    Provisional {
        /// What the caller is charged until it is known better.
        charged: NanoUsd,
        /// The double entry, against [`Account::Suspense`].
        transaction: Transaction,
        /// Why: `no_usage`, `absurd_usage`, `deadline`, `restart`, `client_left`, `hedge`, `dropped`.
        reason: String,
        /// The record of the request, where this attempt ended it.
        generation: Option<Box<Record>>,
    },
}

impl Transaction {
    /// Postings that sum to zero.
    ///
    /// # Errors
    /// They do not.
    pub fn new(postings: Vec<Posting>) -> Result<Self, UnbalancedError> {
        match postings
            .iter()
            .map(|posting| i128::from(posting.amount.get()))
            .sum()
        {
            0 => Ok(Self(postings)),
            off => Err(UnbalancedError(off)),
        }
    }

    /// Moves an amount from one account to another.
    #[must_use]
    pub fn transfer(from: Account, to: Account, amount: NanoUsd) -> Self {
        // i64::MIN has no opposite; saturating it on both sides keeps the sum at zero.
        let amount = NanoUsd::new(amount.get().max(-i64::MAX));
        if amount == NanoUsd::ZERO {
            return Self(Vec::new());
        }
        Self(vec![
            Posting {
                account: from,
                amount: amount.negated(),
            },
            Posting {
                account: to,
                amount,
            },
        ])
    }

    /// This and another, in one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Its postings.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.0
    }
}

impl TryFrom<Vec<Posting>> for Transaction {
    type Error = UnbalancedError;

    fn try_from(postings: Vec<Posting>) -> Result<Self, UnbalancedError> {
        Self::new(postings)
    }
}

impl Serialize for Transaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl std::fmt::Display for UnbalancedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "postings miss zero by {} nano-USD", self.0)
    }
}

impl std::error::Error for UnbalancedError {}
