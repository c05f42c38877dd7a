//! `openrouter/free`: any of the free models, drawn.

use super::{CHOSEN_MAX, Candidate, Nothing};
use crate::{health::Standing, routing::Chance};

/// Draws among the candidates that cost nothing: places among them, in the order in which they are tried. Those that
/// are left alone for a while come last.
///
/// # Errors
/// None of them is free.
pub fn choose_free(candidates: &[Candidate<'_>], seed: u64) -> Result<Vec<usize>, Nothing> {
    let free = |candidate: &Candidate<'_>| {
        let is_zero = |price: canon::PicoUsd| price.get() == 0;
        let price = candidate.price;
        price.is_some_and(|(prompt, completion)| is_zero(prompt) && is_zero(completion))
    };
    let mut chance = Chance(seed);
    let mut places: Vec<(bool, u64, usize)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| free(candidate))
        .map(|(place, candidate)| {
            let rests = matches!(candidate.standing, Standing::Resting { .. });
            (rests, chance.next(), place)
        })
        .collect();
    places.sort_unstable();
    places.truncate(CHOSEN_MAX);
    if places.is_empty() {
        return Err(Nothing);
    }
    Ok(places.into_iter().map(|(_, _, place)| place).collect())
}
