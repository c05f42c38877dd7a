//! Making the entries that end an attempt, with their postings.
//!
//! | ended how | wallet | overrun | cost of the provider | insurance | suspense |
//! |---|---|---|---|---|---|
//! | settled | −charged, up to the reservation | −the rest | +its price | +charged − price | |
//! | provisional | −charged | | | charged − reservation | +reservation |
//!
//! Nobody knows what an estimated attempt cost, only that it is no more than was set aside. So the
//! whole reservation is in suspense until the vendor's bill is known, whatever the caller is charged
//! meanwhile: a bill is never above what the ledger has. A settlement after an estimate takes the
//! estimate back in the same transaction.

use canon::{
    Account, AttemptId, Entry, EntryKind, NanoUsd, Posting, Record, Transaction, WorkspaceId,
};

use super::{Error, Ledger, Standing, attempts::Reserved};

/// How an attempt ended whose cost is known.
#[derive(Clone, Debug, Default)]
pub struct Final {
    /// What the caller pays.
    pub charged: NanoUsd,
    /// What the vendor asks; the operator bears the difference.
    pub upstream_cost: NanoUsd,
    /// The record of the request, where this attempt ended it.
    pub generation: Option<Box<Record>>,
}

/// Why an attempt is charged by an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonForEstimate {
    /// The vendor said nothing about usage.
    NoUsage,
    /// The vendor said something impossible.
    AbsurdUsage,
    /// The attempt passed its deadline.
    Deadline,
    /// The process that made it is gone.
    Restart,
    /// The caller left before the end.
    ClientLeft,
    /// Another endpoint that was asked at the same time answered first.
    Hedge,
    /// The gateway let go of it without a word: a defect, or a task that was cancelled.
    Dropped,
}

impl ReasonForEstimate {
    /// Its name in the journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoUsage => "no_usage",
            Self::AbsurdUsage => "absurd_usage",
            Self::Deadline => "deadline",
            Self::Restart => "restart",
            Self::ClientLeft => "client_left",
            Self::Hedge => "hedge",
            Self::Dropped => "dropped",
        }
    }
}

impl Ledger {
    /// The entry that ends an attempt whose cost is known. After an estimate it replaces the
    /// estimate.
    ///
    /// # Errors
    /// The attempt is not known, or an amount is negative.
    pub fn settle(&self, attempt: &AttemptId, end: Final, now: i64) -> Result<Entry, Error> {
        let Final {
            charged,
            upstream_cost,
            generation,
        } = end;
        not_negative(attempt, charged)?;
        not_negative(attempt, upstream_cost)?;
        let transaction = if self.standing(attempt) == Standing::Ended {
            Transaction::default()
        } else {
            let reserved = self.reserved(attempt)?;
            let taken_back = match self.provisional.get(attempt) {
                Some(estimate) => suspend(reserved, estimate.charged, Direction::Back),
                None => Transaction::default(),
            };
            taken_back.and(pay(reserved, charged, upstream_cost))
        };
        Ok(Entry {
            at: now,
            attempt: attempt.clone(),
            kind: EntryKind::Settle {
                charged,
                transaction,
                generation,
            },
        })
    }

    /// The entry that ends an attempt of which it is certain that nothing was sent. After an
    /// estimate it is a settlement of nothing.
    ///
    /// # Errors
    /// The attempt is not known.
    pub fn void(&self, attempt: &AttemptId, now: i64) -> Result<Entry, Error> {
        match self.standing(attempt) {
            Standing::Unknown => Err(Error::UnknownAttempt(attempt.clone())),
            Standing::Provisional => self.settle(attempt, Final::default(), now),
            Standing::Open | Standing::Ended => Ok(Entry {
                at: now,
                attempt: attempt.clone(),
                kind: EntryKind::Void,
            }),
        }
    }

    /// The entry that ends an attempt by an estimate: `charged`, or what was set aside where
    /// `None`. A second estimate keeps the amount of the first.
    ///
    /// # Errors
    /// The attempt is not known, or the amount is negative.
    pub fn provisional(
        &self,
        attempt: &AttemptId,
        estimate: (Option<NanoUsd>, ReasonForEstimate),
        generation: Option<Box<Record>>,
        now: i64,
    ) -> Result<Entry, Error> {
        let (charged, reason) = estimate;
        let (charged, transaction) = match (self.standing(attempt), self.provisional.get(attempt)) {
            (_, Some(estimate)) => (estimate.charged, Transaction::default()),
            (Standing::Ended, None) => (NanoUsd::ZERO, Transaction::default()),
            (_, None) => {
                let reserved = self.reserved(attempt)?;
                let charged = charged.map_or(reserved.amount, |some| some.min(reserved.amount));
                not_negative(attempt, charged)?;
                (charged, suspend(reserved, charged, Direction::Forth))
            }
        };
        Ok(Entry {
            at: now,
            attempt: attempt.clone(),
            kind: EntryKind::Provisional {
                charged,
                transaction,
                reason: reason.name().to_owned(),
                generation,
            },
        })
    }
}

/// What a transaction takes from a workspace: from its wallet and, above reservations, from
/// overrun.
pub(super) fn taken(transaction: &Transaction, workspace: &WorkspaceId) -> NanoUsd {
    transaction
        .postings()
        .iter()
        .filter(|posting| match &posting.account {
            Account::Wallet(owner) => owner == workspace,
            Account::Overrun => true,
            Account::Cost(_) | Account::Insurance | Account::Suspense | Account::Adjust => false,
        })
        .map(|posting| posting.amount)
        .sum::<NanoUsd>()
        .negated()
}

#[derive(Clone, Copy)]
enum Direction {
    Forth,
    Back,
}

fn not_negative(attempt: &AttemptId, amount: NanoUsd) -> Result<(), Error> {
    if amount >= NanoUsd::ZERO {
        return Ok(());
    }
    Err(Error::Negative {
        attempt: attempt.clone(),
        amount,
    })
}

/// Splits what the caller pays into what the reservation covers and what exceeds it.
fn split(reserved: &Reserved, charged: NanoUsd) -> [(Account, NanoUsd); 2] {
    let covered = charged.min(reserved.amount);
    [
        (Account::Wallet(reserved.workspace.clone()), covered),
        (Account::Overrun, charged.saturating_sub(covered)),
    ]
}

/// The caller pays, the vendor gets its due, the operator bears or keeps the difference.
fn pay(reserved: &Reserved, charged: NanoUsd, upstream_cost: NanoUsd) -> Transaction {
    let cost = Account::Cost(reserved.provider.clone());
    let mut transaction = Transaction::transfer(Account::Insurance, cost, upstream_cost);
    for (account, amount) in split(reserved, charged) {
        transaction = transaction.and(Transaction::transfer(account, Account::Insurance, amount));
    }
    merged(&transaction)
}

/// What was set aside goes into suspense, or comes back from there: the caller's part of it is what
/// is charged, the rest is the operator's.
fn suspend(reserved: &Reserved, charged: NanoUsd, direction: Direction) -> Transaction {
    let rest = reserved.amount.saturating_sub(charged);
    let sides = [
        (Account::Wallet(reserved.workspace.clone()), charged),
        (Account::Insurance, rest),
    ];
    let transaction = sides
        .into_iter()
        .fold(Transaction::default(), |sum, (account, amount)| {
            let (from, to) = match direction {
                Direction::Forth => (account, Account::Suspense),
                Direction::Back => (Account::Suspense, account),
            };
            sum.and(Transaction::transfer(from, to, amount))
        });
    merged(&transaction)
}

/// The same with one posting for each account and none of zero, so that the usual entry stays
/// short.
fn merged(transaction: &Transaction) -> Transaction {
    let mut postings: Vec<Posting> = Vec::with_capacity(4);
    for posting in transaction.postings() {
        match postings
            .iter_mut()
            .find(|kept| kept.account == posting.account)
        {
            Some(kept) => kept.amount = kept.amount.saturating_add(posting.amount),
            None => postings.push(posting.clone()),
        }
    }
    postings.retain(|posting| posting.amount != NanoUsd::ZERO);
    // Two of i64::MAX in one account would saturate and leave the books uneven; then the long form
    // stands.
    Transaction::new(postings).unwrap_or_else(|_| transaction.clone())
}
