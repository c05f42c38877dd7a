//! The management API behind the real router: shapes, rights, and every fault with its words.

use canon::{Attempt, AttemptId, Dialect, Generation, GenerationId, NanoUsd, Usage, WorkspaceId};
use gateway::books::{HoldRequest, Settlement};
use http::StatusCode;
use serde_json::{Value, json};

use crate::house::{House, new_key};

/// Every route of the management API with a method that it takes.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/v1/keys"),
    ("POST", "/api/v1/keys"),
    ("POST", "/api/v1/keys/"),
    ("GET", "/api/v1/keys/abc"),
    ("PATCH", "/api/v1/keys/abc"),
    ("DELETE", "/api/v1/keys/abc"),
];

fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn without_a_key_or_with_the_wrong_kind_nothing_is_managed() {
    let house = House::open("").await;
    for (method, path) in ROUTES {
        let (status, body) = house.ask("", method, path, Value::Null).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(body["error"]["message"], "Missing Authentication header");
        assert_eq!(body["error"]["code"], 401);
        let (status, body) = house.ask(&house.key.1, method, path, Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(
            body["error"]["message"],
            "Only management keys can perform this operation"
        );
    }
    for path in ["/api/v1/key", "/api/v1/generation?id=gen-1"] {
        assert_eq!(house.get(path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_key_is_made_found_changed_and_removed() {
    let house = House::open("").await;
    let body = json!({
        "name": "ci", "limit": 12.5, "limit_reset": "daily", "expires_at": "2099-01-02T03:04:05Z",
    });
    let (status, made) = house.manage("POST", "/api/v1/keys", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let plaintext = made["key"].as_str().unwrap();
    let data = &made["data"];
    assert_eq!(data["limit"], 12.5);
    assert_eq!(data["limit_remaining"], 12.5);
    assert_eq!(data["expires_at"], "2099-01-02T03:04:05Z");
    assert_eq!(data["updated_at"], Value::Null);
    let hash = data["hash"].as_str().unwrap();
    let own = house
        .ask(plaintext, "GET", "/api/v1/key", Value::Null)
        .await
        .1;
    assert_eq!(own["data"]["label"], data["label"]);
    let path = format!("/api/v1/keys/{hash}");
    let change = json!({ "name": "ci2", "limit": null, "disabled": true });
    let (status, changed) = house.manage("PATCH", &path, change).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&changed["data"]["name"], &changed["data"]["limit"]),
        (&json!("ci2"), &Value::Null)
    );
    assert_eq!(
        changed["data"]["limit_reset"], "daily",
        "what is absent stays"
    );
    let (status, refused) = house
        .ask(plaintext, "GET", "/api/v1/key", Value::Null)
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused["error"]["message"], "This API key is disabled");
    let listed = house.manage("GET", "/api/v1/keys", Value::Null).await.1;
    assert_eq!(
        listed["data"].as_array().unwrap().len(),
        1,
        "neither the manager nor what is disabled"
    );
    let listed = house
        .manage("GET", "/api/v1/keys?include_disabled=true", Value::Null)
        .await
        .1;
    assert_eq!(listed["data"][0]["name"], "ci2", "newest first");
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let (status, gone) = house.manage("DELETE", &path, Value::Null).await;
    assert_eq!((status, gone), (StatusCode::OK, json!({ "deleted": true })));
    for method in ["GET", "DELETE", "PATCH"] {
        let body = if method == "PATCH" {
            json!({})
        } else {
            Value::Null
        };
        assert_eq!(
            house.manage(method, &path, body).await.0,
            StatusCode::NOT_FOUND,
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_key_has_exactly_the_fields_of_the_wire() {
    let house = House::open("").await;
    let listed = house.manage("GET", "/api/v1/keys", Value::Null).await.1;
    assert_eq!(
        names(&listed["data"][0]),
        [
            "byok_usage",
            "byok_usage_daily",
            "byok_usage_monthly",
            "byok_usage_weekly",
            "created_at",
            "creator_user_id",
            "disabled",
            "expires_at",
            "external_user",
            "hash",
            "include_byok_in_limit",
            "label",
            "last_used_at",
            "limit",
            "limit_remaining",
            "limit_reset",
            "name",
            "updated_at",
            "usage",
            "usage_daily",
            "usage_monthly",
            "usage_weekly",
            "workspace_id",
        ]
    );
    let own = house
        .ask(&house.key.1, "GET", "/v1/key", Value::Null)
        .await
        .1;
    assert_eq!(
        names(&own["data"]),
        [
            "allowed_data_regions",
            "budgets",
            "byok_usage",
            "byok_usage_daily",
            "byok_usage_monthly",
            "byok_usage_weekly",
            "creator_user_id",
            "effective_budget",
            "expires_at",
            "free_model_daily_requests",
            "include_byok_in_limit",
            "is_free_tier",
            "is_management_key",
            "is_provisioning_key",
            "label",
            "limit",
            "limit_remaining",
            "limit_reset",
            "organization_id",
            "rate_limit",
            "usage",
            "usage_daily",
            "usage_monthly",
            "usage_weekly",
            "workspace_id",
        ]
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_body_or_a_query_is_named() {
    let house = House::open("").await;
    for (method, path, body, said) in [
        ("POST", "/api/v1/keys", json!({}), "`name`"),
        (
            "POST",
            "/api/v1/keys",
            json!({ "name": "a", "limit": -1 }),
            "`limit`",
        ),
        ("POST", "/api/v1/keys", json!("{"), "JSON"),
        ("POST", "/api/v1/keys", json!([]), "an object"),
        (
            "PATCH",
            "/api/v1/keys/x",
            json!({ "workspace_id": "y" }),
            "`workspace_id`",
        ),
        ("GET", "/api/v1/keys?offset=-1", Value::Null, "`offset`"),
        (
            "GET",
            "/api/v1/keys?include_disabled=maybe",
            Value::Null,
            "`include_disabled`",
        ),
        ("GET", "/api/v1/generation", Value::Null, "`id`"),
    ] {
        let (status, answer) = house.manage(method, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {path}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{method} {path}: {message}");
    }
    let long = Value::String("x".repeat(100_000));
    let (status, _) = house.manage("POST", "/api/v1/keys", long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

fn generation(house: &House, id: &str, workspace: &str) -> Generation {
    Generation {
        id: GenerationId::new(id),
        key: house.key.0.id.clone(),
        workspace: WorkspaceId::new(workspace),
        created_at: 1_790_000_000_123_456,
        dialect: Dialect::OpenAiChat,
        model: "lab/small".to_owned(),
        requested_model: None,
        provider: Some("Lab".to_owned()),
        upstream_id: Some("up-1".to_owned()),
        streamed: true,
        cancelled: false,
        finish_reason: Some("stop".to_owned()),
        native_finish_reason: Some("stop".to_owned()),
        first_token_ms: Some(5),
        latency_ms: 70,
        generation_ms: Some(65),
        usage: Usage {
            prompt_tokens: 11,
            completion_tokens: 7,
            ..Usage::default()
        },
        usage_estimated: false,
        cost: NanoUsd::new(1_234_567),
        upstream_cost: NanoUsd::new(1_234_567),
        cache_discount: NanoUsd::ZERO,
        media_prompt: 0,
        audio_prompt: 0,
        media_completion: 0,
        is_byok: false,
        user: None,
        session_id: None,
        referer: None,
        title: None,
        user_agent: None,
        attempts: vec![Attempt {
            number: 0,
            provider: "Lab".to_owned(),
            model: "lab/small".to_owned(),
            endpoint: None,
            status: Some(200),
            error: None,
            latency_ms: 70,
            cause: None,
            insured: NanoUsd::ZERO,
        }],
        route: None,
        error: None,
    }
}

/// Books a request as the relay does when it has ended.
fn book(house: &House, id: &str, workspace: &str) {
    let provider = "lab".parse().unwrap();
    let now = gateway::clock::now_micros();
    let request = HoldRequest {
        attempt: AttemptId {
            generation: GenerationId::new(id),
            number: 0,
        },
        key: &house.key.0,
        provider: &provider,
        amount: NanoUsd::new(2_000_000),
        deadline: now + 1_000_000_000,
        price_version: 1,
    };
    let hold = house.app.books.hold(&request, now).unwrap();
    let generation = generation(house, id, workspace);
    let settlement = Settlement {
        charged: generation.cost,
        upstream_cost: generation.upstream_cost,
        generation: canon::Record::of(&generation).map(Box::new),
    };
    hold.settle(settlement, now);
}

#[tokio::test]
async fn a_generation_is_readable_as_soon_as_it_has_ended_and_only_by_its_owner() {
    let house = House::open("").await;
    book(&house, "gen-1", "default");
    book(&house, "gen-2", "elsewhere");
    let ask = async |key: &str, id: &str| {
        house
            .ask(
                key,
                "GET",
                &format!("/api/v1/generation?id={id}"),
                Value::Null,
            )
            .await
    };
    let (status, found) = ask(&house.key.1, "gen-1").await;
    assert_eq!(status, StatusCode::OK, "{found}");
    let data = &found["data"];
    assert_eq!(data["total_cost"].to_string(), "0.001234567");
    assert_eq!(data["created_at"], "2026-09-21T14:13:20.123456Z");
    assert_eq!(data["native_tokens_prompt"], 11);
    assert_eq!(data["provider_responses"][0]["status"], 200);
    // OpenRouter's 45, and what is ours.
    assert_eq!(names(data).len(), 46);
    assert_eq!(
        data["weir"]["route"],
        Value::Null,
        "of a version that kept none"
    );
    assert_eq!(
        ask(&house.key.1, "gen-2").await.0,
        StatusCode::NOT_FOUND,
        "another workspace's"
    );
    assert_eq!(ask(&house.manager, "gen-2").await.0, StatusCode::OK);
    assert_eq!(ask(&house.key.1, "gen-3").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_key_has_spent_is_told_to_the_nano_dollar() {
    let house = House::open("").await;
    book(&house, "gen-1", "default");
    let path = format!("/api/v1/keys/{}", house.key.0.id);
    house
        .manage("PATCH", &path, json!({ "limit": 0.001 }))
        .await;
    let own = house
        .ask(&house.key.1, "GET", "/api/v1/key", Value::Null)
        .await
        .1;
    for name in ["usage", "usage_daily", "usage_weekly", "usage_monthly"] {
        assert_eq!(own["data"][name].to_string(), "0.001234567", "{name}");
    }
    assert_eq!(
        own["data"]["limit_remaining"].as_f64(),
        Some(0.0),
        "never below zero"
    );
}

#[tokio::test]
async fn keys_come_in_pages_of_a_hundred() {
    let house = House::open("").await;
    for number in 0..120 {
        house
            .app
            .keyring
            .create(new_key(&format!("k{number}"), false))
            .await
            .unwrap();
    }
    let first = house.manage("GET", "/api/v1/keys", Value::Null).await.1;
    let second = house
        .manage("GET", "/api/v1/keys?offset=100", Value::Null)
        .await
        .1;
    let count = |page: &Value| page["data"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (100, 21));
    assert_eq!(names(&first), ["data"], "this list has no total_count");
}
