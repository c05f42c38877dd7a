//! A replay as tables: figures, shares, and what was assumed.

use canon::NanoUsd;
use jiff::Timestamp;

use super::{Column, Outcome, Share};
use crate::commands::terminal;

/// The longest bar of a share.
const BAR: u64 = 24;

/// How a figure is written.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    /// Hundredths of a percent.
    Percent,
    /// Microseconds.
    Time,
    /// Nano-USD.
    Usd,
}

/// A row: its name, its unit, and where its figure is.
type Row = (&'static str, Unit, fn(&Outcome) -> Option<i64>);

const ROWS: [Row; 9] = [
    ("answered", Unit::Percent, |outcome| {
        share(outcome.answered, outcome.requests)
    }),
    ("not answered", Unit::Count, |outcome| {
        count(outcome.requests.saturating_sub(outcome.answered))
    }),
    ("nobody may serve", Unit::Count, |outcome| {
        count(outcome.unplanned)
    }),
    ("calls", Unit::Count, |outcome| count(outcome.calls)),
    ("latency p50", Unit::Time, |outcome| outcome.latency[0]),
    ("latency p90", Unit::Time, |outcome| outcome.latency[1]),
    ("first token p50", Unit::Time, |outcome| outcome.first_token),
    ("cost", Unit::Usd, |outcome| Some(outcome.cost.get())),
    ("cost of 1,000 answers", Unit::Usd, |outcome| {
        Some(outcome.cost_per_1000().get())
    }),
];

pub(super) fn of(columns: &[Column], (from, to): (i64, i64), seed: u64) -> String {
    let first = columns.first().map(|column| &column.outcome);
    let (requests, refused) = first.map_or((0, 0), |first| (first.requests, first.refused));
    let mut text = format!(
        "{requests} requests from {} to {}, seed {seed}; {refused} that were at fault themselves are left out\n\n",
        moment(from),
        moment(to)
    );
    text.push_str(&figures(columns));
    for Column { name, outcome } in columns {
        text.push_str(&shares(name, outcome));
    }
    for Column { name, outcome } in columns {
        text.push_str(&assumptions(name, outcome));
    }
    text
}

fn moment(micros: i64) -> String {
    let moment = Timestamp::from_microsecond(micros);
    moment.map_or_else(
        |_| "?".to_owned(),
        |moment| moment.strftime("%F %T UTC").to_string(),
    )
}

/// One column a policy, and the difference between the last two.
fn figures(columns: &[Column]) -> String {
    let mut heads = vec![String::new()];
    heads.extend(columns.iter().map(|column| column.name.to_uppercase()));
    heads.push("DIFFERENCE".to_owned());
    let mut table = vec![heads];
    for (name, unit, figure) in ROWS {
        let values = columns.iter().map(|column| figure(&column.outcome));
        let values: Vec<Option<i64>> = values.collect();
        let mut row = vec![name.to_owned()];
        let shown = |value: &Option<i64>| value.map_or_else(|| "-".to_owned(), |it| unit.show(it));
        row.extend(values.iter().map(shown));
        row.push(match values.as_slice() {
            [.., Some(one), Some(other)] if one != other => {
                let difference = other.saturating_sub(*one);
                let sign = if difference > 0 { "+" } else { "-" };
                format!("{sign}{}", unit.show(difference.saturating_abs()))
            }
            _ => String::new(),
        });
        table.push(row);
    }
    let mut right = vec![true; columns.len() + 2];
    if let Some(first) = right.first_mut() {
        *first = false;
    }
    terminal::table(&table, &right)
}

impl Unit {
    fn show(self, value: i64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Percent => format!("{}.{:02} %", value / 100, value % 100),
            Self::Time if value < 10_000_000 => format!("{} ms", value / 1_000),
            Self::Time => format!("{}.{} s", value / 1_000_000, value / 100_000 % 10),
            Self::Usd => format!("${}", NanoUsd::new(value)),
        }
    }
}

fn count(count: u64) -> Option<i64> {
    i64::try_from(count).ok()
}

/// A share in hundredths of a percent; `None` of nothing.
fn share(part: u64, whole: u64) -> Option<i64> {
    let share = u128::from(part) * 10_000;
    i64::try_from(share.checked_div(u128::from(whole))?).ok()
}

/// Who answered how much, with bars.
fn shares(name: &str, outcome: &Outcome) -> String {
    let answered = outcome.answered.max(1);
    let rows = outcome.endpoints.iter().map(|own| {
        let bar = (own.answered.saturating_mul(BAR) + answered / 2) / answered;
        let bar = usize::try_from(bar).unwrap_or(0);
        vec![
            own.endpoint.clone(),
            own.model.clone(),
            Unit::Percent.show(share(own.answered, answered).unwrap_or(0)),
            format!("{} of {} calls", own.answered, own.calls),
            "#".repeat(bar),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let table = terminal::table(&rows, &[false, false, true, true]);
    format!("\n\nAnswers, {name}:\n{table}")
}

/// What the figures of a policy stand on that is not on record.
fn assumptions(name: &str, outcome: &Outcome) -> String {
    let mut text = String::new();
    let list = |wanted: fn(&Share) -> u64| {
        let found = outcome.endpoints.iter().filter(|own| wanted(own) > 0);
        let found = found.map(|own| format!("{} ({})", own.endpoint, wanted(own)));
        found.collect::<Vec<_>>().join(", ")
    };
    let assumed = list(|own| own.assumed);
    if !assumed.is_empty() {
        text.push_str(&format!(
            "\n\nAssumed, {name}: no call to these is on record; they answer as others of their model did, and never \
             fail (calls): {assumed}"
        ));
    }
    let unpriced = list(|own| own.unpriced);
    if !unpriced.is_empty() {
        text.push_str(&format!(
            "\n\nNot in the cost, {name}: the price of these is not known (answers): {unpriced}"
        ));
    }
    text
}
