//! What others say of the models' quality: ratings of a public leaderboard, by category (`data/scores.jsonl`, written by
//! `cargo x catalog`; the notice beside it says whose they are).
//!
//! Categories have scales of their own, so what counts is where a model stands among those of the catalogue that are
//! rated in the same category.

use std::collections::BTreeMap;

use foldhash::HashMap;
use serde::Deserialize;

/// A category of the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Skill {
    /// All text.
    Overall,
    /// Code.
    Coding,
    /// Whole web applications.
    Webdev,
    /// Mathematics.
    Math,
    /// Hard prompts.
    Hard,
    /// Experts' prompts.
    Expert,
    /// Doing what it was told.
    Instructions,
    /// Long prompts.
    Long,
    /// Creative writing.
    Creative,
    /// Images in the prompt.
    Vision,
    /// Searching the web.
    Search,
}

const SKILLS: usize = 11;

impl Skill {
    /// All of them, in the order of their places.
    pub const ALL: [Self; SKILLS] = [
        Self::Overall,
        Self::Coding,
        Self::Webdev,
        Self::Math,
        Self::Hard,
        Self::Expert,
        Self::Instructions,
        Self::Long,
        Self::Creative,
        Self::Vision,
        Self::Search,
    ];

    /// Its name in the data, in rules and for rankers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overall => "overall",
            Self::Coding => "coding",
            Self::Webdev => "webdev",
            Self::Math => "math",
            Self::Hard => "hard",
            Self::Expert => "expert",
            Self::Instructions => "instructions",
            Self::Long => "long",
            Self::Creative => "creative",
            Self::Vision => "vision",
            Self::Search => "search",
        }
    }
}

/// The figures of one model; 0 where nobody rated it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rated {
    ratings: [u16; SKILLS],
    /// Of a thousand models rated in the category it is better than so many.
    standing: [u16; SKILLS],
}

impl Rated {
    /// The rating itself, as the leaderboard has it.
    #[must_use]
    pub fn rating(&self, skill: Skill) -> Option<u16> {
        let rating = self.ratings.get(skill as usize).copied();
        rating.filter(|rating| *rating > 0)
    }

    /// Of a thousand models rated in this category, it is better than so many.
    #[must_use]
    pub fn standing(&self, skill: Skill) -> Option<u32> {
        self.rating(skill)?;
        self.standing.get(skill as usize).copied().map(u32::from)
    }
}

/// Every model that somebody rated.
#[derive(Clone, Debug, Default)]
pub struct Board {
    rated: HashMap<Box<str>, Rated>,
    /// The day on which the leaderboard was read.
    as_of: Box<str>,
}

#[derive(Deserialize)]
struct Row<'a> {
    model: &'a str,
    as_of: &'a str,
    #[serde(borrow)]
    ratings: BTreeMap<&'a str, u16>,
}

impl Board {
    /// The figures that are compiled in. Takes a millisecond: call it once.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the data is a constant of this build; a test parses it"
    )]
    pub fn embedded() -> Self {
        Self::parse(include_str!("../../data/scores.jsonl")).expect("the embedded figures parse")
    }

    fn parse(text: &str) -> serde_json::Result<Self> {
        let mut board = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let row: Row<'_> = serde_json::from_str(line)?;
            let mut rated = Rated::default();
            for (place, skill) in rated.ratings.iter_mut().zip(Skill::ALL) {
                *place = row.ratings.get(skill.name()).copied().unwrap_or(0);
            }
            board.as_of = row.as_of.into();
            board.rated.insert(row.model.into(), rated);
        }
        for skill in 0..SKILLS {
            board.stand(skill);
        }
        Ok(board)
    }

    /// Works out where each stands in one category.
    fn stand(&mut self, skill: usize) {
        let rating = |rated: &Rated| rated.ratings.get(skill).copied().unwrap_or(0);
        let mut all: Vec<u16> = self.rated.values().map(rating).collect();
        all.retain(|rating| *rating > 0);
        all.sort_unstable();
        let most = all.len().saturating_sub(1).max(1);
        for rated in self.rated.values_mut() {
            let below = all.partition_point(|other| *other < rating(rated));
            if let Some(place) = rated.standing.get_mut(skill) {
                *place = u16::try_from(below * 1_000 / most).unwrap_or(1_000);
            }
        }
    }

    /// The figures of a model.
    #[must_use]
    pub fn of(&self, slug: &str) -> Option<&Rated> {
        self.rated.get(slug)
    }

    /// The day on which the leaderboard was read: `2026-10-05`.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.as_of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_figures_are_of_models_of_the_catalogue() {
        let board = Board::embedded();
        let catalog = crate::catalog::Catalog::embedded();
        assert!(board.rated.len() >= 120, "{}", board.rated.len());
        for slug in board.rated.keys() {
            assert!(catalog.model(slug).is_some(), "{slug}");
        }
        assert_eq!(board.as_of().len(), 10);
    }

    #[test]
    fn the_best_stands_above_all_and_the_worst_above_none() {
        let text = r#"{"model":"a/one","as_of":"2026-10-05","ratings":{"coding":1200}}
{"model":"a/two","as_of":"2026-10-05","ratings":{"coding":1400,"math":1000}}
{"model":"a/three","as_of":"2026-10-05","ratings":{"coding":1300}}"#;
        let board = Board::parse(text).unwrap();
        let standing = |slug, skill| board.of(slug).unwrap().standing(skill);
        assert_eq!(standing("a/one", Skill::Coding), Some(0));
        assert_eq!(standing("a/three", Skill::Coding), Some(500));
        assert_eq!(standing("a/two", Skill::Coding), Some(1_000));
        assert_eq!(standing("a/one", Skill::Math), None);
        assert_eq!(board.of("a/two").unwrap().rating(Skill::Math), Some(1_000));
    }
}
