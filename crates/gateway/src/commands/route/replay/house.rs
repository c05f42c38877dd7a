//! A configuration as a policy that is replayed: the same `plan` as on the path of a request, in a time that is told.

use std::{collections::BTreeMap, sync::Arc};

use canon::{Message, NanoUsd, Request, Role, RouteWish};
use policy::{
    catalog::Parameter,
    health::{Class, Standing},
    pricing,
    replay::{self, Known, Policy},
    routing::{Figures, Plan},
};
use serde_json::{Map, Value, json};

use crate::{
    commands::route::{
        Room, parsed,
        recording::{Line, LineCall, micros},
    },
    health::Doing,
    relay::{self, Moment, Scene},
    routers::Aside,
    terms::View,
};

/// Bytes of text that stand for a token of a prompt: as many as the planner takes for one.
const BYTES_A_TOKEN: u64 = 6;
/// No prompt is made longer than that.
const PROMPT_BYTES_MAX: u64 = 64 << 20;

/// A configuration, and requests for it.
#[derive(Debug)]
pub(super) struct House<'a> {
    room: &'a Room,
    lines: &'a [Line],
    asks: Vec<Option<Ask>>,
    /// The account behind each endpoint.
    accounts: Vec<usize>,
    places: BTreeMap<(&'a str, &'a str), usize>,
}

/// A recorded request as it is planned; its prompt is made when that is done.
#[derive(Debug)]
struct Ask {
    request: Request,
    terms: View,
    patience: i64,
}

impl<'a> House<'a> {
    pub(super) fn of(room: &'a Room, lines: &'a [Line]) -> Self {
        let endpoints = room.snapshot.catalog.all_endpoints();
        let mut known = BTreeMap::new();
        let accounts = endpoints.iter().map(|endpoint| {
            let next = known.len();
            *known.entry(endpoint.provider.as_str()).or_insert(next)
        });
        let place = |(index, endpoint): (usize, &'a policy::catalog::Endpoint)| {
            ((endpoint.model.as_str(), &*endpoint.tag), index)
        };
        Self {
            room,
            lines,
            asks: lines.iter().map(|line| Ask::of(room, line)).collect(),
            accounts: accounts.collect(),
            places: endpoints.iter().enumerate().map(place).collect(),
        }
    }

    /// The requests as they are replayed.
    pub(super) fn requests(&self) -> Vec<replay::Request> {
        let index = |call: &LineCall| self.index(call);
        self.lines.iter().map(|line| line.replayed(index)).collect()
    }

    fn index(&self, call: &LineCall) -> Option<usize> {
        let name = (call.model.as_str(), call.endpoint.as_str());
        self.places.get(&name).copied()
    }
}

impl Policy for House<'_> {
    fn plan(&self, request: usize, known: &Known<'_>, seed: u64) -> Option<Plan> {
        let (line, ask) = (self.lines.get(request)?, self.asks.get(request)?.as_ref()?);
        let bytes = line.usage.prompt_tokens.saturating_mul(BYTES_A_TOKEN);
        let bytes = usize::try_from(bytes.min(PROMPT_BYTES_MAX)).ok()?;
        let mut asked = ask.request.clone();
        asked
            .messages
            .push(Message::text(Role::User, " ".repeat(bytes)));
        let scene = Scene {
            health: &Imagined { known, house: self },
            terms: &ask.terms,
            affinity: None,
            workspace: &line.workspace,
            moment: Some(Moment {
                now: Some(known.now),
                seed,
            }),
            routers: &self.room.config.routing.routers,
            aside: &Aside::explaining(),
        };
        let plan = relay::plan_in(Arc::clone(&self.room.snapshot), scene, &asked);
        Some(plan.ok()?.order().clone())
    }

    fn account(&self, endpoint: usize) -> usize {
        self.accounts.get(endpoint).copied().unwrap_or(usize::MAX)
    }

    fn kin(&self, endpoint: usize) -> Vec<usize> {
        let endpoints = self.room.snapshot.catalog.all_endpoints();
        let Some(own) = endpoints.get(endpoint) else {
            return Vec::new();
        };
        let kin = endpoints.iter().filter(|other| other.model == own.model);
        kin.map(|other| other.index).collect()
    }

    /// A prompt cache is warm only where it was: elsewhere all of the prompt is paid for.
    fn cost(&self, request: usize, endpoint: usize) -> Option<NanoUsd> {
        let line = self.lines.get(request)?;
        let sheet = self.room.snapshot.catalog.all_endpoints().get(endpoint)?;
        let mut usage = line.usage.clone();
        let recorded = line.answering().and_then(|call| self.index(call));
        if recorded != Some(endpoint) {
            (usage.cached_tokens, usage.cache_write_tokens) = (0, 0);
            usage.cache_write_1h_tokens = 0;
        }
        Some(pricing::cost(sheet.prices.as_ref()?, &usage).total)
    }

    fn patience(&self, request: usize) -> i64 {
        let ask = self.asks.get(request).and_then(Option::as_ref);
        ask.map_or(i64::MAX, |ask| ask.patience)
    }
}

impl Ask {
    /// `None` where the request cannot be read, as one with a model's name of another version.
    fn of(room: &Room, line: &Line) -> Option<Self> {
        let request = parsed(&body_of(line).to_string()).ok()?;
        let model = room.snapshot.catalog.resolve(&line.model);
        let class = Class::of(model.as_ref().map(|found| found.model), &request);
        Some(Self {
            request,
            terms: room.terms.in_workspace(line.workspace.as_str()),
            patience: micros(room.config.upstream.limits(class).first_byte_ms),
        })
    }
}

/// The request without its words.
fn body_of(line: &Line) -> Value {
    let mut body = Map::new();
    let mut content = vec![json!({ "type": "text", "text": "" })];
    if line.images > 0 {
        content
            .push(json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64," } }));
    }
    if line.sounds > 0 {
        content
            .push(json!({ "type": "input_audio", "input_audio": { "data": "", "format": "wav" } }));
    }
    body.insert("model".to_owned(), json!(line.model));
    body.insert("stream".to_owned(), json!(line.streamed));
    body.insert(
        "messages".to_owned(),
        json!([{ "role": "user", "content": content }]),
    );
    let Some(wish) = &line.wish else {
        return Value::Object(body);
    };
    let RouteWish {
        models,
        provider,
        service_tier,
        max_tokens,
        uses,
    } = wish;
    for used in uses.split_ascii_whitespace() {
        if let Some((name, value)) = Parameter::named(used).and_then(sample) {
            body.entry(name).or_insert(value);
        }
    }
    body.insert("models".to_owned(), json!(models));
    body.insert("provider".to_owned(), json!(provider));
    if let Some(tier) = service_tier {
        body.insert("service_tier".to_owned(), json!(tier));
    }
    if let Some(most) = max_tokens {
        body.insert("max_tokens".to_owned(), json!(most));
    }
    Value::Object(body)
}

/// A field that uses a parameter, whatever it says.
fn sample(parameter: Parameter) -> Option<(&'static str, Value)> {
    let form = json!({ "type": "json_schema", "json_schema": { "name": "form", "schema": {} } });
    let tool = json!([{ "type": "function", "function": { "name": "tool", "parameters": {} } }]);
    Some(match parameter {
        Parameter::Tools => ("tools", tool),
        Parameter::ToolChoice => ("tool_choice", json!("auto")),
        Parameter::StructuredOutputs => ("response_format", form),
        Parameter::ResponseFormat => ("response_format", json!({ "type": "json_object" })),
        Parameter::Reasoning => ("reasoning", json!({ "enabled": true })),
        Parameter::Temperature => ("temperature", json!(1)),
        Parameter::TopP => ("top_p", json!(1)),
        Parameter::TopK => ("top_k", json!(1)),
        Parameter::MinP => ("min_p", json!(0)),
        Parameter::TopA => ("top_a", json!(0)),
        Parameter::FrequencyPenalty => ("frequency_penalty", json!(0)),
        Parameter::PresencePenalty => ("presence_penalty", json!(0)),
        Parameter::RepetitionPenalty => ("repetition_penalty", json!(1)),
        Parameter::LogitBias => ("logit_bias", json!({ "1": 0 })),
        Parameter::Logprobs => ("logprobs", json!(true)),
        Parameter::TopLogprobs => ("top_logprobs", json!(1)),
        Parameter::Seed => ("seed", json!(1)),
        Parameter::Stop => ("stop", json!(["\n"])),
        Parameter::Verbosity => ("verbosity", json!("medium")),
        // The limit is written for itself; the others say nothing that `reasoning` and `tools` do not.
        Parameter::MaxTokens
        | Parameter::MaxCompletionTokens
        | Parameter::Prediction
        | Parameter::ParallelToolCalls
        | Parameter::IncludeReasoning
        | Parameter::ReasoningEffort
        | Parameter::WebSearchOptions => return None,
    })
}

/// What the replay has learned, asked as a board is.
#[derive(Debug)]
struct Imagined<'a> {
    known: &'a Known<'a>,
    house: &'a House<'a>,
}

impl Doing for Imagined<'_> {
    fn standing(&self, endpoint: usize, _: i64) -> Standing {
        self.known.standing(endpoint, self.house.account(endpoint))
    }

    fn figures(&self, endpoint: usize, _: i64) -> Figures {
        self.known.figures(endpoint)
    }

    fn has_stalled(&self, _: usize, _: i64) -> bool {
        false
    }
}
