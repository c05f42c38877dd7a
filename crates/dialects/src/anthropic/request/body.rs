//! The body that Anthropic is sent, field by field.

use canon::{Format, Request};
use serde_json::{Map, Number, Value};

use super::{thinking::Plan, tools, turns::Prompt};
use crate::{
    Error, Loss, Platform, Target,
    anthropic::{
        claude::Claude,
        platform,
        wire::{DIALECT, render_cache},
    },
    json::Object,
    path,
};

/// Extra fields that speak to the router only, and the one whose value is the platform's.
const ROUTER_FIELDS: &[&str] = &[
    "stop_server_tools_when",
    "max_tool_calls",
    "anthropic_version",
];
/// What a request to count may have; the rest does not change the count, and is refused.
const COUNTED_FIELDS: &[&str] = &[
    "anthropic_beta",
    "cache_control",
    "context_management",
    "mcp_servers",
    "output_config",
    "speed",
    "thinking",
    "tool_choice",
    "tools",
];
/// Extra fields that are written inside of others.
const NESTED_FIELDS: &[&str] = &["cache_control", "metadata", "output_config"];
/// The least `top_p` that may stand beside thinking.
const TOP_P_MIN: f64 = 0.95;

/// Writes a request for an answer. What cannot be said is added to `loss`.
///
/// # Errors
/// Something that cannot be left out without answering another question.
pub(in crate::anthropic) fn render(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    write(request, target, Purpose::Answer, loss)
}

/// Writes a request to count the tokens of the prompt.
///
/// # Errors
/// As for an answer.
pub(in crate::anthropic) fn render_count(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    write(request, target, Purpose::Count, loss)
}

/// What the vendor is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Answer,
    Count,
}

fn write(
    request: &Request,
    target: &Target<'_>,
    purpose: Purpose,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    let platform = target.form.platform;
    let is_own = matches!(platform, Platform::Own | Platform::Azure);
    if !is_own {
        path::check(target.upstream_model)?;
    }
    let claude = Claude::of(target);
    let plan = Plan::of(request, target, loss);
    let prompt = Prompt::of(request, claude, loss)?;
    let mut out = Vec::with_capacity(1024);
    let mut body = Body {
        drops: target.form.drops,
        purpose,
        object: Object::open(&mut out),
        loss,
    };
    if let Some(version) = platform::version(platform) {
        body.object.field("anthropic_version", version);
    }
    // On the clouds the path names the model, but for Vertex's one address for counting.
    if is_own || (purpose == Purpose::Count && platform == Platform::Vertex) {
        body.object.field("model", target.upstream_model);
    }
    // Bedrock counts what could be invoked, and that has a limit.
    if purpose == Purpose::Answer || platform == Platform::Bedrock {
        body.object.field("max_tokens", &plan.max_tokens);
    }
    prompt.render_system(&mut body.object, body.loss)?;
    prompt.render_turns(&mut body.object, body.loss)?;
    body.render_tools(request);
    body.render_sampling(request, &plan, claude);
    if body.takes("thinking", plan.mode.is_some()) {
        plan.render(request.reasoning.as_ref(), &mut body.object);
    }
    body.render_output_config(request, &plan);
    body.render_caller(request);
    body.render_extras(request);
    if purpose == Purpose::Answer {
        lose_unsayable(request, body.loss);
    }
    // On Bedrock the path says it.
    if request.stream && platform != Platform::Bedrock {
        body.field("stream", &true);
    }
    body.object.close();
    Ok(out)
}

/// The outermost object, without the fields that this vendor refuses.
struct Body<'o, 'l> {
    drops: &'static [&'static str],
    purpose: Purpose,
    object: Object<'o>,
    loss: &'l mut Vec<Loss>,
}

impl Body<'_, '_> {
    /// Whether a field that is there may be written; one that the vendor refuses is reported.
    fn takes(&mut self, name: &str, is_there: bool) -> bool {
        if self.purpose == Purpose::Count && !COUNTED_FIELDS.contains(&name) {
            return false;
        }
        let refused = is_there && self.drops.contains(&name);
        if refused {
            self.loss
                .push(Loss::new(name.to_owned(), "this vendor refuses it"));
        }
        is_there && !refused
    }

    fn field<T: serde::Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if self.takes(name, true) {
            self.object.field(name, value);
        }
    }

    fn render_tools(&mut self, request: &Request) {
        let mut has_tools = false;
        if self.takes("tools", !request.tools.is_empty()) {
            has_tools = tools::render_tools(request, &mut self.object, self.loss);
        }
        let has_choice = request.tool_choice.is_some() || request.parallel_tool_calls.is_some();
        if self.takes("tool_choice", has_choice) {
            tools::render_choice(request, has_tools, &mut self.object, self.loss);
        }
    }

    /// Sampling in Anthropic's bounds; next to thinking, and on models that do without, most of it is refused.
    fn render_sampling(&mut self, request: &Request, plan: &Plan, claude: Claude) {
        let sampling = &request.sampling;
        let why = if !claude.takes_sampling() {
            Some("this model samples by itself")
        } else if plan.thinks() {
            Some("not beside thinking")
        } else {
            None
        };
        if let Some(temperature) = &sampling.temperature {
            let value = temperature.as_f64().unwrap_or(1.0);
            match why {
                // The default says nothing; models that still read it accept it beside thinking.
                Some(_) if value == 1.0 => {
                    if claude.takes_sampling() {
                        self.field("temperature", temperature);
                    }
                }
                Some(why) => self.loss.push(Loss::new("temperature", why)),
                None if value > 1.0 => {
                    let why = "lowered to 1, the most there is";
                    self.loss.push(Loss::new("temperature", why));
                    self.field("temperature", &1);
                }
                None => self.field("temperature", temperature),
            }
        }
        if let Some(top_p) = &sampling.top_p {
            self.render_top_p(top_p, why, request, claude);
        }
        match (&sampling.top_k, why) {
            (Some(_), Some(why)) => self.loss.push(Loss::new("top_k", why)),
            (Some(top_k), None) => self.field("top_k", top_k),
            (None, _) => {}
        }
        self.render_stop(&sampling.stop);
    }

    fn render_top_p(
        &mut self,
        top_p: &Number,
        why: Option<&'static str>,
        request: &Request,
        claude: Claude,
    ) {
        let value = top_p.as_f64().unwrap_or(1.0);
        let is_twofold = request.sampling.temperature.is_some() && claude.refuses_two_samplings();
        let why = match why {
            Some(_) if claude.takes_sampling() && value >= TOP_P_MIN => None,
            None if is_twofold => Some("not beside temperature"),
            why => why,
        };
        match why {
            None => self.field("top_p", top_p),
            // Everything: the default.
            Some(_) if value >= 1.0 => {}
            Some(why) => self.loss.push(Loss::new("top_p", why)),
        }
    }

    fn render_stop(&mut self, stop: &[String]) {
        let (said, blank): (Vec<_>, Vec<_>) = stop.iter().partition(|text| !text.trim().is_empty());
        if !blank.is_empty() {
            self.loss
                .push(Loss::new("stop", "white space cannot end an answer here"));
        }
        if !said.is_empty() {
            self.field("stop_sequences", &said);
        }
    }

    fn render_output_config(&mut self, request: &Request, plan: &Plan) {
        let rest = own_object(request, "output_config");
        let schema = match &request.format {
            None | Some(Format::Text) => None,
            Some(Format::JsonSchema {
                name,
                description,
                schema,
                ..
            }) => {
                if description.is_some() || name.is_some() {
                    let what = "response_format.json_schema.name";
                    self.loss
                        .push(Loss::new(what, "schemas have no names here"));
                }
                schema.as_ref()
            }
            // The prompt of a caller who wants JSON says so: OpenAI demands it.
            Some(Format::JsonObject) => {
                self.loss.push(Loss::new(
                    "response_format",
                    "JSON comes only with a schema",
                ));
                None
            }
            Some(Format::Grammar(_) | Format::Python) => {
                self.loss
                    .push(Loss::new("response_format", "there are no grammars here"));
                None
            }
        };
        let is_there = plan.effort.is_some() || schema.is_some() || rest.is_some();
        if !self.takes("output_config", is_there) {
            return;
        }
        let mut config = self.object.object("output_config");
        config.optional("effort", plan.effort);
        if let Some(schema) = schema {
            let mut format = config.object("format");
            format.field("type", "json_schema");
            format.field("schema", &closed(schema));
            format.close();
        }
        for (name, value) in rest.into_iter().flatten() {
            config.field(name, value);
        }
        config.close();
    }

    /// Who asks, and what they want besides an answer.
    fn render_caller(&mut self, request: &Request) {
        let rest = own_object(request, "metadata");
        let is_there = request.user.is_some() || rest.is_some();
        if self.takes("metadata", is_there) {
            let mut metadata = self.object.object("metadata");
            metadata.optional("user_id", request.user.as_deref());
            for (name, value) in rest.into_iter().flatten() {
                metadata.field(name, value);
            }
            metadata.close();
        }
        let tier = request.service_tier.as_deref();
        let tier = match tier {
            Some("default" | "standard") => Some("standard_only"),
            tier => tier,
        };
        match tier {
            None => {}
            Some(tier @ ("auto" | "standard_only")) => self.field("service_tier", tier),
            Some(_) => self
                .loss
                .push(Loss::new("service_tier", "there is no such tier here")),
        }
        let mark = request.cache;
        if self.takes("cache_control", mark.is_some())
            && let Some(mark) = mark
        {
            match own_object(request, "cache_control") {
                Some(whole) => self.object.field("cache_control", whole),
                None => render_cache(mark, &mut self.object),
            }
        }
    }

    /// Fields that only this dialect has go on as they came.
    fn render_extras(&mut self, request: &Request) {
        let Some((dialect, fields)) = request.extras.any() else {
            return;
        };
        for (name, value) in fields {
            if dialect != DIALECT {
                let why = "only another dialect has it";
                self.loss.push(Loss::new(name.clone(), why));
            } else if !ROUTER_FIELDS.contains(&name.as_str())
                && !NESTED_FIELDS.contains(&name.as_str())
            {
                self.field(name, value);
            }
        }
    }
}

/// What the caller wrote into a field beside what canon has names for.
fn own_object<'a>(request: &'a Request, name: &str) -> Option<&'a Map<String, Value>> {
    request.extras.of(DIALECT)?.get(name)?.as_object()
}

/// Anthropic demands that every object of a schema says whether it may have more fields; a schema that does not
/// say is closed.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: Map<String, Value> = fields
                .iter()
                .map(|(name, value)| match name.as_str() {
                    // These hold values, not schemas.
                    "enum" | "const" | "default" | "examples" => (name.clone(), value.clone()),
                    _ => (name.clone(), closed(value)),
                })
                .collect();
            let is_object = fields.get("type").and_then(Value::as_str) == Some("object");
            if is_object && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            Value::Object(fields)
        }
        Value::Array(list) => Value::Array(list.iter().map(closed).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// Reports what this wire has no field for.
fn lose_unsayable(request: &Request, loss: &mut Vec<Loss>) {
    const WHY: &str = "there is no such field here";
    let sampling = &request.sampling;
    let fields = [
        ("min_p", sampling.min_p.is_some()),
        ("top_a", sampling.top_a.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("repetition_penalty", sampling.repetition_penalty.is_some()),
        ("seed", sampling.seed.is_some()),
        ("logit_bias", sampling.logit_bias.is_some()),
        ("logprobs", sampling.logprobs == Some(true)),
        ("top_logprobs", sampling.top_logprobs.is_some()),
        ("n", sampling.n.is_some_and(|n| n > 1)),
        ("prompt_cache_key", request.prompt_cache_key.is_some()),
        ("metadata", request.metadata.is_some()),
        (
            "modalities",
            request.modalities.iter().any(|kind| kind != "text"),
        ),
        ("audio", request.speech.is_some()),
    ];
    for (name, is_there) in fields {
        if is_there {
            loss.push(Loss::new(name, WHY));
        }
    }
}
