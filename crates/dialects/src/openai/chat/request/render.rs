//! Writing a request for a vendor. Fields that the vendor refuses, or that only the router reads, stay here; what
//! is left out although it was asked for is reported.

mod message;
mod part;
mod tool;

use canon::{CacheMark, CacheTtl, Dialect, Effort, Extras, Reasoning, Request, Sampling, Speech};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Error, Form, Loss, Target, Thinking,
    json::Object,
    openai::{
        effort::effort_of,
        router::restrictions,
        shared::{SAFETY_IDENTIFIER, is_shared, user_field},
    },
    sound::{GEMINI_VOICES, PCM},
};

/// Fields that mean something to a router and nothing to a vendor.
const ROUTER_ONLY: &[&str] = &[
    "max_tool_calls",
    "stop_server_tools_when",
    "x_search_filter",
    "structured_outputs",
];
/// The most stop sequences that OpenAI takes; callers of other dialects may have more.
const STOPS_MAX: usize = 4;
/// The voice where the caller names none that there is: OpenAI demands one.
const VOICE: &str = "alloy";
const REFUSED: &str = "this provider does not take the field";
const FOREIGN: &str = "a field of another dialect";

/// Writes a request.
pub(in crate::openai::chat) fn render_request(
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
    body.messages(request)?;
    body.sampling(&request.sampling);
    body.tools(request);
    body.format(request.format.as_ref());
    if let Some(reasoning) = &request.reasoning {
        body.reasoning(reasoning, request, target);
    }
    body.speech(request);
    body.cache(request.cache);
    body.optional("prompt_cache_key", request.prompt_cache_key.as_deref());
    body.optional("service_tier", request.service_tier.as_deref());
    body.optional("verbosity", request.verbosity.as_deref());
    body.optional(user_field(&request.extras), request.user.as_deref());
    if body.form.openrouter {
        body.routing(request);
    }
    body.extras(&request.extras);
    if request.stream {
        body.object.field("stream", &true);
        if body.form.ask_for_usage {
            let mut options = body.object.object("stream_options");
            options.field("include_usage", &true);
            options.close();
        }
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

    fn sampling(&mut self, sampling: &Sampling) {
        let limit = if self.form.max_completion_tokens
            || (self.form.openrouter && sampling.max_completion_tokens)
        {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        self.optional(limit, sampling.max_tokens);
        for (name, value) in [
            ("temperature", &sampling.temperature),
            ("top_p", &sampling.top_p),
            ("top_k", &sampling.top_k),
            ("min_p", &sampling.min_p),
            ("top_a", &sampling.top_a),
            ("frequency_penalty", &sampling.frequency_penalty),
            ("presence_penalty", &sampling.presence_penalty),
            ("repetition_penalty", &sampling.repetition_penalty),
        ] {
            self.optional(name, value.as_ref());
        }
        if let Some(seed) = &sampling.seed
            && self.takes("seed")
        {
            let name = if self.form.random_seed {
                "random_seed"
            } else {
                "seed"
            };
            self.object.field(name, seed);
        }
        let stops = sampling.stop.get(..STOPS_MAX).unwrap_or(&sampling.stop);
        self.optional("stop", (!stops.is_empty()).then_some(stops));
        if stops.len() < sampling.stop.len() {
            let why = "only the first four stop sequences are taken";
            self.loss.push(Loss::new("stop", why));
        }
        self.optional("logit_bias", sampling.logit_bias.as_ref());
        self.optional("logprobs", sampling.logprobs);
        self.optional("top_logprobs", sampling.top_logprobs);
        self.optional("n", sampling.n);
    }

    fn reasoning(&mut self, reasoning: &Reasoning, request: &Request, target: &Target<'_>) {
        if self.form.openrouter {
            return self.reasoning_object(reasoning);
        }
        let lost = [
            (reasoning.summary.is_some(), "reasoning.summary"),
            (reasoning.display.is_some(), "reasoning.display"),
            (!reasoning.extras.is_empty(), "reasoning (other fields)"),
        ];
        for (is_lost, name) in lost {
            if is_lost {
                self.loss
                    .push(Loss::new(name, "this dialect has only reasoning_effort"));
            }
        }
        let answer_max = request.sampling.max_tokens.or(target.max_output_tokens);
        let Some(effort) = effort_of(reasoning, answer_max) else {
            return;
        };
        // A model that does not think needs no word to say that it shall not.
        if effort == Effort::None && target.thinking == Thinking::Unknown {
            return;
        }
        // `max` is nobody's own word here; the highest that is known says it.
        let effort = effort.min(Effort::XHigh);
        self.optional("reasoning_effort", Some(effort.name()));
    }

    /// OpenRouter's own object.
    fn reasoning_object(&mut self, reasoning: &Reasoning) {
        if !self.takes("reasoning") {
            return;
        }
        let mut object = self.object.object("reasoning");
        object.optional("effort", reasoning.effort.map(Effort::name));
        object.optional("max_tokens", reasoning.max_tokens);
        let is_only_adaptive = reasoning.adaptive && reasoning.effort.is_none();
        object.optional(
            "enabled",
            reasoning.enabled.or(is_only_adaptive.then_some(true)),
        );
        object.optional("exclude", reasoning.exclude);
        object.optional("summary", reasoning.summary.as_deref());
        for (name, value) in reasoning
            .extras
            .of(Dialect::OpenAiChat)
            .into_iter()
            .flatten()
        {
            object.field(name, value);
        }
        object.close();
        if reasoning.display.is_some() {
            let loss = Loss::new("reasoning.display", "a field of another dialect");
            self.loss.push(loss);
        }
    }

    /// The kinds of output, and how it is spoken. Who speaks writes down what is said, too: sound alone is nothing
    /// that can be asked for.
    fn speech(&mut self, request: &Request) {
        let mut modalities: Vec<&str> = request.modalities.iter().map(String::as_str).collect();
        let is_only_sound = modalities == ["audio"];
        if is_only_sound {
            modalities.insert(0, "text");
        }
        self.optional("modalities", (!modalities.is_empty()).then_some(modalities));
        let none = Speech::default();
        let speech = match &request.speech {
            None if !is_only_sound => return,
            speech => speech.as_ref().unwrap_or(&none),
        };
        if !self.takes("audio") {
            return;
        }
        let own = speech.extras.of(Dialect::OpenAiChat);
        let has_own_voice = own.is_some_and(|own| own.contains_key("voice"));
        let mut voice = speech.voice.as_deref();
        if let Some(name) = voice
            && GEMINI_VOICES.contains(&name)
            && !self.form.openrouter
        {
            voice = None;
            let why = "there is no such voice here";
            self.loss.push(Loss::new("audio.voice", why));
        }
        let mut audio = self.object.object("audio");
        if !has_own_voice {
            audio.field("voice", voice.unwrap_or(VOICE));
        }
        audio.field("format", speech.format.as_deref().unwrap_or(PCM));
        for (name, value) in own.into_iter().flatten() {
            audio.field(name, value);
        }
        audio.close();
        if own.is_none() && !speech.extras.is_empty() {
            self.loss.push(Loss::new("audio (other fields)", FOREIGN));
        }
    }

    fn cache(&mut self, cache: Option<CacheMark>) {
        let Some(mark) = cache else { return };
        if self.form.cache_marks {
            if self.takes("cache_control") {
                render_mark(mark, &mut self.object);
            }
        } else {
            let why = "this provider has no cache breakpoints";
            self.loss.push(Loss::new("cache_control", why));
        }
    }

    fn routing(&mut self, request: &Request) {
        let provider = restrictions(&request.routing.preferences);
        let provider = (!provider.is_empty()).then_some(provider);
        self.optional("provider", provider);
        let plugins = &request.routing.plugins;
        self.optional("plugins", (!plugins.is_empty()).then_some(plugins));
        self.optional("session_id", request.session_id.as_deref());
    }

    fn extras(&mut self, extras: &Extras) {
        let Some((dialect, fields)) = extras.any() else {
            return;
        };
        for (name, value) in fields {
            if dialect != Dialect::OpenAiChat && !is_shared(dialect, name) {
                self.loss.push(Loss::new(name.clone(), FOREIGN));
            } else if name == SAFETY_IDENTIFIER {
                // Written with the user's name.
            } else if !ROUTER_ONLY.contains(&name.as_str()) || self.form.openrouter {
                self.optional::<&Value>(name, Some(value));
            }
        }
    }
}

/// Writes `cache_control`.
pub(in crate::openai) fn render_mark(mark: CacheMark, object: &mut Object<'_>) {
    let mut cache = object.object("cache_control");
    cache.field("type", "ephemeral");
    cache.optional(
        "ttl",
        mark.ttl.map(|ttl| match ttl {
            CacheTtl::FiveMinutes => "5m",
            CacheTtl::OneHour => "1h",
        }),
    );
    cache.close();
}
