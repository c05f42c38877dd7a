//! The form of the answer, sampling, and how much to think.
//!
//! Facts: `p` lies between 0.01 and 0.99, `k` between 0 and 500, the penalties between 0 and 1; five stop sequences.

use canon::{Effort, Format, Reasoning, Request, Sampling};
use serde_json::Number;

use crate::{Target, Thinking, body::Body, unsaid::lose_set};

/// The most stop sequences that Cohere takes.
const STOPS_MAX: usize = 5;
/// `p` lies between these two.
const P_MIN: f64 = 0.01;
/// See [`P_MIN`].
const P_MAX: f64 = 0.99;
/// The most that `k` may be.
const K_MAX: f64 = 500.0;

/// Writes `response_format`.
pub(super) fn render_format(format: Option<&Format>, body: &mut Body<'_, '_>) {
    match format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => {
            body.field(
                "response_format",
                &serde_json::json!({ "type": "json_object" }),
            );
        }
        Some(Format::JsonSchema {
            name,
            description,
            schema,
            strict: _,
        }) => {
            if body.takes("response_format", true) {
                let mut object = body.object.object("response_format");
                object.field("type", "json_object");
                object.optional("json_schema", schema.as_ref());
                object.close();
            }
            let unknown = [
                ("response_format.json_schema.name", name.is_some()),
                (
                    "response_format.json_schema.description",
                    description.is_some(),
                ),
            ];
            lose_set(unknown, "schemas have no names here", body.loss);
        }
        Some(Format::Grammar(_) | Format::Python) => {
            body.lose("response_format", "answers are free text or JSON here");
        }
    }
}

/// Writes sampling, stop sequences and the length of the answer.
pub(super) fn render_sampling(sampling: &Sampling, body: &mut Body<'_, '_>) {
    body.optional("max_tokens", sampling.max_tokens);
    body.optional("temperature", sampling.temperature.as_ref());
    render_within(
        body,
        ("p", "top_p"),
        sampling.top_p.as_ref(),
        (P_MIN, P_MAX),
    );
    render_within(body, ("k", "top_k"), sampling.top_k.as_ref(), (0.0, K_MAX));
    body.optional("seed", sampling.seed.as_ref());
    for (name, value) in [
        ("frequency_penalty", sampling.frequency_penalty.as_ref()),
        ("presence_penalty", sampling.presence_penalty.as_ref()),
    ] {
        render_within(body, (name, name), value, (0.0, 1.0));
    }
    let stops: Vec<&String> = sampling.stop.iter().take(STOPS_MAX).collect();
    body.optional("stop_sequences", (!stops.is_empty()).then_some(stops));
    if sampling.stop.len() > STOPS_MAX {
        body.lose("stop", "only the first five stop sequences are taken");
    }
    body.optional("logprobs", sampling.logprobs.filter(|wanted| *wanted));
    let unknown = [
        ("min_p", sampling.min_p.is_some()),
        ("top_a", sampling.top_a.is_some()),
        ("repetition_penalty", sampling.repetition_penalty.is_some()),
        ("logit_bias", sampling.logit_bias.is_some()),
        (
            "top_logprobs",
            sampling.top_logprobs.is_some_and(|top| top > 0),
        ),
        ("n", sampling.n.is_some_and(|n| n > 1)),
    ];
    lose_set(unknown, "this dialect has no such parameter", body.loss);
}

/// Writes a number, drawn to the nearest that Cohere takes; its name here and in canon.
fn render_within(
    body: &mut Body<'_, '_>,
    (name, asked): (&'static str, &'static str),
    value: Option<&Number>,
    (low, high): (f64, f64),
) {
    let Some(number) = value else { return };
    let wanted = number.as_f64().unwrap_or(low);
    if (low..=high).contains(&wanted) {
        body.field(name, number);
        return;
    }
    body.lose(asked, "drawn to the nearest value that is taken here");
    let nearest = wanted.clamp(low, high);
    if nearest.fract() == 0.0 {
        // Whole bounds are counts.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bound of this file: whole and between 0 and 500"
        )]
        body.field(name, &(nearest as u64));
    } else {
        body.field(name, &nearest);
    }
}

/// Writes `thinking`. A model that does not think refuses the wish, so an unknown one is told nothing.
pub(super) fn render_thinking(request: &Request, target: &Target<'_>, body: &mut Body<'_, '_>) {
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
        "this dialect has no such wish about thinking",
        body.loss,
    );
    let is_off = reasoning.enabled == Some(false) || reasoning.effort == Some(Effort::None);
    let is_on = reasoning.enabled == Some(true)
        || reasoning.adaptive
        || reasoning.effort.is_some()
        || reasoning.max_tokens.is_some();
    if !is_off && !is_on {
        return;
    }
    if target.thinking == Thinking::Unknown {
        if !is_off {
            body.lose("reasoning", "this model is not known to think");
        }
        return;
    }
    let budget = (!is_off)
        .then(|| budget(reasoning, request, target))
        .flatten();
    if !is_off && budget.is_none() && reasoning.effort.is_some() {
        body.lose(
            "reasoning.effort",
            "a share of an answer whose length nobody knows",
        );
    }
    if body.takes("thinking", true) {
        let mut thinking = body.object.object("thinking");
        thinking.field("type", if is_off { "disabled" } else { "enabled" });
        thinking.optional("token_budget", budget);
        thinking.close();
    }
}

/// The budget that was named, or the share of the answer that a level stands for (spec/inference.md §8.1).
fn budget(reasoning: &Reasoning, request: &Request, target: &Target<'_>) -> Option<u64> {
    reasoning.max_tokens.or_else(|| {
        let whole = request.sampling.max_tokens.or(target.max_output_tokens)?;
        Some(whole.saturating_mul(reasoning.effort?.percent()) / 100)
    })
}
