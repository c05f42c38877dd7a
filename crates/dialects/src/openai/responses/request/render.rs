//! Writing a request for a vendor, stateless: nothing is stored there, and thinking comes back encrypted. What is
//! left out although it was asked for is reported.

mod item;
mod part;
mod tool;

use canon::{Dialect, Effort, Extras, Reasoning, Request, Sampling};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Error, Form, Loss, Target, Thinking,
    json::Object,
    openai::{
        chat::request::render::render_mark,
        effort::effort_of,
        responses::DIALECT,
        router::restrictions,
        shared::{SAFETY_IDENTIFIER, is_shared, user_field},
    },
};

pub(in crate::openai::responses) use tool::{render_format, render_tool, tool_choice};

/// Asks for thinking in a form that can be sent back although nothing is stored.
pub(in crate::openai::responses) const ENCRYPTED: &str = "reasoning.encrypted_content";
/// Asks for probabilities.
pub(in crate::openai::responses) const LOGPROBS: &str = "message.output_text.logprobs";

/// Fields that mean something to a router and nothing to a vendor.
const ROUTER_ONLY: &[&str] = &["stop_server_tools_when", "x_search_filter"];
const REFUSED: &str = "this provider does not take the field";
const FOREIGN: &str = "a field of another dialect";
const UNSAYABLE: &str = "this dialect has no such field";
const OPENROUTER_ONLY: &str = "only OpenRouter has this field in this dialect";

/// Writes a request.
pub(in crate::openai::responses) fn render_request(
    request: &Request,
    target: &Target<'_>,
    loss: &mut Vec<Loss>,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(1024);
    let mut body = Body {
        object: Object::open(&mut out),
        form: target.form,
        loss,
    };
    body.object.field("model", target.upstream_model);
    body.conversation(request)?;
    body.sampling(&request.sampling);
    body.tools(request);
    body.text(request);
    body.include(request, target);
    if let Some(reasoning) = &request.reasoning {
        body.reasoning(reasoning, request, target);
    }
    body.optional("prompt_cache_key", request.prompt_cache_key.as_deref());
    body.optional("service_tier", request.service_tier.as_deref());
    body.user(request);
    body.routing(request);
    body.extras(&request.extras);
    body.optional("store", Some(false));
    if request.stream {
        body.object.field("stream", &true);
    }
    body.object.close();
    Ok(out)
}

/// The body under way.
struct Body<'a> {
    object: Object<'a>,
    form: &'a Form,
    loss: &'a mut Vec<Loss>,
}

impl Body<'_> {
    /// Whether the vendor takes the field; reports the loss where it does not.
    fn takes(&mut self, name: &str) -> bool {
        let takes = !self.form.drops.contains(&name);
        if !takes {
            self.loss.push(Loss::new(name.to_owned(), REFUSED));
        }
        takes
    }

    /// Writes a field that may be absent and that the vendor may refuse.
    fn optional<T: Serialize>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value
            && self.takes(name)
        {
            self.object.field(name, &value);
        }
    }

    /// Writes a field that OpenRouter added to the dialect.
    fn added<T: Serialize>(&mut self, name: &'static str, value: Option<T>) {
        if self.form.openrouter {
            self.optional(name, value);
        } else if value.is_some() {
            self.loss.push(Loss::new(name, OPENROUTER_ONLY));
        }
    }

    fn sampling(&mut self, sampling: &Sampling) {
        self.optional("max_output_tokens", sampling.max_tokens);
        self.optional("temperature", sampling.temperature.as_ref());
        self.optional("top_p", sampling.top_p.as_ref());
        self.optional("top_logprobs", sampling.top_logprobs);
        self.added("top_k", sampling.top_k.as_ref());
        self.added("frequency_penalty", sampling.frequency_penalty.as_ref());
        self.added("presence_penalty", sampling.presence_penalty.as_ref());
        for (name, is_asked) in [
            ("min_p", sampling.min_p.is_some()),
            ("top_a", sampling.top_a.is_some()),
            ("repetition_penalty", sampling.repetition_penalty.is_some()),
            ("seed", sampling.seed.is_some()),
            ("stop", !sampling.stop.is_empty()),
            ("logit_bias", sampling.logit_bias.is_some()),
            ("n", sampling.n.is_some_and(|answers| answers > 1)),
        ] {
            if is_asked {
                self.loss.push(Loss::new(name, UNSAYABLE));
            }
        }
    }

    /// Writes `include`: what is not in answers unless asked for.
    fn include(&mut self, request: &Request, target: &Target<'_>) {
        let is_off = request.reasoning.as_ref().is_some_and(|reasoning| {
            reasoning.enabled == Some(false) || reasoning.effort == Some(Effort::None)
        });
        let may_think = request.reasoning.is_some() || target.thinking != Thinking::Unknown;
        let mut includes: Vec<&str> = Vec::new();
        if may_think && !is_off {
            includes.push(ENCRYPTED);
        }
        if request.sampling.logprobs == Some(true) {
            includes.push(LOGPROBS);
        }
        let others = request.extras.of(DIALECT).and_then(|it| it.get("include"));
        let others = others.and_then(Value::as_array).into_iter().flatten();
        includes.extend(others.filter_map(Value::as_str));
        self.optional("include", (!includes.is_empty()).then_some(includes));
    }

    fn reasoning(&mut self, reasoning: &Reasoning, request: &Request, target: &Target<'_>) {
        if *reasoning == Reasoning::default() || !self.takes("reasoning") {
            return;
        }
        let answer_max = request.sampling.max_tokens.or(target.max_output_tokens);
        // OpenRouter takes a budget, others only a level.
        let (effort, budget, enabled) = if self.form.openrouter {
            (reasoning.effort, reasoning.max_tokens, reasoning.enabled)
        } else {
            (effort_of(reasoning, answer_max), None, None)
        };
        // A model that does not think needs no word to say that it shall not.
        let effort =
            effort.filter(|effort| *effort != Effort::None || target.thinking != Thinking::Unknown);
        let mut object = self.object.object("reasoning");
        object.optional("effort", effort.map(Effort::name));
        object.optional("max_tokens", budget);
        object.optional("enabled", enabled);
        object.optional("summary", summary_of(reasoning));
        for (name, value) in reasoning.extras.of(DIALECT).into_iter().flatten() {
            object.field(name, value);
        }
        object.close();
        let is_foreign = |(dialect, _): (Dialect, _)| dialect != DIALECT;
        if reasoning.extras.any().is_some_and(is_foreign) {
            self.loss
                .push(Loss::new("reasoning (other fields)", FOREIGN));
        }
    }

    /// Who the end user is, under the name that the caller used.
    fn user(&mut self, request: &Request) {
        let name = user_field(&request.extras);
        self.optional(name, request.user.as_deref());
    }

    /// What another router behind this one must know.
    fn routing(&mut self, request: &Request) {
        if let Some(mark) = request.cache {
            if self.form.cache_marks && self.takes("cache_control") {
                render_mark(mark, &mut self.object);
            } else if !self.form.cache_marks {
                let why = "this provider has no cache breakpoints";
                self.loss.push(Loss::new("cache_control", why));
            }
        }
        if request.speech.is_some() {
            let why = "answers are not spoken in this dialect";
            self.loss.push(Loss::new("audio", why));
        }
        let is_only_text = request.modalities.iter().all(|kind| kind == "text");
        if !is_only_text || self.form.openrouter {
            let modalities = &request.modalities;
            self.added("modalities", (!modalities.is_empty()).then_some(modalities));
        }
        if !self.form.openrouter {
            return;
        }
        let provider = restrictions(&request.routing.preferences);
        self.optional("provider", (!provider.is_empty()).then_some(provider));
        let plugins = &request.routing.plugins;
        self.optional("plugins", (!plugins.is_empty()).then_some(plugins));
        self.optional("session_id", request.session_id.as_deref());
    }

    fn extras(&mut self, extras: &Extras) {
        let Some((dialect, fields)) = extras.any() else {
            return;
        };
        for (name, value) in fields {
            let is_written = ["include", "text", SAFETY_IDENTIFIER].contains(&name.as_str());
            if dialect != DIALECT && !is_shared(dialect, name) {
                self.loss.push(Loss::new(name.clone(), FOREIGN));
            } else if !is_written && (!ROUTER_ONLY.contains(&name.as_str()) || self.form.openrouter)
            {
                self.optional::<&Value>(name, Some(value));
            }
        }
    }
}

/// The kind of summary that is asked for. Where thinking shall be shown and nobody says how, the vendor decides.
fn summary_of(reasoning: &Reasoning) -> Option<&str> {
    let is_shown =
        reasoning.exclude == Some(false) || reasoning.display.as_deref() == Some("summarized");
    match &reasoning.summary {
        Some(summary) => Some(summary),
        None => is_shown.then_some("auto"),
    }
}
