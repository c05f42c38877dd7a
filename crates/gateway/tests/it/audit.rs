//! Holds the journal against the vendors' bills, attempt by attempt.
//!
//! What the ledger has for an attempt is what its entries post to the cost of its provider and to suspense. A
//! bill above that is spend that was lost; two endings are spend that is counted twice.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use canon::{Account, AttemptId, Entry, EntryKind, NanoUsd, Usage};
use gateway::clock;
use policy::{
    catalog::PriceSheet,
    ledger::{Applied, Final, Ledger, Standing, invariants},
    pricing,
};
use store::journal;
use testbed::Delivered;

use crate::lab::Lab;

/// The journal and the bills, side by side.
pub(crate) struct Audit {
    pub(crate) ledger: Ledger,
    attempts: HashMap<AttemptId, Attempt>,
    /// Records of requests that entries carry.
    records: HashSet<String>,
    providers: Vec<String>,
}

/// One attempt by its entries and by its vendor's bill, in nano-USD.
#[derive(Debug, Default)]
struct Attempt {
    provider: String,
    reservations: usize,
    settlements: usize,
    voids: usize,
    estimates: Vec<String>,
    /// What is posted to the provider's cost.
    cost: i64,
    /// What is posted to suspense.
    suspense: i64,
    charged: i64,
    bill: Option<i64>,
}

/// What an audit adds up to, in attempts and nano-USD.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    attempts: usize,
    billed: usize,
    settled: usize,
    voided: usize,
    estimates: BTreeMap<String, usize>,
    bill: i64,
    bill_of_estimated: i64,
    cost: i64,
    suspense: i64,
    charged: i64,
    pub(crate) lost: i64,
}

impl Audit {
    /// Reads the journal of a gateway that does not run, and the bills of vendors that have ended everything.
    pub(crate) fn of(lab: &Lab) -> Self {
        let vendors = lab.vendors().into_iter();
        let books = vendors.map(|(id, vendor)| (id, lab.prices(id), vendor.bill()));
        Self::over(&lab.data(), books)
    }

    /// Reads the journal in a data folder, and bills with their providers and prices.
    pub(crate) fn over<'a>(
        data: &std::path::Path,
        bills: impl IntoIterator<Item = (&'a str, PriceSheet, Vec<Delivered>)>,
    ) -> Self {
        let mut replay = journal::read(&data.join("journal")).unwrap();
        assert!(replay.snapshot.is_none(), "entries are behind a snapshot");
        let mut audit = Self {
            ledger: Ledger::default(),
            attempts: HashMap::new(),
            records: HashSet::new(),
            providers: Vec::new(),
        };
        for read in replay.entries.by_ref() {
            let (_, entry) = read.unwrap();
            match audit.ledger.apply(&entry).unwrap() {
                Applied::Done => audit.take(&entry),
                Applied::Repeat => audit.take_record(&entry),
            }
        }
        for (provider, prices, bill) in bills {
            audit.providers.push(provider.to_owned());
            for delivered in bill {
                audit.bill(provider, &prices, &delivered);
            }
        }
        audit
    }

    /// An entry that changes nothing may only bring the record of a request.
    fn take_record(&mut self, entry: &Entry) {
        if let EntryKind::Provisional {
            transaction,
            generation: Some(record),
            ..
        } = &entry.kind
            && transaction.postings().is_empty()
        {
            self.records.insert(record.id().to_string());
        } else {
            panic!("it ends twice: {entry:?}");
        }
    }

    fn take(&mut self, entry: &Entry) {
        let attempt = self.attempts.entry(entry.attempt.clone()).or_default();
        let (transaction, generation) = match &entry.kind {
            EntryKind::Reserve { provider, .. } => {
                attempt.reservations += 1;
                provider.as_str().clone_into(&mut attempt.provider);
                return;
            }
            EntryKind::Void => {
                attempt.voids += 1;
                return;
            }
            EntryKind::Settle {
                charged,
                transaction,
                generation,
            } => {
                attempt.settlements += 1;
                attempt.charged = charged.get();
                (transaction, generation)
            }
            EntryKind::Provisional {
                charged,
                transaction,
                reason,
                generation,
            } => {
                attempt.estimates.push(reason.clone());
                attempt.charged = charged.get();
                (transaction, generation)
            }
        };
        for posting in transaction.postings() {
            match posting.account {
                Account::Cost(_) => attempt.cost += posting.amount.get(),
                Account::Suspense => attempt.suspense += posting.amount.get(),
                Account::Wallet(_) | Account::Insurance | Account::Overrun | Account::Adjust => {}
            }
        }
        let id = generation.as_ref().map(|record| record.id().to_string());
        self.records.extend(id);
    }

    /// Finds the attempt that a vendor bills: there is one of a request at a provider, and it must be known.
    fn bill(&mut self, provider: &str, prices: &PriceSheet, delivered: &Delivered) {
        let request = delivered.idempotency.as_deref().unwrap_or_default();
        let mut found = (0..3).filter_map(|number| {
            let generation = canon::GenerationId::new(request);
            let id = AttemptId { generation, number };
            let attempt = self.attempts.get(&id)?;
            (attempt.provider == provider).then_some(id)
        });
        let id = found.next();
        let id = id.unwrap_or_else(|| panic!("{provider} bills what is unknown: {delivered:?}"));
        assert_eq!(
            found.next(),
            None,
            "{provider} was asked twice for {request}"
        );
        let attempt = self.attempts.get_mut(&id).unwrap();
        assert_eq!(attempt.bill, None, "{provider} bills {id} twice");
        attempt.bill = Some(price_of(prices, delivered).get());
    }

    /// Every attempt was reserved once and ended once; what was settled is what the vendor bills.
    pub(crate) fn check(&self) {
        invariants::check(&self.ledger).unwrap();
        assert_eq!(self.ledger.open().count(), 0, "open attempts are left");
        for (id, attempt) in &self.attempts {
            let ends = attempt.settlements + attempt.voids + attempt.estimates.len();
            assert_eq!((attempt.reservations, ends), (1, 1), "{id}: {attempt:?}");
            let bill = attempt.bill.unwrap_or(0);
            if attempt.voids == 1 {
                assert_eq!(attempt.bill, None, "{id} was sent: {attempt:?}");
            }
            if attempt.settlements == 1 {
                assert_eq!(attempt.cost, bill, "{id}: {attempt:?}");
            }
            assert!(bill <= attempt.cost + attempt.suspense, "{id}: {attempt:?}");
        }
    }

    /// What is known of a request, for people.
    pub(crate) fn tell(&self, generation: &str) -> String {
        let of_it = |(id, _): &(&AttemptId, &Attempt)| id.generation.as_str() == generation;
        let attempts: Vec<_> = self.attempts.iter().filter(of_it).collect();
        let recorded = self.records.contains(generation);
        format!("recorded in the journal: {recorded}, attempts: {attempts:?}")
    }

    /// Settles every estimate by the vendor's bill, as a reconciliation would. Returns what the vendors bill, what
    /// the ledger has as their cost, and what is left in suspense.
    pub(crate) fn reconcile(&mut self) -> (i64, i64, i64) {
        let now = clock::now_micros();
        for (id, attempt) in &self.attempts {
            if self.ledger.standing(id) != Standing::Provisional {
                continue;
            }
            let bill = NanoUsd::new(attempt.bill.unwrap_or(0));
            let end = Final {
                charged: bill.min(NanoUsd::new(attempt.charged)),
                upstream_cost: bill,
                generation: None,
            };
            let entry = self.ledger.settle(id, end, now).unwrap();
            self.ledger.apply(&entry).unwrap();
        }
        invariants::check(&self.ledger).unwrap();
        let bill = self.attempts.values().filter_map(|attempt| attempt.bill);
        let cost = |provider: &str| {
            let account = Account::Cost(provider.parse().unwrap());
            self.ledger.balance(&account).get()
        };
        let suspense = self.ledger.balance(&Account::Suspense).get();
        let costs = self.providers.iter().map(|provider| cost(provider));
        (bill.sum(), costs.sum(), suspense)
    }

    pub(crate) fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for attempt in self.attempts.values() {
            let bill = attempt.bill.unwrap_or(0);
            figures.attempts += 1;
            figures.billed += usize::from(attempt.bill.is_some());
            figures.settled += attempt.settlements;
            figures.voided += attempt.voids;
            for reason in &attempt.estimates {
                *figures.estimates.entry(reason.clone()).or_default() += 1;
                figures.bill_of_estimated += bill;
            }
            figures.bill += bill;
            figures.cost += attempt.cost;
            figures.suspense += attempt.suspense;
            figures.charged += attempt.charged;
            figures.lost += (bill - attempt.cost - attempt.suspense).max(0);
        }
        figures
    }
}

/// What a vendor's tokens cost by its prices.
fn price_of(prices: &PriceSheet, delivered: &Delivered) -> NanoUsd {
    let usage = Usage {
        prompt_tokens: delivered.prompt_tokens,
        completion_tokens: delivered.completion_tokens,
        cached_tokens: delivered.cached_tokens,
        cache_write_tokens: delivered.cache_written_tokens,
        reasoning_tokens: delivered.reasoning_tokens,
        ..Usage::default()
    };
    pricing::cost(prices, &usage).total
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimated: usize = self.estimates.values().sum();
        writeln!(f, "attempts in the journal  {}", self.attempts)?;
        writeln!(f, "  in a vendor's bill     {}", self.billed)?;
        writeln!(f, "  settled                {}", self.settled)?;
        writeln!(f, "  voided                 {}", self.voided)?;
        writeln!(
            f,
            "  estimated              {estimated} {:?}",
            self.estimates
        )?;
        let usd = NanoUsd::new;
        writeln!(f, "vendors bill             {} USD", usd(self.bill))?;
        writeln!(
            f,
            "  for estimated attempts {} USD",
            usd(self.bill_of_estimated)
        )?;
        writeln!(f, "ledger: settled cost     {} USD", usd(self.cost))?;
        writeln!(f, "ledger: in suspense      {} USD", usd(self.suspense))?;
        writeln!(f, "ledger: callers charged  {} USD", usd(self.charged))?;
        write!(f, "lost                     {} nano-USD", self.lost)
    }
}
