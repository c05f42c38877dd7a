//! How the endpoints and the accounts behind them are doing, and who may be asked now: `policy::health` for every
//! endpoint of the catalogue.

mod passage;
mod sheet;

use std::{fmt, sync::OnceLock};

use canon::ProviderId;
use foldhash::{HashMap, HashMapExt as _};
use policy::{
    catalog::Catalog,
    health::{Extra, Heard, Outcome, Permit, Standing, Traffic, Tries, Vitals, account, endpoint},
    routing::Figures,
};

use crate::chance;

pub(crate) use passage::{Ended, Entry, Form, Passage, Seat};
pub(crate) use sheet::{Count, Sheet};

/// One row an endpoint of the catalogue, by its index, and one an account. Written and read without a lock.
#[derive(Debug)]
pub struct Board {
    endpoints: Box<[Vitals]>,
    accounts: Box<[Vitals]>,
    /// The place of each endpoint's account.
    account_of: Box<[usize]>,
    traffic: Traffic,
    extra: Extra,
    /// Made when the endpoint is first asked.
    sheets: Box<[OnceLock<Box<Sheet>>]>,
}

/// What was heard of an endpoint and its account.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// Of the endpoint.
    pub endpoint: Heard,
    /// Of the account.
    pub account: Heard,
}

/// What a plan wants to know of how endpoints are doing: what a board says, or one that is imagined.
pub trait Doing: fmt::Debug {
    /// How this endpoint is doing.
    fn standing(&self, endpoint: usize, now: i64) -> Standing;

    /// How fast and how reliable it is, as far as that is measured.
    fn figures(&self, endpoint: usize, now: i64) -> Figures;

    /// Whether calls wait for so long there that something is wrong.
    fn has_stalled(&self, endpoint: usize, now: i64) -> bool;
}

impl Doing for Board {
    fn standing(&self, endpoint: usize, now: i64) -> Standing {
        self.standing(endpoint, now)
    }

    fn figures(&self, endpoint: usize, now: i64) -> Figures {
        self.figures(endpoint, now)
    }

    fn has_stalled(&self, endpoint: usize, now: i64) -> bool {
        self.has_stalled(endpoint, now)
    }
}

impl Board {
    /// A board on which nobody has failed. A failure counts for so long.
    #[must_use]
    pub fn new(catalog: &Catalog, outage_window_ms: u64) -> Self {
        let window = i64::try_from(outage_window_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let mut places: HashMap<(&ProviderId, u16), usize> = HashMap::new();
        let mut account_of = Vec::new();
        for endpoint in catalog.all_endpoints() {
            let next = places.len();
            account_of.push(*places.entry(endpoint.account()).or_insert(next));
        }
        let many = |make: fn(i64) -> Vitals, count| {
            let vitals = std::iter::repeat_with(|| make(window));
            vitals.take(count).collect()
        };
        Self {
            endpoints: many(endpoint, account_of.len()),
            accounts: many(account, places.len()),
            sheets: account_of.iter().map(|_| OnceLock::new()).collect(),
            account_of: account_of.into(),
            traffic: Traffic::default(),
            extra: Extra::default(),
        }
    }

    /// How this endpoint is doing.
    #[must_use]
    pub fn standing(&self, endpoint: usize, now: i64) -> Standing {
        match self.vitals(endpoint) {
            Some((endpoint, account)) => endpoint.standing(now).worse(account.standing(now)),
            None => Standing::Well,
        }
    }

    /// Whether calls wait at this endpoint for longer than they should.
    pub(crate) fn has_stalled(&self, endpoint: usize, now: i64) -> bool {
        let vitals = self.vitals(endpoint);
        vitals.is_some_and(|(endpoint, _)| endpoint.has_stalled(now))
    }

    /// When it makes sense to come again for an endpoint that may not be asked now: after so many milliseconds, and
    /// whether the vendor itself asked for that.
    #[must_use]
    pub fn again(&self, endpoint: usize, now: i64) -> (u64, bool) {
        self.vitals(endpoint)
            .map_or((1_000, false), |(endpoint, account)| {
                let wait = match account.standing(now) {
                    Standing::Resting { .. } => account.again_ms(now),
                    Standing::Well | Standing::Shaky => 0,
                };
                (wait.max(endpoint.again_ms(now)), endpoint.cools(now))
            })
    }

    /// How fast and how reliable this endpoint is, as far as that is measured.
    #[must_use]
    pub fn figures(&self, endpoint: usize, now: i64) -> Figures {
        let sheet = self.sheet(endpoint);
        sheet.map_or_else(Figures::default, |sheet| sheet.measures.figures(now))
    }

    /// What is measured and counted of an endpoint that was asked.
    pub(crate) fn sheet(&self, endpoint: usize) -> Option<&Sheet> {
        self.sheets.get(endpoint)?.get().map(Box::as_ref)
    }

    /// The same, made where it is the first time.
    fn open_sheet(&self, endpoint: usize) -> Option<&Sheet> {
        let sheet = self.sheets.get(endpoint)?;
        Some(sheet.get_or_init(Box::default).as_ref())
    }

    /// How many requests may still be asked twice.
    pub(crate) const fn extra(&self) -> &Extra {
        &self.extra
    }

    /// Requests that are planned and not over.
    pub(crate) fn under_way(&self) -> u32 {
        self.traffic.requests()
    }

    /// Whether a request may ask this endpoint.
    fn permit(&self, tries: &mut Tries, (endpoint, rests): (usize, bool), now: i64) -> Permit {
        match self.vitals(endpoint) {
            Some(vitals) => tries.permit(vitals, rests, &self.traffic, now),
            None => Permit::Skip,
        }
    }

    fn judge(&self, endpoint: usize, verdict: Verdict, now: i64) {
        if let Some((vitals, account)) = self.vitals(endpoint) {
            let chance = chance::draw();
            vitals.judge(verdict.endpoint, now, chance);
            // What is about the request or the endpoint says of an account only that it is in order, and only the
            // account's own probe asks that.
            let heard = verdict.account;
            if heard.outcome != Outcome::Neutral || heard.pass == policy::health::Pass::Probe {
                account.judge(heard, now, chance);
            }
        }
    }

    fn vitals(&self, endpoint: usize) -> Option<(&Vitals, &Vitals)> {
        let account = self.accounts.get(*self.account_of.get(endpoint)?)?;
        Some((self.endpoints.get(endpoint)?, account))
    }
}
