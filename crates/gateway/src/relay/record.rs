//! The record of a request: what `GET /generation` will show of it.

use canon::{Attempt, Generation, MediaKind, NanoUsd, Part, ReasoningBody, Request, Usage};

use super::{Admitted, plan::Target};

/// The record of a request that nobody answered.
pub(super) fn of_failure(
    admitted: &Admitted,
    target: &Target,
    attempts: &[Attempt],
    now: i64,
) -> Generation {
    let mut record = of(admitted, target, attempts, now);
    record.error = attempts.last().and_then(|attempt| attempt.error.clone());
    record
}

/// What is known of a request without its answer.
pub(super) fn of(
    admitted: &Admitted,
    target: &Target,
    attempts: &[Attempt],
    now: i64,
) -> Generation {
    let media = |wanted: MediaKind| {
        let parts = admitted
            .request
            .messages
            .iter()
            .flat_map(|message| &message.parts);
        let found =
            parts.filter(|part| matches!(part, Part::Media { media, .. } if media.kind == wanted));
        u64::try_from(found.count()).unwrap_or(u64::MAX)
    };
    let model = target
        .endpoint()
        .map(|endpoint| endpoint.model.to_string())
        .unwrap_or_default();
    let requested = admitted
        .request
        .model
        .clone()
        .filter(|requested| *requested != model);
    Generation {
        id: admitted.generation.clone(),
        key: admitted.key.id.clone(),
        workspace: admitted.key.workspace.clone(),
        created_at: admitted.arrived_at,
        dialect: admitted.dialect,
        model,
        requested_model: requested,
        provider: None,
        upstream_id: None,
        streamed: admitted.request.stream,
        cancelled: false,
        finish_reason: None,
        native_finish_reason: None,
        first_token_ms: None,
        latency_ms: millis(now, admitted.arrived_at),
        generation_ms: None,
        usage: Usage::default(),
        usage_estimated: false,
        cost: NanoUsd::ZERO,
        upstream_cost: NanoUsd::ZERO,
        cache_discount: NanoUsd::ZERO,
        media_prompt: media(MediaKind::Image),
        audio_prompt: media(MediaKind::Audio),
        media_completion: 0,
        is_byok: false,
        user: admitted.caller.user.clone(),
        session_id: admitted.request.session_id.clone(),
        referer: admitted.caller.referer.clone(),
        title: admitted.caller.title.clone(),
        user_agent: admitted.caller.user_agent.clone(),
        attempts: attempts.to_vec(),
        route: admitted.routed.route(),
        error: None,
    }
}

/// Bytes of text in the prompt.
pub(super) fn prompt_bytes(request: &Request) -> u64 {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.fold(0, |bytes, part| {
        let length = match part {
            Part::Text(text) => text.text.len(),
            Part::Refusal(text) => text.len(),
            Part::ToolCall(call) => call.arguments.len(),
            Part::ToolResult(result) => result
                .parts
                .iter()
                .map(|part| {
                    if let Part::Text(text) = part {
                        text.text.len()
                    } else {
                        0
                    }
                })
                .sum(),
            Part::Media { .. } | Part::Reasoning(_) | Part::Other { .. } => 0,
        };
        bytes + u64::try_from(length).unwrap_or(0)
    })
}

pub(super) fn reasoning_bytes(body: &ReasoningBody) -> u64 {
    let length = match body {
        ReasoningBody::Text { text, .. } | ReasoningBody::Summary(text) => text.len(),
        ReasoningBody::Encrypted(_) => 0,
    };
    u64::try_from(length).unwrap_or(u64::MAX)
}

pub(super) fn millis(later: i64, earlier: i64) -> u64 {
    u64::try_from(later.saturating_sub(earlier) / 1_000).unwrap_or(0)
}
