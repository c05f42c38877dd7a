//! What the dialects that are only called share: requests written field by field, and what they cannot say.

pub(crate) mod attachment;
pub(crate) mod body;
pub(crate) mod path;
pub(crate) mod said;
pub(crate) mod tools;
pub(crate) mod turns;
pub(crate) mod unsaid;
