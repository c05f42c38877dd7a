//! `/keys` and `/key`: API keys, made and changed by management keys, and what a key may know of itself.

mod body;
mod budget;

use axum::{
    extract::{OriginalUri, Path, Request, State},
    response::Response,
};
use canon::{Fault, Key, KeyId, LimitReset, NanoUsd, WorkspaceId};
use http::{HeaderMap, StatusCode, Uri};
use policy::ledger::Spending;
use serde_json::{Map, Value, json};
use store::ListFilter;

use super::{answer, not_found, time, whole};
use crate::{
    app::{App, Core},
    clock,
    keyring::{self, DEFAULT_WORKSPACE},
    query::Query,
};

/// Keys on one page; the wire has no way to ask for another number.
const PAGE: u32 = 100;

/// `GET /key`: what the key that asks may know of itself.
pub async fn current(State(core): State<Core>, headers: HeaderMap) -> Response {
    let app = core.app();
    let found = app.keyring.find_bearer(&headers).await;
    answer(found.map(|key| (StatusCode::OK, json!({ "data": render_own(app, &key) }))))
}

/// `GET /keys`: one page of keys, newest first.
pub async fn list(
    State(core): State<Core>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Response {
    answer(list_page(core.app(), &headers, &uri).await)
}

/// `POST /keys`: a new key. Its plaintext is in this answer and never again.
pub async fn create(State(core): State<Core>, request: Request) -> Response {
    answer(create_key(core.app(), request).await)
}

/// `GET /keys/{hash}`.
pub async fn one(
    State(core): State<Core>,
    headers: HeaderMap,
    Path(hash): Path<String>,
) -> Response {
    answer(find_one(core.app(), &headers, &hash).await)
}

/// `PATCH /keys/{hash}`: absent fields stay, `null` clears.
pub async fn update(
    State(core): State<Core>,
    Path(hash): Path<String>,
    request: Request,
) -> Response {
    answer(update_key(core.app(), &hash, request).await)
}

/// `DELETE /keys/{hash}`: for ever, at once.
pub async fn delete(
    State(core): State<Core>,
    headers: HeaderMap,
    Path(hash): Path<String>,
) -> Response {
    answer(delete_key(core.app(), &headers, &hash).await)
}

type Decided = Result<(StatusCode, Value), Fault>;

async fn list_page(app: &App, headers: &HeaderMap, uri: &Uri) -> Decided {
    app.keyring.find_manager(headers).await?;
    let query = Query::parse(uri)?;
    let workspace = query.text("workspace_id").unwrap_or(DEFAULT_WORKSPACE);
    let filter = ListFilter {
        workspace: WorkspaceId::new(workspace),
        include_disabled: query.flag("include_disabled")?.unwrap_or(false),
        include_expired: query.flag("include_expired")?.unwrap_or(false),
        now: clock::now_micros(),
        offset: query.whole("offset", 0..=u64::MAX)?.unwrap_or(0),
        limit: PAGE,
    };
    let keys = app.store.keys().list(&filter).await.map_err(Fault::ours)?;
    let keys: Vec<Value> = keys.iter().map(|key| render(app, key)).collect();
    Ok((StatusCode::OK, json!({ "data": keys })))
}

async fn create_key(app: &App, request: Request) -> Decided {
    app.keyring.find_manager(request.headers()).await?;
    let bytes = whole(&app.config.server, request.into_body()).await?;
    let new = body::parse_new(&bytes, clock::now_micros())?;
    let (key, secret) = app
        .keyring
        .create(new)
        .await
        .map_err(|error: keyring::Error| Fault::ours(error))?;
    let mut data = render(app, &key);
    // The contract has it beside `data`; the published guide to rotation reads it inside.
    if let Value::Object(data) = &mut data {
        data.insert("key".to_owned(), json!(secret.expose()));
    }
    let body = json!({ "data": data, "key": secret.expose() });
    Ok((StatusCode::CREATED, body))
}

async fn find_one(app: &App, headers: &HeaderMap, hash: &str) -> Decided {
    app.keyring.find_manager(headers).await?;
    let found = app.store.keys().by_id(&KeyId::new(hash)).await;
    let key = found
        .map_err(Fault::ours)?
        .ok_or_else(|| not_found("API key"))?;
    Ok((StatusCode::OK, json!({ "data": render(app, &key) })))
}

async fn update_key(app: &App, hash: &str, request: Request) -> Decided {
    app.keyring.find_manager(request.headers()).await?;
    let bytes = whole(&app.config.server, request.into_body()).await?;
    let patch = body::parse_patch(&bytes)?;
    let id = KeyId::new(hash);
    let changed = app
        .store
        .keys()
        .update(&id, &patch, clock::now_micros())
        .await;
    let key = changed
        .map_err(Fault::ours)?
        .ok_or_else(|| not_found("API key"))?;
    Ok((StatusCode::OK, json!({ "data": render(app, &key) })))
}

async fn delete_key(app: &App, headers: &HeaderMap, hash: &str) -> Decided {
    app.keyring.find_manager(headers).await?;
    let deleted = app.store.keys().delete(&KeyId::new(hash)).await;
    if deleted.map_err(Fault::ours)? {
        Ok((StatusCode::OK, json!({ "deleted": true })))
    } else {
        Err(not_found("API key"))
    }
}

/// A key for those who manage it.
fn render(app: &App, key: &Key) -> Value {
    let mut object = Map::new();
    object.insert("hash".to_owned(), json!(key.id.as_str()));
    object.insert("name".to_owned(), json!(key.name));
    object.insert("label".to_owned(), json!(key.label));
    object.insert("disabled".to_owned(), json!(key.disabled));
    render_money(app, key, &mut object);
    object.insert("created_at".to_owned(), json!(time(key.created_at)));
    object.insert("updated_at".to_owned(), json!(key.updated_at.map(time)));
    object.insert("expires_at".to_owned(), json!(key.expires_at.map(time)));
    object.insert("creator_user_id".to_owned(), json!(key.creator));
    object.insert("workspace_id".to_owned(), json!(key.workspace.as_str()));
    // OpenRouter's clients insist on both. Weir keeps neither: no partner's names, no time of last use.
    object.insert("external_user".to_owned(), Value::Null);
    object.insert("last_used_at".to_owned(), Value::Null);
    Value::Object(object)
}

/// A key for its holder.
fn render_own(app: &App, key: &Key) -> Value {
    let mut object = Map::new();
    object.insert("label".to_owned(), json!(key.label));
    render_money(app, key, &mut object);
    object.insert("expires_at".to_owned(), json!(key.expires_at.map(time)));
    object.insert("creator_user_id".to_owned(), json!(key.creator));
    object.insert("is_free_tier".to_owned(), json!(false));
    object.insert("is_management_key".to_owned(), json!(key.management));
    // The older name of the same.
    object.insert("is_provisioning_key".to_owned(), json!(key.management));
    let rate_limit = json!({
        "requests": -1,
        "interval": "10s",
        "note": "This field is deprecated and safe to ignore.",
    });
    object.insert("rate_limit".to_owned(), rate_limit);
    object.insert("workspace_id".to_owned(), json!(key.workspace.as_str()));
    object.insert("organization_id".to_owned(), Value::Null);
    object.insert("allowed_data_regions".to_owned(), json!(["global"]));
    // Free models have no quota of their own here; -1 says so, as in `rate_limit`.
    let free = json!({ "limit": -1, "used": 0, "remaining": -1 });
    object.insert("free_model_daily_requests".to_owned(), free);
    render_budgets(app, key, &mut object);
    Value::Object(object)
}

/// Every budget that the key spends under, and the one that ends first.
fn render_budgets(app: &App, key: &Key, object: &mut Map<String, Value>) {
    let now = clock::now_micros();
    let own = budget::render(key, &app.books.spending(&key.id, now), now);
    object.insert("budgets".to_owned(), json!(own.iter().collect::<Vec<_>>()));
    object.insert("effective_budget".to_owned(), json!(own));
}

/// What a key may spend and has spent.
fn render_money(app: &App, key: &Key, object: &mut Map<String, Value>) {
    let spending = app.books.spending(&key.id, clock::now_micros());
    let usd = |amount: NanoUsd| Value::Number(amount.to_json_number());
    object.insert("limit".to_owned(), json!(key.limit.map(usd)));
    let remaining = remaining(key, &spending).map(usd);
    object.insert("limit_remaining".to_owned(), json!(remaining));
    let reset = key.limit_reset.map(LimitReset::name);
    object.insert("limit_reset".to_owned(), json!(reset));
    let byok = key.include_byok_in_limit;
    object.insert("include_byok_in_limit".to_owned(), json!(byok));
    for (name, amount) in [
        ("usage", spending.lifetime),
        ("usage_daily", spending.day),
        ("usage_weekly", spending.week),
        ("usage_monthly", spending.month),
        // No call is made with a caller's own provider key yet.
        ("byok_usage", NanoUsd::ZERO),
        ("byok_usage_daily", NanoUsd::ZERO),
        ("byok_usage_weekly", NanoUsd::ZERO),
        ("byok_usage_monthly", NanoUsd::ZERO),
    ] {
        object.insert(name.to_owned(), usd(amount));
    }
}

/// What is left of a key's limit in its window; never below zero, though more may have been spent.
fn remaining(key: &Key, spending: &Spending) -> Option<NanoUsd> {
    let spent = budget::spent(key, spending);
    Some(key.limit?.saturating_sub(spent).max(NanoUsd::ZERO))
}
