//! `openrouter/pareto-code`: the cheapest model that writes code well enough, or the best that a price allows.

use canon::PicoUsd;

use super::{CHOSEN_MAX, Candidate, Nothing, ParetoSettings, Skill};
use crate::health::Standing;

/// How well a model writes code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nobody rated it, or it is below the middle.
    Unrated,
    /// Above the middle.
    Low,
    /// In the best quarter.
    Medium,
    /// In the best tenth.
    High,
}

impl Level {
    /// The level that a caller asks for with `min_coding_score`.
    #[must_use]
    pub fn wanted(score: Option<f64>) -> Self {
        match score {
            None => Self::High,
            Some(score) if score >= 0.66 => Self::High,
            Some(score) if score >= 0.33 => Self::Medium,
            Some(_) => Self::Low,
        }
    }

    /// The level of a model that is better than so many of a thousand.
    #[must_use]
    pub const fn of(score: Option<u32>) -> Self {
        match score {
            Some(900..) => Self::High,
            Some(750..=899) => Self::Medium,
            Some(500..=749) => Self::Low,
            Some(0..=499) | None => Self::Unrated,
        }
    }

    /// The levels in the order in which they are looked into: a better one goes before a worse one.
    const fn and_neighbours(self) -> [Self; 4] {
        match self {
            Self::High => [Self::High, Self::Medium, Self::Low, Self::Unrated],
            Self::Medium => [Self::Medium, Self::High, Self::Low, Self::Unrated],
            Self::Low => [Self::Low, Self::Medium, Self::High, Self::Unrated],
            Self::Unrated => [Self::Unrated, Self::Low, Self::Medium, Self::High],
        }
    }
}

/// How well a model writes code: better than so many of a thousand rated ones. Seven parts what is said of its code,
/// three parts what is said of whole applications that it wrote, where that is known.
#[must_use]
pub fn coding_score(candidate: &Candidate<'_>) -> Option<u32> {
    let rated = candidate.rated?;
    let coding = rated.standing(Skill::Coding);
    match (coding, rated.standing(Skill::Webdev)) {
        (Some(coding), Some(webdev)) => Some((coding * 7 + webdev * 3) / 10),
        (one, other) => one.or(other),
    }
}

/// Chooses: places among the candidates, in the order in which they are tried. With `fastest` the highest measured
/// throughput goes before the lowest price.
///
/// # Errors
/// No candidate is cheap enough, or there is none.
pub fn choose_pareto(
    settings: ParetoSettings,
    candidates: &[Candidate<'_>],
    fastest: bool,
) -> Result<Vec<usize>, Nothing> {
    let coders = coders(candidates);
    let mut chosen = match settings.max_price {
        Some(most) => below(&coders, most),
        None => of_level(&coders, Level::wanted(settings.min_coding_score), fastest),
    };
    // Stable: who is left alone comes last, and is all there is where nobody else is left.
    chosen.sort_by_key(|coder| coder.rests);
    chosen.truncate(CHOSEN_MAX);
    if chosen.is_empty() {
        return Err(Nothing);
    }
    Ok(chosen.iter().map(|coder| coder.place).collect())
}

/// A candidate with what counts here.
#[derive(Clone, Copy)]
struct Coder<'a> {
    place: usize,
    slug: &'a str,
    score: Option<u32>,
    /// Of a token of the prompt.
    price: Option<PicoUsd>,
    /// Thousandths of a token a second; 0 where it is not known.
    throughput: u32,
    rests: bool,
}

fn coders<'a>(candidates: &[Candidate<'a>]) -> Vec<Coder<'a>> {
    let coder = |(place, candidate): (usize, &Candidate<'a>)| Coder {
        place,
        slug: candidate.slug,
        score: coding_score(candidate),
        price: candidate.price.map(|(prompt, _)| prompt),
        throughput: candidate.figures.throughput.map_or(0, |all| all.p50),
        rests: matches!(candidate.standing, Standing::Resting { .. }),
    };
    candidates.iter().enumerate().map(coder).collect()
}

/// Those of the level, or of the nearest that has any; cheapest or fastest first.
fn of_level<'a>(coders: &[Coder<'a>], level: Level, fastest: bool) -> Vec<Coder<'a>> {
    for level in level.and_neighbours() {
        let mut found: Vec<Coder<'a>> = coders
            .iter()
            .filter(|coder| Level::of(coder.score) == level)
            .copied()
            .collect();
        found.sort_by_key(|coder| {
            let speed = if fastest { coder.throughput } else { 0 };
            let unknown = coder.price.is_none();
            (u32::MAX - speed, unknown, coder.price, coder.slug)
        });
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The best on the frontier that is cheap enough, then the cheaper ones of the frontier, then the others, best first.
/// The frontier is that of all good coders, whatever they cost: those that nobody beats in both price and score.
fn below<'a>(coders: &[Coder<'a>], most: f64) -> Vec<Coder<'a>> {
    let is_cheap = |coder: &&Coder<'a>| {
        coder
            .price
            .is_some_and(|price| usd_a_million(price) <= most)
    };
    let is_beaten = |coder: &Coder<'a>| {
        Level::of(coder.score) == Level::Unrated
            || coders.iter().any(|other| {
                let better = other.score > coder.score && other.price <= coder.price;
                let cheaper = other.score >= coder.score && other.price < coder.price;
                other.price.is_some() && (better || cheaper)
            })
    };
    let mut found: Vec<(bool, Coder<'a>)> = coders
        .iter()
        .filter(is_cheap)
        .map(|coder| (is_beaten(coder), *coder))
        .collect();
    found.sort_by_key(|(beaten, coder)| {
        let score = u32::MAX - coder.score.unwrap_or(0);
        (*beaten, score, coder.price, coder.slug)
    });
    found.into_iter().map(|(_, coder)| coder).collect()
}

/// A price a token in USD for a million of them, as callers write caps.
#[expect(
    clippy::cast_precision_loss,
    reason = "prices have few digits; a cap is what a caller means, not money"
)]
fn usd_a_million(price: PicoUsd) -> f64 {
    price.get() as f64 / 1_000_000.0
}
