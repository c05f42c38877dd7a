//! `GET /generation`: the record of one served request.

use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use canon::{Attempt, Fault, Generation, GenerationId, Key, NanoUsd};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::{answer, not_found, time};
use crate::{
    app::{App, Core},
    explain,
    query::Query,
};

/// `GET /generation?id=`. Readable as soon as the answer has ended.
pub async fn one(
    State(core): State<Core>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Response {
    answer(find_one(core.app(), &headers, &uri).await)
}

async fn find_one(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<(StatusCode, Value), Fault> {
    let key = app.keyring.find_bearer(headers).await?;
    let id = GenerationId::new(Query::parse(uri)?.required("id")?);
    let found = find(app, &id)
        .await?
        .filter(|generation| may_see(&key, generation));
    let generation = found.ok_or_else(|| not_found("generation"))?;
    Ok((StatusCode::OK, json!({ "data": render(&generation) })))
}

/// The record: in memory until it has been shipped, then in the database.
async fn find(app: &App, id: &GenerationId) -> Result<Option<Generation>, Fault> {
    if let Some(record) = app.books.find_generation(id) {
        return record.read().map(Some).map_err(Fault::ours);
    }
    app.store.generations().by_id(id).await.map_err(Fault::ours)
}

/// The keys of one workspace see each other's records; a management key sees all.
fn may_see(key: &Key, generation: &Generation) -> bool {
    key.management || key.workspace == generation.workspace
}

fn render(generation: &Generation) -> Value {
    let usage = &generation.usage;
    let usd = |amount: NanoUsd| Value::Number(amount.to_json_number());
    let responses: Vec<Value> = generation
        .attempts
        .iter()
        .map(|attempt| render_attempt(attempt, generation.is_byok))
        .collect();
    // Only calls on the caller's own provider key have a cost that is not on our bill.
    let upstream_cost = generation.is_byok.then(|| usd(generation.upstream_cost));
    json!({
        "id": generation.id.as_str(),
        "api_type": "completions",
        "model": generation.model,
        "provider_name": generation.provider,
        "upstream_id": generation.upstream_id,
        "request_id": null,
        "created_at": time(generation.created_at),
        "streamed": generation.streamed,
        "cancelled": generation.cancelled,
        "finish_reason": generation.finish_reason,
        "native_finish_reason": generation.native_finish_reason,
        "latency": generation.latency_ms,
        "generation_time": generation.generation_ms,
        "moderation_latency": null,
        "tokens_prompt": usage.prompt_tokens,
        "tokens_completion": usage.completion_tokens,
        "native_tokens_prompt": usage.prompt_tokens,
        "native_tokens_completion": usage.completion_tokens,
        "native_tokens_reasoning": usage.reasoning_tokens,
        "native_tokens_cached": usage.cached_tokens,
        "native_tokens_completion_images": usage.image_completion_tokens,
        "num_media_prompt": generation.media_prompt,
        "num_input_audio_prompt": generation.audio_prompt,
        "num_media_completion": generation.media_completion,
        "num_search_results": null,
        "num_fetches": null,
        "web_search_engine": null,
        "usage": usd(generation.cost),
        "total_cost": usd(generation.cost),
        "upstream_inference_cost": upstream_cost,
        "cache_discount": usd(generation.cache_discount),
        "is_byok": generation.is_byok,
        "app_id": null,
        "http_referer": generation.referer,
        "origin": generation.referer.as_deref().unwrap_or_default(),
        "user_agent": generation.user_agent,
        "external_user": generation.user,
        "router": generation.route.as_deref().and_then(|route| route.router.as_deref()),
        "service_tier": usage.service_tier,
        "preset_id": null,
        "workspace_id": generation.workspace.as_str(),
        "session_id": generation.session_id,
        "data_region": "global",
        "response_cache_source_id": null,
        "provider_responses": responses,
        // Ours; OpenRouter's clients pass over what they do not know.
        "weir": { "route": explain::of_generation(generation) },
    })
}

fn render_attempt(attempt: &Attempt, is_byok: bool) -> Value {
    let mut rendered = json!({
        "status": attempt.status,
        "provider_name": attempt.provider,
        "model_permaslug": attempt.model,
        "latency": attempt.latency_ms,
        "is_byok": is_byok,
    });
    // OpenRouter never asks two providers at once, nor has one go on with another's answer.
    if let (Some(cause), Some(fields)) = (attempt.cause, rendered.as_object_mut()) {
        let insured = attempt.insured.to_json_number();
        fields.insert(
            "weir".to_owned(),
            json!({"cause": cause, "insured": insured}),
        );
    }
    rendered
}
