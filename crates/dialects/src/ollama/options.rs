//! `options` (sampling and the length of the answer) and `think`.

use canon::{Effort, Request};
use serde_json::Value;

use crate::{Target, Thinking, body::Body, json::Object, unsaid::lose_set};

/// Writes `options`, if there is anything to say. The caller's own `options` stand beside what the request says in
/// canon's words, which goes first.
pub(super) fn render_options(request: &Request, own: &[(&str, &Value)], body: &mut Body<'_, '_>) {
    let sampling = &request.sampling;
    let mut out = Vec::new();
    let mut options = Options {
        object: Object::open(&mut out),
        names: Vec::new(),
    };
    options.set("num_predict", sampling.max_tokens.as_ref());
    options.set("temperature", sampling.temperature.as_ref());
    options.set("top_p", sampling.top_p.as_ref());
    options.set("top_k", sampling.top_k.as_ref());
    options.set("min_p", sampling.min_p.as_ref());
    options.set("repeat_penalty", sampling.repetition_penalty.as_ref());
    options.set("frequency_penalty", sampling.frequency_penalty.as_ref());
    options.set("presence_penalty", sampling.presence_penalty.as_ref());
    options.set("seed", sampling.seed.as_ref());
    options.set("stop", Some(&sampling.stop).filter(|stop| !stop.is_empty()));
    let own = own.iter().find(|(name, _)| *name == "options");
    for (name, value) in own
        .and_then(|(_, own)| own.as_object())
        .into_iter()
        .flatten()
    {
        if !options.names.contains(&name.as_str()) {
            options.object.field(name, value);
        }
    }
    options.object.close();
    if body.takes("options", out != b"{}") {
        body.object.key("options").extend_from_slice(&out);
    }
    let unknown = [
        ("top_a", sampling.top_a.is_some()),
        ("logit_bias", sampling.logit_bias.is_some()),
        ("n", sampling.n.is_some_and(|n| n > 1)),
    ];
    lose_set(unknown, "this dialect has no such parameter", body.loss);
}

/// The object under way, and which fields it has.
struct Options<'a> {
    object: Object<'a>,
    names: Vec<&'static str>,
}

impl Options<'_> {
    fn set<T: serde::Serialize>(&mut self, name: &'static str, value: Option<&T>) {
        if let Some(value) = value {
            self.names.push(name);
            self.object.field(name, value);
        }
    }
}

/// Writes `think`. A model that does not think refuses a yes, so an unknown one is told nothing.
pub(super) fn render_think(request: &Request, target: &Target<'_>, body: &mut Body<'_, '_>) {
    let Some(reasoning) = &request.reasoning else {
        return;
    };
    let is_off = reasoning.enabled == Some(false) || reasoning.effort == Some(Effort::None);
    let is_on = reasoning.enabled == Some(true)
        || reasoning.adaptive
        || reasoning.effort.is_some()
        || reasoning.max_tokens.is_some();
    let unknown = [
        ("reasoning.summary", reasoning.summary.is_some()),
        ("reasoning.display", reasoning.display.is_some()),
        ("reasoning", !reasoning.extras.is_empty()),
    ];
    lose_set(
        unknown,
        "this dialect has no such wish about thinking",
        body.loss,
    );
    if !is_off && !is_on {
        return;
    }
    if target.thinking == Thinking::Unknown {
        if !is_off {
            body.lose("reasoning", "this model is not known to think");
        }
        return;
    }
    let has_levels = target.upstream_model.contains("gpt-oss");
    if reasoning.max_tokens.is_some() {
        body.lose("reasoning.max_tokens", "thinking has no budget here");
    }
    match reasoning.effort {
        _ if is_off => body.field("think", &false),
        Some(effort) if has_levels => body.field("think", level(effort)),
        Some(_) => {
            body.lose(
                "reasoning.effort",
                "this model is told to think or not, no more",
            );
            body.field("think", &true);
        }
        None => body.field("think", &true),
    }
}

const fn level(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    }
}
