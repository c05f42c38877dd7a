//! The outside, at rest: keys and generations in a database, entries of the ledger in the journal.
//!
//! SQL lives here and nowhere else. Nothing here decides: `policy` does, on what is read here.

pub mod journal;
