//! The dialects as a whole: what one writes the other reads, wherever the bytes are cut, on our own
//! examples (`fixtures/wire`) and on recorded traffic (the corpus, where it is at hand).

#[cfg(test)]
mod anthropic;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod equivalence;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod gemini;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod openai;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod robustness;
#[cfg(test)]
mod roundtrip;
#[cfg(test)]
mod sent;
#[cfg(test)]
mod served;
#[cfg(test)]
mod vendors;
#[cfg(test)]
mod ways;
