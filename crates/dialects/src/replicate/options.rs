//! Sampling and the length of the answer.

use canon::Request;

use crate::{Loss, body::Body, unsaid::lose_set};

/// Writes what the request says of it, into the inputs.
pub(super) fn render_options(request: &Request, input: &mut Body<'_, '_>) {
    let sampling = &request.sampling;
    input.optional("max_tokens", sampling.max_tokens);
    input.optional("temperature", sampling.temperature.as_ref());
    input.optional("top_p", sampling.top_p.as_ref());
    input.optional("top_k", sampling.top_k.as_ref());
    input.optional("presence_penalty", sampling.presence_penalty.as_ref());
    input.optional("frequency_penalty", sampling.frequency_penalty.as_ref());
    input.optional("seed", sampling.seed.as_ref());
    render_stop(&sampling.stop, input);
    let unknown = [
        ("min_p", sampling.min_p.is_some()),
        ("top_a", sampling.top_a.is_some()),
        ("repetition_penalty", sampling.repetition_penalty.is_some()),
        ("logit_bias", sampling.logit_bias.is_some()),
        ("logprobs", sampling.logprobs == Some(true)),
        ("top_logprobs", sampling.top_logprobs.is_some()),
        ("n", sampling.n.is_some_and(|n| n > 1)),
        ("reasoning", wants_thinking(request)),
    ];
    lose_set(
        unknown,
        "models at Replicate have no such input",
        input.loss,
    );
}

/// The sequences, commas in between.
fn render_stop(stop: &[String], input: &mut Body<'_, '_>) {
    let is_sayable = |sequence: &&String| !sequence.contains(',') && !sequence.is_empty();
    let sayable: Vec<&str> = stop.iter().filter(is_sayable).map(String::as_str).collect();
    if sayable.len() < stop.len() {
        let why = "commas stand between the sequences here: none may have one, or be empty";
        input.loss.push(Loss::new("stop", why));
    }
    if !sayable.is_empty() {
        input.field("stop_sequences", &sayable.join(","));
    }
}

/// Whether the request has a wish about thinking. A model that always thinks cannot be told not to.
fn wants_thinking(request: &Request) -> bool {
    request.reasoning.as_ref().is_some_and(|reasoning| {
        reasoning.enabled.is_some()
            || reasoning.adaptive
            || reasoning.effort.is_some()
            || reasoning.max_tokens.is_some()
            || reasoning.summary.is_some()
            || reasoning.display.is_some()
            || !reasoning.extras.is_empty()
    })
}
