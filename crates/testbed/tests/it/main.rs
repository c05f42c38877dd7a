//! The testbed tested: whether the fakes answer as the recordings do, and whether the moods do what they say.

#[cfg(test)]
mod corpus;
