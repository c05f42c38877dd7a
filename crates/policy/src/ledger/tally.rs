//! What one key has spent and set aside, by window.

use std::collections::BTreeMap;

use canon::{NanoUsd, Window};
use serde::{Deserialize, Serialize};

use super::windows_of;

/// How many windows of a kind a key keeps. Counted in windows that were used, not in time that has
/// passed, so that a clock that jumps ahead and back finds every recent window again.
const WINDOWS_MAX: usize = 14;

/// Amounts of one key in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Charged, estimates included.
    pub spent: NanoUsd,
    /// Set aside for open attempts.
    pub reserved: NanoUsd,
}

/// What a key has spent, in the windows that hold an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Ever.
    pub lifetime: NanoUsd,
    /// In the UTC day.
    pub day: NanoUsd,
    /// In the UTC week, from Monday.
    pub week: NanoUsd,
    /// In the UTC month.
    pub month: NanoUsd,
}

/// All tallies of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tallies(BTreeMap<Window, Tally>);

impl Tallies {
    pub(super) fn get(&self, window: Window) -> Tally {
        self.0.get(&window).copied().unwrap_or_default()
    }

    /// Sets an amount aside in every window that holds `at`.
    pub(super) fn reserve(&mut self, at: i64, amount: NanoUsd) {
        for window in windows_of(at) {
            let tally = self.0.entry(window).or_default();
            tally.reserved = tally.reserved.saturating_add(amount);
            self.forget_oldest(window);
        }
    }

    /// Gives back what [`Self::reserve`] set aside.
    pub(super) fn release(&mut self, at: i64, amount: NanoUsd) {
        for window in windows_of(at) {
            if let Some(tally) = self.0.get_mut(&window) {
                tally.reserved = tally.reserved.saturating_sub(amount);
            }
        }
    }

    /// Adds to what was spent; a correction may be negative. A window that is forgotten stays so,
    /// and one that came back after that never falls below zero.
    pub(super) fn charge(&mut self, at: i64, amount: NanoUsd) {
        for window in windows_of(at) {
            if let Some(tally) = self.0.get_mut(&window) {
                tally.spent = tally.spent.saturating_add(amount).max(NanoUsd::ZERO);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Window, Tally)> {
        self.0.iter().map(|(window, tally)| (*window, *tally))
    }

    /// Drops the oldest window of the kind of `like` that nothing is set aside in, where there are
    /// too many.
    fn forget_oldest(&mut self, like: Window) {
        let of_kind =
            |window: &Window| std::mem::discriminant(window) == std::mem::discriminant(&like);
        if self.0.keys().filter(|window| of_kind(window)).count() <= WINDOWS_MAX {
            return;
        }
        let oldest = self
            .0
            .iter()
            .find(|(window, tally)| of_kind(window) && tally.reserved == NanoUsd::ZERO)
            .map(|(window, _)| *window);
        if let Some(window) = oldest {
            self.0.remove(&window);
        }
    }
}

impl FromIterator<(Window, Tally)> for Tallies {
    fn from_iter<I: IntoIterator<Item = (Window, Tally)>>(tallies: I) -> Self {
        Self(tallies.into_iter().collect())
    }
}
