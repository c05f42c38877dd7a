//! What is measured of an endpoint, as the endpoints page shows it.

use policy::{
    health::Standing,
    measure::Listing,
    routing::{Quantiles, Ratio},
};
use serde_json::{Value, json};

use crate::{app::App, clock, health::Board};

/// How endpoints do at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Health<'a> {
    board: &'a Board,
    now: i64,
}

impl<'a> Health<'a> {
    pub(super) fn of(app: &'a App) -> Self {
        Self {
            board: &app.health,
            now: clock::now_micros(),
        }
    }

    /// What is measured; nothing of an endpoint that nobody has asked.
    pub(super) fn listing(self, endpoint: usize) -> Listing {
        let sheet = self.board.sheet(endpoint);
        sheet.map_or_else(Listing::default, |sheet| sheet.measures.listing(self.now))
    }

    /// 0 where it serves, -2 where it fails, -5 where it is left alone: OpenRouter's numbers, from well to ill.
    pub(super) fn status(self, endpoint: usize) -> i64 {
        match self.board.standing(endpoint, self.now) {
            Standing::Well => 0,
            Standing::Shaky => -2,
            Standing::Resting { .. } => -5,
        }
    }
}

/// In percent, to a tenth.
pub(super) fn percent(ratio: Option<Ratio>) -> Value {
    ratio.map_or(Value::Null, |ratio| {
        json!(f64::from(ratio.per_mille()) / 10.0)
    })
}

/// Seconds, or tokens a second: thousandths are kept.
pub(super) fn quantiles(of: Option<Quantiles>) -> Value {
    let unit = |number: u32| f64::from(number) / 1_000.0;
    of.map_or(Value::Null, |of| {
        json!({ "p50": unit(of.p50), "p75": unit(of.p75), "p90": unit(of.p90), "p99": unit(of.p99) })
    })
}
