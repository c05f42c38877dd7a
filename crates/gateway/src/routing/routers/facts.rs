//! What rules and rankers are told: facts of the request, and of each model that could serve it.

use std::collections::BTreeMap;

use canon::{Format, MediaKind, Part, Request};
use policy::{
    health::Standing,
    routers::{Merit, Skill, Task},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Aside, BOARD, Known};

/// Facts of a request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RequestFacts<'a> {
    /// The router, as it was named.
    pub(super) router: &'a str,
    /// What it is about (`code:debugging`); empty where nobody can say.
    pub(super) task: &'static str,
    /// Tokens of the prompt, estimated low.
    pub(super) prompt_tokens: u64,
    /// The caller's limit of the answer; 0 where there is none.
    pub(super) max_tokens: u64,
    pub(super) has_tools: bool,
    /// Whether the answer must have the form of a schema, or be JSON.
    pub(super) has_schema: bool,
    /// Kinds of input: `text`, `image`, `audio`, `video`, `file`.
    pub(super) modalities: Vec<&'static str>,
    pub(super) stream: bool,
    /// How many messages it has.
    pub(super) messages: usize,
    /// The id of the key and the name of its workspace; empty in `weir route`.
    pub(super) key: &'a str,
    pub(super) workspace: &'a str,
    /// The caller's own labels.
    pub(super) metadata: Map<String, Value>,
}

/// Facts of a model that can serve.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ModelFacts<'a> {
    /// `author/name`.
    pub(super) slug: &'a str,
    pub(super) author: &'a str,
    /// USD for a million tokens of the prompt, and of the answer; absent where nobody knows.
    pub(super) prompt_price: Option<f64>,
    pub(super) completion_price: Option<f64>,
    pub(super) is_free: bool,
    /// Tokens of prompt and answer together.
    pub(super) context: Option<u64>,
    /// Seconds since 1970.
    pub(super) created: Option<i64>,
    pub(super) reasons: bool,
    /// How good it is at the task, how well it is doing, and both together: thousandths.
    pub(super) quality: u32,
    pub(super) live: u32,
    pub(super) score: u32,
    /// Nobody rated it: the quality is an estimate.
    pub(super) is_estimate: bool,
    /// The ratings themselves, by category.
    pub(super) ratings: BTreeMap<&'static str, u16>,
    /// Tokens a second and milliseconds to the first token, the median of five minutes; absent where not measured.
    pub(super) throughput: Option<f64>,
    pub(super) latency_ms: Option<u32>,
    /// The share of answers whose tool calls were good.
    pub(super) tool_success: Option<f64>,
    /// `well`, `shaky` or `resting`.
    pub(super) state: &'static str,
}

impl RequestFacts<'static> {
    /// Some request, to try a rule on.
    pub(super) fn sample() -> Self {
        Self {
            router: "openrouter/auto",
            task: Task::Conversation.tag(),
            prompt_tokens: 1,
            max_tokens: 0,
            has_tools: false,
            has_schema: false,
            modalities: vec!["text"],
            stream: false,
            messages: 1,
            key: "",
            workspace: "default",
            metadata: Map::new(),
        }
    }
}

impl<'a> RequestFacts<'a> {
    pub(super) fn of(
        request: &Request,
        router: &'a str,
        aside: &'a Aside,
        (task, prompt_tokens): (Option<Task>, u64),
    ) -> Self {
        Self {
            router,
            task: task.map_or("", Task::tag),
            prompt_tokens,
            max_tokens: request.sampling.max_tokens.unwrap_or(0),
            has_tools: !request.tools.is_empty(),
            has_schema: matches!(
                request.format,
                Some(Format::JsonObject | Format::JsonSchema { .. })
            ),
            modalities: modalities(request),
            stream: request.stream,
            messages: request.messages.len(),
            key: aside.key(),
            workspace: aside.workspace(),
            metadata: request.metadata.clone().unwrap_or_default(),
        }
    }
}

fn modalities(request: &Request) -> Vec<&'static str> {
    let mut found = vec!["text"];
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    for part in parts {
        if let Part::Media { media, .. } = part {
            let kind = match media.kind {
                MediaKind::Image => "image",
                MediaKind::Audio => "audio",
                MediaKind::Video => "video",
                MediaKind::File => "file",
            };
            if !found.contains(&kind) {
                found.push(kind);
            }
        }
    }
    found
}

/// What stands for a figure that is not known, in rules: the worst.
const WORST: f64 = 1e9;

impl ModelFacts<'static> {
    /// Some model, to try a rule on.
    pub(super) fn sample() -> Self {
        let unknown = Self {
            slug: "author/name",
            author: "author",
            prompt_price: None,
            completion_price: None,
            is_free: false,
            context: None,
            created: None,
            reasons: false,
            quality: 500,
            live: 500,
            score: 500,
            is_estimate: true,
            ratings: BTreeMap::new(),
            throughput: None,
            latency_ms: None,
            tool_success: None,
            state: "well",
        };
        unknown.complete()
    }
}

impl<'a> ModelFacts<'a> {
    pub(super) fn of(known: &'a Known<'_>, merit: &Merit) -> Self {
        let slug = known.model.slug.as_str();
        let author = slug.split_once('/').map_or("", |(author, _)| author);
        let rated = BOARD.of(slug);
        let rating = |skill: Skill| Some((skill.name(), rated?.rating(skill)?));
        let figures = &known.figures;
        let zero = |price: canon::PicoUsd| price.get() == 0;
        Self {
            slug,
            author,
            prompt_price: known.price.map(|(prompt, _)| usd(prompt)),
            completion_price: known.price.map(|(_, completion)| usd(completion)),
            is_free: known
                .price
                .is_some_and(|(one, other)| zero(one) && zero(other)),
            context: known.context_length,
            created: known.model.created,
            reasons: known.model.reasoning.is_some(),
            quality: merit.quality,
            live: merit.live,
            score: merit.score,
            is_estimate: merit.is_estimate,
            ratings: Skill::ALL.into_iter().filter_map(rating).collect(),
            throughput: figures.throughput.map(|all| f64::from(all.p50) / 1_000.0),
            latency_ms: figures.latency.map(|all| all.p50),
            tool_success: figures
                .tools
                .map(|ratio| f64::from(ratio.per_mille()) / 1_000.0),
            state: match known.standing {
                Standing::Well => "well",
                Standing::Shaky => "shaky",
                Standing::Resting { .. } => "resting",
            },
        }
    }

    /// With a number for everything, so that a comparison is always one: what is not known is the worst.
    pub(super) fn complete(mut self) -> Self {
        self.prompt_price = self.prompt_price.or(Some(WORST));
        self.completion_price = self.completion_price.or(Some(WORST));
        self.context = self.context.or(Some(0));
        self.created = self.created.or(Some(0));
        self.throughput = self.throughput.or(Some(0.0));
        self.latency_ms = self.latency_ms.or(Some(1_000_000_000));
        self.tool_success = self.tool_success.or(Some(0.0));
        for skill in Skill::ALL {
            self.ratings.entry(skill.name()).or_default();
        }
        self
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what a rule compares, not money"
)]
fn usd(price: canon::PicoUsd) -> f64 {
    price.get() as f64 / 1_000_000.0
}
