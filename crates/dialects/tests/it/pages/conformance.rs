//! `docs/conformance.md`: what became of the recorded traffic, vendor by vendor.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dialects::{Dialect, called, served};
use testbed::corpus;

use super::assert_page;
use super::openrouter;
use crate::corpus::{Tally, WIRES, report_of};
use crate::requests::requests_of;

const HEAD: &str = "\
# Conformance

Written by `cargo x corpus` from recorded exchanges with model providers, which stand beside the repository and not in it; where
they are at hand, a test fails when this page and the code differ.

";

#[test]
fn the_page_of_conformance_is_as_the_recordings_say() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut page = HEAD.to_owned();
    answers(&mut page);
    requests(&mut page);
    openrouter::compare(&mut page);
    let page = format!("{}\n", page.trim_end());
    assert_page("conformance.md", "cargo x corpus", &page);
}

fn answers(page: &mut String) {
    page.push_str(
        "## Answers\n\n\
         *parsed*: the codec reads it. *equal*: a second reader, written from the vendors' documentation and sharing nothing with\n\
         the codecs, finds the same texts, thoughts, calls, ends and counts in the raw bytes. *error*: a vendor's error in an answer\n\
         of status 200, read as one. Kinds with `_stream` are streams.\n\n\
         | dialect | vendor | kind | exchanges | parsed | equal | excepted | error |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut sum = Tally::default();
    let mut excepted = Vec::new();
    let mut read: BTreeMap<(String, String), usize> = BTreeMap::new();
    for wire in WIRES {
        let report = report_of(wire);
        for ((vendor, kind), tally) in &report.tallies {
            row(page, &[wire.dialect.name(), vendor, kind], tally);
            *read.entry((vendor.clone(), kind.clone())).or_default() += tally.exchanges;
            sum.exchanges += tally.exchanges;
            sum.parsed += tally.parsed;
            sum.equal += tally.equal;
            sum.excepted += tally.excepted;
            sum.broken += tally.broken;
        }
        excepted.extend(report.excepted);
    }
    row(page, &["**all**", "", ""], &sum);
    list(page, &excepted);
    rest(page, &read);
}

/// What else is recorded.
fn rest(page: &mut String, read: &BTreeMap<(String, String), usize>) {
    let mut rest: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for vendor in corpus::providers().unwrap() {
        for kind in corpus::kinds(&vendor).unwrap() {
            let all = corpus::exchanges(Some(&vendor), &kind).count();
            let key = (vendor.clone(), kind.clone());
            let left = all - read.get(&key).copied().unwrap_or_default();
            if left > 0 {
                let (count, vendors) = rest.entry(kind).or_default();
                *count += left;
                vendors.push(format!("{vendor} {left}"));
            }
        }
    }
    page.push_str(
        "Recorded and not in this table, since no dialect's answers: *error* is what vendors say at a status of 400 and above, *invoke*\n\
         and *raw_predict* are Claude on clouds, both read by tests of their own; the rest is for other endpoints, or no answer at all.\n\n\
         | kind | exchanges | of |\n|---|---|---|\n",
    );
    for (kind, (count, vendors)) in rest {
        writeln!(page, "| {kind} | {count} | {} |", vendors.join(", ")).unwrap();
    }
    page.push('\n');
}

fn row(page: &mut String, names: &[&str], tally: &Tally) {
    writeln!(
        page,
        "| {} | {} | {} | {} | {} | {} |",
        names.join(" | "),
        tally.exchanges,
        tally.parsed,
        tally.equal,
        tally.excepted,
        tally.broken
    )
    .unwrap();
}

/// Recordings that are named with their reason; those that share one stand together.
fn list(page: &mut String, excepted: &[(String, &str)]) {
    page.push('\n');
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (label, why) in excepted {
        by_reason.entry(why).or_default().push(label);
    }
    for (why, labels) in &by_reason {
        writeln!(page, "- Excepted: {why}: `{}`", labels.join("`, `")).unwrap();
    }
    if !by_reason.is_empty() {
        page.push('\n');
    }
}

fn requests(page: &mut String) {
    page.push_str(
        "## Requests\n\n\
         Recorded requests, read as from a caller and written again to the same dialect. *whole*: every field is kept, but for what a\n\
         short list of rules calls the same (`crates/dialects/tests/it/equivalence.rs`).\n\n\
         | dialect | vendor | requests | whole | excepted |\n|---|---|---|---|---|\n",
    );
    let is_both = |dialect: Dialect| served(dialect).is_some() && called(dialect).is_some();
    let mut excepted = Vec::new();
    let mut sum = (0, 0, 0);
    for wire in WIRES.iter().filter(|wire| is_both(wire.dialect)) {
        let requests = requests_of(wire.dialect);
        for (vendor, (all, kept, left)) in &requests.tallies {
            writeln!(
                page,
                "| {} | {vendor} | {all} | {kept} | {left} |",
                wire.dialect
            )
            .unwrap();
            sum = (sum.0 + all, sum.1 + kept, sum.2 + left);
        }
        excepted.extend(requests.excepted);
    }
    writeln!(page, "| **all** | | {} | {} | {} |", sum.0, sum.1, sum.2).unwrap();
    list(page, &excepted);
}
