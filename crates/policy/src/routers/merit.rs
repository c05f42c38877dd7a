//! How good a model is for a task, and how well it is doing right now.

use super::{Candidate, Skill, Task, task};
use crate::health::Standing;

/// What speaks for a model, each in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merit {
    /// How good it is at the task: where it stands among all rated models, or an estimate.
    pub quality: u32,
    /// Nobody rated it: the quality is an estimate from its price, its age and whether it thinks.
    pub is_estimate: bool,
    /// How fast and how reliable it is; the middle where nothing is measured.
    pub live: u32,
    /// Eight parts quality, two parts what is measured, less what a recent failure costs.
    pub score: u32,
    /// It is left alone for a while.
    pub rests: bool,
}

/// What is thought of a figure that is not known.
const UNKNOWN: u32 = 500;
/// A failure a moment ago costs so much.
const SHAKY: u32 = 100;

/// What speaks for each of the candidates, in their order.
#[must_use]
pub fn merits(candidates: &[Candidate<'_>], task: Option<Task>, needs: Needs) -> Vec<Merit> {
    let ranks = Ranks::of(candidates);
    let one = |candidate| merit(candidate, task, needs, &ranks);
    candidates.iter().map(one).collect()
}

/// What of a request moves the choice besides its task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Tools are offered: how well they are called counts.
    pub tools: bool,
    /// Images are shown.
    pub vision: bool,
}

fn merit(candidate: &Candidate<'_>, task: Option<Task>, needs: Needs, ranks: &Ranks) -> Merit {
    let rated = quality(candidate, task, needs);
    let quality = rated.unwrap_or_else(|| ranks.estimate(candidate));
    let live = live(candidate, needs);
    let penalty = if candidate.standing == Standing::Shaky {
        SHAKY
    } else {
        0
    };
    Merit {
        quality,
        is_estimate: rated.is_none(),
        live,
        score: ((quality * 8 + live * 2) / 10).saturating_sub(penalty),
        rests: matches!(candidate.standing, Standing::Resting { .. }),
    }
}

/// The mean of where it stands in the categories that count, weighted; those in which nobody rated it do not count.
fn quality(candidate: &Candidate<'_>, task: Option<Task>, needs: Needs) -> Option<u32> {
    let rated = candidate.rated?;
    let (skills, _) = task::weights(task);
    // Who sees images badly answers badly, whatever the task.
    let vision = needs.vision.then_some((Skill::Vision, 10));
    let mut sum = (0, 0);
    for (skill, weight) in skills.iter().copied().chain(vision) {
        if let Some(standing) = rated.standing(skill) {
            sum = (sum.0 + standing * weight, sum.1 + weight);
        }
    }
    sum.0
        .checked_div(sum.1)
        .or_else(|| rated.standing(Skill::Overall))
}

fn live(candidate: &Candidate<'_>, needs: Needs) -> u32 {
    let figures = &candidate.figures;
    // A hundred tokens a second and more are as good as it gets, and so is a first token at once; one after five
    // seconds is as bad.
    let throughput = figures.throughput.map(|all| (all.p50 / 100).min(1_000));
    let latency = figures
        .latency
        .map(|all| 1_000_u32.saturating_sub(all.p50 / 5));
    // Four good answers out of five are none.
    let tools = figures.tools.filter(|_| needs.tools);
    let tools = tools.map(|ratio| (ratio.per_mille().saturating_sub(800) * 5).min(1_000));
    let known = [throughput, latency];
    let of_speed: u32 = known.iter().map(|known| known.unwrap_or(UNKNOWN)).sum();
    if needs.tools {
        (of_speed + tools.unwrap_or(UNKNOWN) * 2) / 4
    } else {
        of_speed / 2
    }
}

/// Where prices and ages stand among the candidates.
struct Ranks {
    prices: Vec<i64>,
    newest: Option<i64>,
}

impl Ranks {
    fn of(candidates: &[Candidate<'_>]) -> Self {
        let mut prices: Vec<i64> = candidates.iter().filter_map(blended).collect();
        prices.sort_unstable();
        let newest = candidates
            .iter()
            .filter_map(|candidate| candidate.created)
            .max();
        Self { prices, newest }
    }

    /// What a model is probably worth: makers ask more for better ones, and new ones are better than old ones. At most
    /// six in ten, so that nobody's guess goes before a good rating.
    fn estimate(&self, candidate: &Candidate<'_>) -> u32 {
        const MONTH_S: i64 = 2_629_746;
        let below = |price: i64| self.prices.partition_point(|other| *other < price);
        let most = self.prices.len().saturating_sub(1).max(1);
        let price = blended(candidate).map_or(300, |price| below(price) * 1_000 / most);
        let price = u32::try_from(price).unwrap_or(1_000);
        let age = candidate.created.zip(self.newest).map(|(own, newest)| {
            let months = newest.saturating_sub(own) / MONTH_S;
            1_000_u32.saturating_sub(u32::try_from(months).unwrap_or(1_000).saturating_mul(40))
        });
        let thinks = if candidate.reasons { 1_000 } else { 400 };
        let sum = price * 4 + age.unwrap_or(300) * 4 + thinks * 2;
        sum * 6 / 100
    }
}

/// Prompt and answer, three to one.
fn blended(candidate: &Candidate<'_>) -> Option<i64> {
    let (prompt, completion) = candidate.price?;
    Some(
        prompt
            .get()
            .saturating_mul(3)
            .saturating_add(completion.get()),
    )
}
