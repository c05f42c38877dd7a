//! Answers in pieces: as they come, cut, gone on with elsewhere, asked for twice, read to their end for nobody.

mod continuation;
mod cuts;
mod drain;
mod for_nobody;
mod hedging;
pub(crate) mod streaming;
