//! What a caller says about where a request may go (spec/inference.md §7.2).

use serde_json::{Map, Value};

use crate::PicoUsd;

/// The routing part of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    /// Models to try behind `model`, in order.
    pub models: Vec<String>,
    /// The `provider` object.
    pub preferences: Preferences,
    /// The `plugins` list, as written.
    pub plugins: Vec<Value>,
    /// Whether the upstream body shall be shown (`debug.echo_upstream_body`).
    pub echo_upstream_body: bool,
    /// The `trace` object, as written.
    pub trace: Option<Map<String, Value>>,
    /// What becomes of parts of the request that a vendor cannot be told (`weir.loss`).
    pub loss: OnLoss,
    /// What becomes of a stream that breaks off (`weir.on_break`); the gateway's setting where absent.
    pub on_break: Option<OnBreak>,
    /// When a second endpoint is asked because the first token is late (`weir.hedge`); the gateway's setting where
    /// absent.
    pub hedge: Option<Hedge>,
}

/// What becomes of a stream that breaks off behind its first token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnBreak {
    /// It ends in an error event.
    #[default]
    Fail,
    /// Another endpoint goes on with it.
    Continue,
}

/// Whether a second endpoint is asked where the first token is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hedge {
    /// Never.
    Off,
    /// After so many milliseconds.
    After {
        /// Milliseconds from the call to the first token.
        ms: u32,
    },
}

/// What a caller wants where a vendor cannot be told all of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnLoss {
    /// An answer all the same, as at OpenRouter.
    #[default]
    Silent,
    /// An answer, and to hear what was lost.
    Tell,
    /// Only vendors who can be told everything.
    Refuse,
}

/// The `provider` object. Absent fields are empty or `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preferences {
    /// Try these first, in this order.
    pub order: Vec<String>,
    /// Whether others may serve when those fail; true where absent.
    pub allow_fallbacks: Option<bool>,
    /// Only these. An empty list in the request is `Some(vec![])` and matches nothing.
    pub only: Option<Vec<String>>,
    /// Not these.
    pub ignore: Vec<String>,
    /// Drop endpoints that lack a parameter of the request.
    pub require_parameters: Option<bool>,
    /// Drop endpoints that store or train on data.
    pub deny_data_collection: Option<bool>,
    /// Only endpoints that keep nothing.
    pub zdr: Option<bool>,
    /// Only models whose author allows distillation.
    pub enforce_distillable_text: Option<bool>,
    /// Only these quantizations.
    pub quantizations: Vec<String>,
    /// How to sort.
    pub sort: Option<Sort>,
    /// Sort the endpoints of all models together (`partition: none`).
    pub across_models: bool,
    /// Soft: endpoints slower than this go to the end. Tokens a second, as written.
    pub preferred_min_throughput: Option<Value>,
    /// Soft: endpoints later than this go to the end. Seconds, as written.
    pub preferred_max_latency: Option<Value>,
    /// Hard: the most that may be paid for each kind of unit, as pico-USD a unit, by name
    /// (`prompt`, `completion`, `request`, `image`, `audio`).
    pub max_price: Vec<(String, PicoUsd)>,
}

/// What to sort endpoints by, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Cheapest first.
    Price,
    /// Most tokens a second first.
    Throughput,
    /// Earliest first token first.
    Latency,
    /// Best tool calling first.
    Exacto,
}
