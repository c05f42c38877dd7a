//! Sampling, the form of the answer and how much to think: in Converse's words where it has them, and in the
//! model's own where it has not.

use canon::{Effort, Format, Reasoning, Request};
use serde_json::{Map, Number, Value, json};

use super::model::Family;
use crate::{
    Target, Thinking,
    anthropic::{Claude, Plan},
    body::Body,
    json::Object,
    unsaid::lose_set,
};

/// From here on Claude accepts `topP` beside thinking.
const TOP_P_MIN: f64 = 0.95;

/// What is said of sampling and thinking, field by field.
#[derive(Debug, Default)]
struct Config {
    /// `inferenceConfig`.
    inference: Map<String, Value>,
    /// `additionalModelRequestFields`.
    additional: Map<String, Value>,
}

/// Writes `inferenceConfig`, `additionalModelRequestFields` and `additionalModelResponseFieldPaths`. `own` are
/// additional fields of the caller's own; they go first.
pub(super) fn render_config(
    request: &Request,
    target: &Target<'_>,
    family: Family,
    own: Option<&Value>,
    body: &mut Body<'_, '_>,
) {
    let mut config = Config::default();
    match family {
        Family::Claude(claude) => config.claude(request, target, claude, body),
        Family::Nova
        | Family::GptOss
        | Family::Mistral
        | Family::Cohere
        | Family::Qwen
        | Family::Other => {
            config.limit(request.sampling.max_tokens);
            config.sampling(request, body);
            config.top_k(request, family, body);
            config.thinking(request, target, family, body);
        }
    }
    config.stops(request, family, body);
    let unknown = [
        ("seed", request.sampling.seed.is_some()),
        ("min_p", request.sampling.min_p.is_some()),
        ("top_a", request.sampling.top_a.is_some()),
        (
            "frequency_penalty",
            request.sampling.frequency_penalty.is_some(),
        ),
        (
            "presence_penalty",
            request.sampling.presence_penalty.is_some(),
        ),
        (
            "repetition_penalty",
            request.sampling.repetition_penalty.is_some(),
        ),
        ("logit_bias", request.sampling.logit_bias.is_some()),
        ("logprobs", request.sampling.logprobs == Some(true)),
        ("n", request.sampling.n.is_some_and(|n| n > 1)),
    ];
    lose_set(unknown, "this dialect has no such parameter", body.loss);
    let own = own.and_then(Value::as_object).into_iter().flatten();
    config
        .additional
        .extend(own.map(|(name, value)| (name.clone(), value.clone())));
    let inference = Some(config.inference).filter(|fields| !fields.is_empty());
    body.optional("inferenceConfig", inference);
    let additional = Some(config.additional).filter(|fields| !fields.is_empty());
    body.optional("additionalModelRequestFields", additional);
    if matches!(family, Family::Claude(_)) && !request.sampling.stop.is_empty() {
        // Which of the sequences ended the answer is said only when it is asked for.
        let path = if request.stream {
            "/delta/stop_sequence"
        } else {
            "/stop_sequence"
        };
        body.field("additionalModelResponseFieldPaths", &[path]);
    }
}

impl Config {
    fn limit(&mut self, max_tokens: Option<u64>) {
        if let Some(limit) = max_tokens {
            self.inference.insert("maxTokens".to_owned(), limit.into());
        }
    }

    fn set(&mut self, name: &str, number: &Number) {
        let value = Value::Number(number.clone());
        self.inference.insert(name.to_owned(), value);
    }

    /// Converse takes temperatures up to 1, whatever the model.
    fn temperature(&mut self, number: &Number, body: &mut Body<'_, '_>) {
        if number.as_f64().is_some_and(|value| value > 1.0) {
            body.lose("temperature", "lowered to 1, the most there is");
            self.inference.insert("temperature".to_owned(), 1.into());
        } else {
            self.set("temperature", number);
        }
    }

    fn sampling(&mut self, request: &Request, body: &mut Body<'_, '_>) {
        if let Some(temperature) = &request.sampling.temperature {
            self.temperature(temperature, body);
        }
        if let Some(top_p) = &request.sampling.top_p {
            self.set("topP", top_p);
        }
    }

    fn stops(&mut self, request: &Request, family: Family, body: &mut Body<'_, '_>) {
        let is_claude = matches!(family, Family::Claude(_));
        let mut stops = request.sampling.stop.clone();
        stops.retain(|stop| !(is_claude && stop.trim().is_empty()));
        let is_less = stops.len() < request.sampling.stop.len();
        lose_set(
            [("stop", is_less)],
            "white space cannot end an answer here",
            body.loss,
        );
        if !stops.is_empty() {
            self.inference
                .insert("stopSequences".to_owned(), stops.into());
        }
    }

    fn top_k(&mut self, request: &Request, family: Family, body: &mut Body<'_, '_>) {
        let Some(top_k) = &request.sampling.top_k else {
            return;
        };
        let value = Value::Number(top_k.clone());
        match family.top_k() {
            [name] => {
                self.additional.insert((*name).to_owned(), value);
            }
            [outer, name] => {
                self.additional
                    .insert((*outer).to_owned(), json!({ *name: value }));
            }
            _ => body.lose("top_k", "this model has no such parameter"),
        }
    }

    /// Claude is told in Anthropic's words, by Anthropic's rules (spec/inference.md §8.1).
    fn claude(
        &mut self,
        request: &Request,
        target: &Target<'_>,
        claude: Claude,
        body: &mut Body<'_, '_>,
    ) {
        let plan = Plan::of(request, target, body.loss);
        let is_limited = request.sampling.max_tokens.is_some() || plan.thinks();
        self.limit(is_limited.then_some(plan.max_tokens));
        let mut fields = Vec::new();
        let mut object = Object::open(&mut fields);
        plan.render(request.reasoning.as_ref(), &mut object);
        object.close();
        // What was just written is an object.
        self.additional = serde_json::from_slice(&fields).unwrap_or_default();
        if let Some(effort) = plan.effort {
            let config = json!({ "effort": effort });
            self.additional.insert("output_config".to_owned(), config);
        }
        let why = if !claude.takes_sampling() {
            "this model samples by itself"
        } else if plan.thinks() {
            "not beside thinking"
        } else {
            self.claude_samples(request, claude, body);
            return;
        };
        let value = |number: Option<&Number>| number.and_then(Number::as_f64);
        let sampling = &request.sampling;
        // The default, 1, says nothing.
        let temperature = value(sampling.temperature.as_ref()).is_some_and(|value| value != 1.0);
        let top_p = match &sampling.top_p {
            Some(number) if claude.takes_sampling() && number.as_f64() >= Some(TOP_P_MIN) => {
                self.set("topP", number);
                false
            }
            number => value(number.as_ref()).is_some_and(|value| value < 1.0),
        };
        let unknown = [
            ("temperature", temperature),
            ("top_p", top_p),
            ("top_k", sampling.top_k.is_some()),
        ];
        lose_set(unknown, why, body.loss);
    }

    fn claude_samples(&mut self, request: &Request, claude: Claude, body: &mut Body<'_, '_>) {
        let sampling = &request.sampling;
        if let Some(temperature) = &sampling.temperature {
            self.temperature(temperature, body);
        }
        match &sampling.top_p {
            Some(number) if sampling.temperature.is_some() && claude.refuses_two_samplings() => {
                let says_something = number.as_f64().is_some_and(|value| value < 1.0);
                lose_set(
                    [("top_p", says_something)],
                    "not beside temperature",
                    body.loss,
                );
            }
            Some(number) => self.set("topP", number),
            None => {}
        }
        self.top_k(request, Family::Claude(claude), body);
    }

    /// How much to think, in the words of the model's own vendor.
    fn thinking(
        &mut self,
        request: &Request,
        target: &Target<'_>,
        family: Family,
        body: &mut Body<'_, '_>,
    ) {
        lose_set(
            [("verbosity", request.verbosity.is_some())],
            "this model has no levels of it",
            body.loss,
        );
        let Some(reasoning) = &request.reasoning else {
            return;
        };
        let unknown = [
            ("reasoning.summary", reasoning.summary.is_some()),
            ("reasoning.display", reasoning.display.is_some()),
            ("reasoning", !reasoning.extras.is_empty()),
        ];
        lose_set(
            unknown,
            "this model has no such wish about thinking",
            body.loss,
        );
        let is_off = reasoning.enabled == Some(false) || reasoning.effort == Some(Effort::None);
        let Some(effort) = effort(reasoning, is_off, request, target) else {
            return;
        };
        if target.thinking == Thinking::Unknown {
            if !is_off {
                body.lose("reasoning", "this model is not known to think");
            }
            return;
        }
        let (name, value) = match family {
            Family::GptOss => ("reasoning_effort", json!(level(effort))),
            Family::Nova if is_off => ("reasoningConfig", json!({ "type": "disabled" })),
            Family::Nova => {
                let level = self.nova_level(effort, body);
                let config = json!({ "type": "enabled", "maxReasoningEffort": level });
                ("reasoningConfig", config)
            }
            Family::Qwen if !is_off => {
                let is_low = effort <= Effort::Low;
                (
                    "reasoning_config",
                    json!(if is_low { "low" } else { "high" }),
                )
            }
            Family::Claude(_) | Family::Qwen | Family::Mistral | Family::Cohere | Family::Other => {
                body.lose("reasoning", "this model cannot be told how much to think");
                return;
            }
        };
        self.additional.insert(name.to_owned(), value);
    }

    /// The highest level excludes a limit and sampling.
    fn nova_level(&self, effort: Effort, body: &mut Body<'_, '_>) -> &'static str {
        let level = level(effort);
        if level == "high" && !self.inference.is_empty() {
            body.lose(
                "reasoning.effort",
                "the highest level excludes a limit and sampling",
            );
            return "medium";
        }
        level
    }
}

/// The level that is wanted; `None` where nothing was said of it. A budget is a share of the answer.
fn effort(
    reasoning: &Reasoning,
    is_off: bool,
    request: &Request,
    target: &Target<'_>,
) -> Option<Effort> {
    if is_off {
        return Some(Effort::None);
    }
    let of_budget = || {
        let budget = reasoning.max_tokens?;
        let whole = request
            .sampling
            .max_tokens
            .or(target.max_output_tokens)?
            .max(1);
        let percent = budget.saturating_mul(100) / whole;
        let levels = [Effort::Low, Effort::Medium, Effort::High];
        levels
            .into_iter()
            .min_by_key(|level| level.percent().abs_diff(percent))
    };
    let is_on =
        reasoning.enabled == Some(true) || reasoning.adaptive || reasoning.max_tokens.is_some();
    reasoning
        .effort
        .or_else(of_budget)
        .or(is_on.then_some(Effort::Medium))
}

/// The three levels that models here have.
const fn level(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    }
}

/// Writes `outputConfig`: JSON comes only with a schema, which is sent as text.
pub(super) fn render_format(format: Option<&Format>, body: &mut Body<'_, '_>) {
    match format {
        None | Some(Format::Text) => {}
        Some(Format::JsonSchema {
            name,
            description,
            schema: Some(schema),
            strict: _,
        }) => {
            let schema = json!({
                "name": name.as_deref().unwrap_or("response"),
                "schema": schema.to_string(),
            });
            let mut format =
                json!({ "type": "json_schema", "structure": { "jsonSchema": schema } });
            if let Some(description) = description
                && let Some(schema) = format.pointer_mut("/structure/jsonSchema")
                && let Some(schema) = schema.as_object_mut()
            {
                schema.insert("description".to_owned(), description.as_str().into());
            }
            body.field("outputConfig", &json!({ "textFormat": format }));
        }
        Some(Format::JsonObject | Format::JsonSchema { schema: None, .. }) => {
            body.lose("response_format", "JSON comes only with a schema");
        }
        Some(Format::Grammar(_) | Format::Python) => {
            body.lose("response_format", "there are no grammars here");
        }
    }
}

/// Writes `serviceTier`, or what makes an answer fast here: `performanceConfig`.
pub(super) fn render_tier(tier: Option<&str>, body: &mut Body<'_, '_>) {
    match tier {
        // The vendor decides.
        None | Some("auto") => {}
        Some("fast") => body.field("performanceConfig", &json!({ "latency": "optimized" })),
        Some(tier @ ("default" | "flex" | "priority" | "reserved")) => {
            body.field("serviceTier", &json!({ "type": tier }));
        }
        Some(_) => body.lose("service_tier", "there is no such tier here"),
    }
}
