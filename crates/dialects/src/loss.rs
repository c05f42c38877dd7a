//! What a dialect cannot say: reported, never silent.

use std::borrow::Cow;

/// Something of a request that did not reach the vendor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loss {
    /// What, by the field's canonical name (`top_k`, `messages[2].content[0].cache_control`).
    pub what: Cow<'static, str>,
    /// Why, in a few words.
    pub why: &'static str,
}

impl Loss {
    /// A loss of this field for this reason.
    pub fn new(what: impl Into<Cow<'static, str>>, why: &'static str) -> Self {
        Self {
            what: what.into(),
            why,
        }
    }
}
