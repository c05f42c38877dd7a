//! How a router chose, for people: `weir route openrouter/auto --explain`.

use canon::NanoUsd;
use policy::routers::{Pick, Place, Task};
use serde_json::{Value, json};

use super::{BOARD, Pool, ballot::By};

/// How a router chose.
#[derive(Clone, Debug)]
pub struct Ranking {
    router: String,
    task: Option<Task>,
    by: By,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    model: String,
    pick: Pick,
}

impl Ranking {
    pub(super) fn of(
        router: &str,
        (task, by): (Option<Task>, By),
        (pool, picks): (&Pool<'_>, &[Pick]),
    ) -> Self {
        let row = |pick: &Pick| {
            let model = pool.name(pick.candidate)?.to_owned();
            Some(Row { model, pick: *pick })
        };
        Self {
            router: router.to_owned(),
            task,
            by,
            rows: picks.iter().filter_map(row).collect(),
        }
    }

    /// What is said above the table.
    #[must_use]
    pub fn headline(&self) -> String {
        let task = self
            .task
            .map_or("nobody can say what it is about", Task::tag);
        format!(
            "{}: {task}; chosen by {}; ratings of {}",
            self.router,
            self.by.name(),
            BOARD.as_of()
        )
    }

    /// Heads and rows of the table.
    #[must_use]
    pub fn table(&self) -> Vec<Vec<String>> {
        let heads = ["", "MODEL", "SCORE", "QUALITY", "LIVE", "$ EACH", "WHY"];
        let mut table = vec![heads.map(str::to_owned).to_vec()];
        for (place, Row { model, pick }) in self.rows.iter().enumerate() {
            let estimate = if pick.merit.is_estimate { "~" } else { "" };
            table.push(vec![
                (place + 1).to_string(),
                model.clone(),
                pick.merit.score.to_string(),
                format!("{estimate}{}", pick.merit.quality),
                pick.merit.live.to_string(),
                cost(pick).unwrap_or_else(|| "?".to_owned()),
                why(pick).to_owned(),
            ]);
        }
        table
    }

    /// The same as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let row = |Row { model, pick }: &Row| {
            json!({
                "model": model,
                "score": pick.merit.score,
                "quality": pick.merit.quality,
                "is_estimate": pick.merit.is_estimate,
                "live": pick.merit.live,
                "cost": cost(pick),
                "why": why(pick),
            })
        };
        json!({
            "router": self.router,
            "task_type": self.task.map(Task::tag),
            "chosen_by": self.by.name(),
            "ratings_as_of": BOARD.as_of(),
            "models": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

fn cost(pick: &Pick) -> Option<String> {
    pick.cost
        .map(|pico| NanoUsd::from_pico_ceil(pico).to_string())
}

const fn why(pick: &Pick) -> &'static str {
    match (pick.place, pick.merit.rests) {
        (Place::Pinned, _) => "the model of the last answer (pin_model)",
        (Place::Sticky, _) => "the model that this conversation had before",
        (Place::Band, false) => "chosen",
        (Place::Band, true) => "chosen, but left alone for now",
        (Place::Beside, _) => "outside the cost band, for want of others in it",
        (Place::Left, true) => "left alone for now",
        (Place::Left, false) => "not chosen",
    }
}
