//! What the ledger remembers of attempts: the open ones, the estimated ones, and for a while the
//! ended ones.

use std::collections::VecDeque;

use foldhash::HashMap;

use canon::{AttemptId, Entry, EntryKind, KeyId, NanoUsd, ProviderId, WorkspaceId};
use serde::{Deserialize, Serialize};

use super::{Error, windows_of};

/// An attempt that money is set aside for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reserved {
    pub(super) key: KeyId,
    pub(super) workspace: WorkspaceId,
    pub(super) provider: ProviderId,
    pub(super) amount: NanoUsd,
    /// When it was reserved: decides the windows that it counts in, to its end.
    pub(super) at: i64,
    pub(super) deadline: i64,
}

/// An attempt that is charged by an estimate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Provisional {
    pub(super) reserved: Reserved,
    pub(super) charged: NanoUsd,
}

/// The attempts that came last, up to a number; older ones are forgotten.
#[derive(Clone, Debug)]
pub(super) struct Recent<T> {
    order: VecDeque<AttemptId>,
    by_id: HashMap<AttemptId, T>,
    max: usize,
}

impl Reserved {
    /// What a reservation says, if it can be believed.
    pub(super) fn from_entry(entry: &Entry) -> Result<Self, Error> {
        let EntryKind::Reserve {
            key,
            workspace,
            provider,
            window,
            amount,
            deadline,
            price_version: _,
        } = &entry.kind
        else {
            return Err(Error::UnknownAttempt(entry.attempt.clone()));
        };
        if *amount < NanoUsd::ZERO {
            return Err(Error::Negative {
                attempt: entry.attempt.clone(),
                amount: *amount,
            });
        }
        if !windows_of(entry.at).contains(window) {
            return Err(Error::ForeignWindow(entry.attempt.clone()));
        }
        Ok(Self {
            key: key.clone(),
            workspace: workspace.clone(),
            provider: provider.clone(),
            amount: *amount,
            at: entry.at,
            deadline: *deadline,
        })
    }
}

impl<T> Recent<T> {
    pub(super) fn holding(max: usize) -> Self {
        Self {
            order: VecDeque::new(),
            by_id: HashMap::default(),
            max,
        }
    }

    pub(super) fn insert(&mut self, attempt: AttemptId, value: T) {
        self.order.push_back(attempt.clone());
        self.by_id.insert(attempt, value);
        if self.order.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    pub(super) fn get(&self, attempt: &AttemptId) -> Option<&T> {
        self.by_id.get(attempt)
    }

    pub(super) fn remove(&mut self, attempt: &AttemptId) -> Option<T> {
        self.by_id.remove(attempt)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Those not forgotten, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&AttemptId, &T)> {
        self.order
            .iter()
            .filter_map(|attempt| Some((attempt, self.by_id.get(attempt)?)))
    }
}
