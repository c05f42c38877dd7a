//! Suffixes of a model's name: `author/name:free:online`.

use super::Lane;

/// What a suffix asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suffix {
    /// Endpoints of one lane only: `:free`, `:extended`, `:thinking`, `:batch`.
    Variant(Lane),
    /// `:nitro`: fastest first, priority endpoints admitted.
    Nitro,
    /// `:floor`: cheapest first, flex endpoints admitted.
    Floor,
    /// `:exacto`: best tool calling first.
    Exacto,
    /// `:online`: with a web search.
    Online,
}

impl Suffix {
    /// The suffix of that name, without the colon.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "nitro" => Self::Nitro,
            "floor" => Self::Floor,
            "exacto" => Self::Exacto,
            "online" => Self::Online,
            _ => Self::Variant(Lane::named(name).filter(|lane| lane.is_variant())?),
        })
    }

    /// The suffix as it is written, without the colon.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Variant(lane) => lane.name(),
            Self::Nitro => "nitro",
            Self::Floor => "floor",
            Self::Exacto => "exacto",
            Self::Online => "online",
        }
    }
}
