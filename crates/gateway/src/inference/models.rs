//! The catalogue as callers see it: models, endpoints and providers, in OpenRouter's shapes.
//!
//! What is listed is what can be called: models that a configured provider serves. Where no provider is configured
//! yet, everything is listed (docs/decisions/2026-11-22-models-list.md).

mod filter;
mod measured;
mod render;
mod row;

use axum::{
    extract::{OriginalUri, Path, State},
    response::Response,
};
use canon::{Fault, Kind};
use http::{StatusCode, Uri};
use serde_json::{Value, json};

use self::{
    filter::{Filter, Page},
    measured::Health,
    row::Row,
};
use crate::{app::Core, clock, platform::answer, query::Query, snapshot::Snapshot};

/// `GET /models`: filtered, sorted, and cut into pages where asked.
pub async fn list(State(core): State<Core>, OriginalUri(uri): OriginalUri) -> Response {
    answer(list_rows(&core.app().snapshot.load(), &uri))
}

/// `GET /models/count`.
pub async fn count(State(core): State<Core>, OriginalUri(uri): OriginalUri) -> Response {
    answer(count_rows(&core.app().snapshot.load(), &uri))
}

/// `GET /model/{author}/{slug}`: aliases and suffixes are resolved.
pub async fn one(
    State(core): State<Core>,
    Path((author, slug)): Path<(String, String)>,
) -> Response {
    let snapshot = core.app().snapshot.load();
    let found = find(&snapshot, &author, &slug);
    answer(found.map(|row| {
        let data = render::model(&snapshot, &row);
        (StatusCode::OK, json!({ "data": data }))
    }))
}

/// `GET /models/{author}/{slug}/endpoints`.
pub async fn endpoints(
    State(core): State<Core>,
    Path((author, slug)): Path<(String, String)>,
) -> Response {
    let snapshot = core.app().snapshot.load();
    let found = find(&snapshot, &author, &slug);
    answer(found.map(|row| {
        let data = render::model_endpoints(&snapshot, &row, Health::of(core.app()));
        (StatusCode::OK, json!({ "data": data }))
    }))
}

/// `GET /providers`.
pub async fn providers(State(core): State<Core>) -> Response {
    let data = render::providers(&core.app().snapshot.load());
    answer(Ok((StatusCode::OK, json!({ "data": data }))))
}

type Decided = Result<(StatusCode, Value), Fault>;

fn list_rows(snapshot: &Snapshot, uri: &Uri) -> Decided {
    let query = Query::parse(uri)?;
    let filter = Filter::parse(&query, clock::now_micros())?;
    let page = Page::parse(&query)?;
    let rows = filter.apply(snapshot, row::all(snapshot));
    let (shown, next) = page.cut(&rows, uri);
    let data: Vec<Value> = shown
        .iter()
        .map(|row| render::model(snapshot, row))
        .collect();
    let body = json!({ "data": data, "total_count": rows.len(), "links": { "next": next } });
    Ok((StatusCode::OK, body))
}

fn count_rows(snapshot: &Snapshot, uri: &Uri) -> Decided {
    let query = Query::parse(uri)?;
    let filter = Filter::of_outputs(&query)?;
    let count = filter.apply(snapshot, row::all(snapshot)).len();
    Ok((StatusCode::OK, json!({ "data": { "count": count } })))
}

/// The row of a name.
fn find<'a>(snapshot: &'a Snapshot, author: &str, slug: &str) -> Result<Row<'a>, Fault> {
    let name = format!("{author}/{slug}");
    row::named(snapshot, &name).ok_or_else(|| {
        let near = snapshot.catalog.nearest(&name, 1);
        let meant = near
            .first()
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        let say =
            format!("Resource not found: no configured provider serves a model {name}{meant}");
        Fault::caller(Kind::NotFound, say)
    })
}
