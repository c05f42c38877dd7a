//! How a request found its way: what a caller may ask to see of it (`openrouter_metadata`, spec/inference.md §7.10), and
//! what the record of each request keeps.
//!
//! There are two forms because there are two readers. [`RouterMetadata`] is the wire's: names spelled out, made only
//! when a caller asks. [`Route`] is the record's: made for every request, so it is small and made of one text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{NanoUsd, generation::is_default};

/// The whole of `openrouter_metadata`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouterMetadata {
    /// The model as the caller named it; the first of several.
    pub requested: String,
    /// How a model was found for it.
    pub strategy: Strategy,
    /// The region in which it was answered, where that is known.
    pub region: Option<String>,
    /// The whole in one line: `available=2, selected=OpenAI`.
    pub summary: String,
    /// The number of the attempt that answered, or of the last one, from 1; 0 where no provider was reached.
    pub attempt: u32,
    /// Whether the caller's own provider key was used.
    pub is_byok: bool,
    /// Who could serve.
    pub endpoints: RouterEndpoints,
    /// What else moved the choice. What only Weir has to say stands under `weir`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// Every call to a provider, in order; empty where the first one answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<RouterAttempt>,
    /// What was done to the request and its answer; a stage that did nothing is not here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipeline: Vec<Stage>,
}

/// How a model was found for what the caller named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// The caller named the model.
    #[default]
    Direct,
    /// `openrouter/auto` chose it.
    Auto,
    /// `openrouter/free` chose it.
    Free,
    /// `~author/family-latest`.
    Latest,
    /// Another name of the model.
    Alias,
    /// The caller named several models.
    Fallback,
    /// `openrouter/pareto-code` chose it.
    Pareto,
    /// `openrouter/bodybuilder`.
    Bodybuilder,
    /// `openrouter/fusion`.
    Fusion,
}

/// Who could serve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterEndpoints {
    /// How many there are of the models asked for, those that may not serve this request among them.
    pub total: u32,
    /// Those that may, in the order in which they are tried.
    pub available: Vec<RouterEndpoint>,
}

/// One that could serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterEndpoint {
    /// Display name of the provider.
    pub provider: String,
    /// The model, `author/slug`.
    pub model: String,
    /// Whether it answered.
    pub selected: bool,
}

/// One call to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterAttempt {
    /// Display name of the provider.
    pub provider: String,
    /// The model, `author/slug`.
    pub model: String,
    /// HTTP status; where none came, the one that its failure has.
    pub status: u16,
}

/// Something that was done to a request or its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Of which kind.
    #[serde(rename = "type")]
    pub kind: StageKind,
    /// By whom: `auto-router`, `content-filter`.
    pub name: String,
    /// What it did, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What it found.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// What it cost.
    #[serde(
        default,
        rename = "cost_usd",
        skip_serializing_if = "Option::is_none",
        with = "decimal"
    )]
    pub cost: Option<NanoUsd>,
    /// The guardrail, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrail_id: Option<String>,
    /// For whom that guardrail stands: `api-key`, `workspace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrail_scope: Option<String>,
}

/// Kinds of stages. Several share a kind; the name tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Looks for what may not pass.
    Guardrail,
    /// A plugin; the routers among them.
    Plugin,
    /// Tools that this gateway runs.
    ServerTools,
    /// Repairs an answer.
    ResponseHealing,
    /// Shortens a prompt.
    ContextCompression,
}

/// How a request found its way, as its record keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// How a model was found.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strategy: Strategy,
    /// The router that found it: `openrouter/auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// Every endpoint with its place and why, or why it has none; written and read by `policy::routing::trail`.
    pub trail: String,
    /// What decided it beside the model, where that is not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Box<RouteWish>>,
    /// As [`RouterMetadata::params`].
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// As [`RouterMetadata::pipeline`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipeline: Vec<Stage>,
}

/// What of a request decides where it may go, beside its model: so that it can be asked where else it might have gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouteWish {
    /// The models behind the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// The `provider` object.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub provider: Map<String, Value>,
    /// The service tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// The caller's limit of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// The parameters that it uses, in the catalogue's words, a space between two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uses: String,
}

impl Stage {
    /// A stage of which no more is known than that it did something.
    #[must_use]
    pub fn new(kind: StageKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            summary: None,
            data: Map::new(),
            cost: None,
            guardrail_id: None,
            guardrail_scope: None,
        }
    }

    /// The same with something that it found.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }
}

/// An amount as a JSON number: the exact decimal text of its integer, never a float.
mod decimal {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de, ser};
    use serde_json::value::RawValue;

    use crate::NanoUsd;

    #[expect(clippy::ref_option, reason = "serde gives the field as it is")]
    pub(super) fn serialize<S: Serializer>(
        amount: &Option<NanoUsd>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let Some(amount) = amount else {
            return serializer.serialize_none();
        };
        let text = RawValue::from_string(amount.to_string()).map_err(ser::Error::custom)?;
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<NanoUsd>, D::Error> {
        let text = Option::<Box<RawValue>>::deserialize(deserializer)?;
        let amount = text.map(|text| text.get().parse());
        amount.transpose().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_says_what_it_cost_to_the_nano_dollar() {
        let mut stage = Stage::new(StageKind::ServerTools, "web-search").with("results", 3);
        stage.cost = Some(NanoUsd::new(9_007_199_254_740_993));
        let text = serde_json::to_string(&stage).unwrap();
        assert_eq!(
            text,
            r#"{"type":"server_tools","name":"web-search","data":{"results":3},"cost_usd":9007199.254740993}"#
        );
        assert_eq!(serde_json::from_str::<Stage>(&text).unwrap(), stage);
    }

    #[test]
    fn what_every_metadata_has_is_never_left_out() {
        let metadata = RouterMetadata {
            requested: "openai/gpt-4o".to_owned(),
            ..RouterMetadata::default()
        };
        assert_eq!(
            serde_json::to_string(&metadata).unwrap(),
            r#"{"requested":"openai/gpt-4o","strategy":"direct","region":null,"summary":"","attempt":0,"is_byok":false,"endpoints":{"total":0,"available":[]}}"#
        );
    }
}
