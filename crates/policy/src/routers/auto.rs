//! `openrouter/auto`: which models suit a request best, for what it may cost.
//!
//! The models that the caller allows are ranked for the task ([`super::merit`]); the best of them are put in the order
//! of what the request would cost there, and the caller's band is cut out of that. The best of the band is chosen. A
//! model that is pinned, or that the conversation had before, goes first where it is still there.

use std::ops::Range;

use super::{AutoSettings, CHOSEN_MAX, Candidate, Merit, Nothing, Task, merit, task};

/// Bands are cut out of so many, the best for the task: the cheapest of everything would not be worth choosing from.
const RANKED_MAX: usize = 48;

/// What a request wants of the choice.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// What it is about; `None` where nobody can say.
    pub task: Option<Task>,
    /// What its caller says.
    pub settings: &'a AutoSettings,
    /// The model of the last answer, for `pin_model`.
    pub pinned: Option<&'a str>,
    /// The model that this conversation had before.
    pub sticky: Option<&'a str>,
    /// What else moves the choice.
    pub needs: merit::Needs,
    /// Tokens of the prompt, estimated.
    pub prompt_tokens: u64,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the request is about.
    pub task: Option<Task>,
    /// Those that are tried, in order, then those that were ranked and not chosen, best first.
    pub picks: Vec<Pick>,
    /// How many of `picks` are tried.
    pub chosen: usize,
}

/// One of the candidates, ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Its place among the candidates.
    pub candidate: usize,
    /// What speaks for it.
    pub merit: Merit,
    /// What the request would cost there, in pico-USD; `None` where nobody knows.
    pub cost: Option<i128>,
    /// Why it stands where it does.
    pub place: Place,
}

/// Why a model stands where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The model of the last answer (`pin_model`).
    Pinned,
    /// The model that the conversation had before.
    Sticky,
    /// Among the best of the band.
    Band,
    /// Outside the band, for want of others in it.
    Beside,
    /// Not tried.
    Left,
}

/// Chooses.
///
/// # Errors
/// The caller allows none of the candidates.
pub fn choose(wish: &Wish<'_>, candidates: &[Candidate<'_>]) -> Result<Choice, Nothing> {
    let merits = merit::merits(candidates, wish.task, wish.needs);
    let mut ranked = ranked(wish, candidates, &merits);
    if ranked.is_empty() {
        return Err(Nothing);
    }
    let slug = |pick: &Pick| {
        candidates
            .get(pick.candidate)
            .map(|candidate| candidate.slug)
    };
    // Cheapest first; what has no known price may cost anything.
    ranked.sort_by_key(|pick| (pick.cost.is_none(), pick.cost));
    let band = with_equals(wish.settings.band.of(ranked.len()), &ranked);
    for (place, pick) in ranked.iter_mut().enumerate() {
        if band.contains(&place) {
            pick.place = Place::Band;
        }
    }
    widen(&mut ranked, band.start, band.end);
    // Stable: of equals the cheaper one.
    ranked.sort_by_key(|pick| {
        (
            pick.merit.rests,
            order(pick.place),
            u32::MAX - pick.merit.score,
        )
    });
    let top = ranked
        .get(..CHOSEN_MAX.min(ranked.len()))
        .unwrap_or_default();
    let sticky = wish
        .sticky
        .filter(|sticky| top.iter().any(|pick| slug(pick) == Some(sticky)));
    let pinned = wish.pinned.filter(|_| wish.settings.pin_model);
    for (kept, place) in [(sticky, Place::Sticky), (pinned, Place::Pinned)] {
        let found = kept.and_then(|kept| ranked.iter().position(|pick| slug(pick) == Some(kept)));
        if let Some(passed) = found.and_then(|at| ranked.get_mut(..=at)) {
            passed.rotate_right(1);
            if let Some(first) = passed.first_mut() {
                first.place = place;
            }
        }
    }
    let wanted = |pick: &&Pick| pick.place != Place::Left;
    let chosen = ranked.iter().filter(wanted).count().min(CHOSEN_MAX);
    for pick in ranked.iter_mut().skip(chosen) {
        pick.place = Place::Left;
    }
    Ok(Choice {
        task: wish.task,
        picks: ranked,
        chosen,
    })
}

/// The best of those that the caller allows, best first; a pinned model is among the best whatever it is worth.
fn ranked(wish: &Wish<'_>, candidates: &[Candidate<'_>], merits: &[Merit]) -> Vec<Pick> {
    let pinned = wish.pinned.filter(|_| wish.settings.pin_model);
    let mut ranked: Vec<Pick> = candidates
        .iter()
        .zip(merits)
        .enumerate()
        .filter(|(_, (candidate, _))| wish.settings.admits(candidate.slug))
        .map(|(place, (candidate, merit))| Pick {
            candidate: place,
            merit: *merit,
            cost: cost(candidate, wish),
            place: Place::Left,
        })
        .collect();
    let is_pinned = |pick: &Pick| {
        let candidate = candidates.get(pick.candidate);
        pinned.is_some() && candidate.map(|candidate| candidate.slug) == pinned
    };
    // By score, then by name, so that the order of the catalogue decides nothing.
    let order = |one: &Pick, other: &Pick| {
        let slug = |pick: &Pick| {
            candidates
                .get(pick.candidate)
                .map(|candidate| candidate.slug)
        };
        let key = |pick: &Pick| {
            (
                !is_pinned(pick),
                pick.merit.rests,
                u32::MAX - pick.merit.score,
            )
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| slug(one).cmp(&slug(other)))
    };
    if ranked.len() > RANKED_MAX {
        ranked.select_nth_unstable_by(RANKED_MAX, order);
        ranked.truncate(RANKED_MAX);
    }
    ranked.sort_unstable_by(order);
    ranked
}

/// What the request would cost: its prompt, and an answer of the length that is usual for the task.
fn cost(candidate: &Candidate<'_>, wish: &Wish<'_>) -> Option<i128> {
    let (prompt, completion) = candidate.price?;
    let (_, answer) = task::weights(wish.task);
    let times = |price: canon::PicoUsd, count: u64| i128::from(price.get()) * i128::from(count);
    Some(times(prompt, wish.prompt_tokens.max(1)) + times(completion, answer))
}

/// A band does not part those that cost the same.
fn with_equals(band: Range<usize>, ranked: &[Pick]) -> Range<usize> {
    let cost = |place: usize| ranked.get(place).map(|pick| pick.cost);
    let (mut from, mut to) = (band.start, band.end);
    while from > 0 && cost(from - 1) == cost(from) {
        from -= 1;
    }
    while to > from && to < ranked.len() && cost(to) == cost(to - 1) {
        to += 1;
    }
    from..to
}

/// A band of fewer than are tried is joined by its neighbours, cheaper ones first: they stand behind it.
fn widen(ranked: &mut [Pick], from: usize, to: usize) {
    let (mut from, mut to) = (from, to);
    while to - from < CHOSEN_MAX.min(ranked.len()) {
        let place = if from > 0 {
            from -= 1;
            from
        } else {
            to += 1;
            to - 1
        };
        match ranked.get_mut(place) {
            Some(pick) => pick.place = Place::Beside,
            None => return,
        }
    }
}

const fn order(place: Place) -> u8 {
    match place {
        Place::Pinned | Place::Sticky | Place::Band => 0,
        Place::Beside => 1,
        Place::Left => 2,
    }
}
