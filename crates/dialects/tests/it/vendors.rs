//! The dialects that are only called, one by one.

pub(crate) mod bedrock;
pub(crate) mod cohere;
pub(crate) mod ollama;
pub(crate) mod replicate;
