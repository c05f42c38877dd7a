//! What a caller prefers, end to end: who is asked, and what is said where nobody may be.

use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Mood, Wire};

use crate::stage::{MODEL, Stage, TRIO, question, with};

/// A vendor whose models differ in what a caller can ask for, and one with a tier that has ended.
const ODD: &str = r#"
[providers.odd]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
api_key = "k"
[[providers.odd.models]]
model = "odd/plain"
context_length = 1000
price = { prompt = "0.000005", completion = "0.000005", request = "0.01", image = "0.02", audio = "0.0001" }
quantization = "mxfp8"
supported_parameters = ["temperature"]
[[providers.odd.models]]
model = "odd/priceless"
supported_parameters = ["temperature"]
"#;

/// The error that these preferences lead to, and its availability.
async fn refusal(stage: &Stage, model: &str, more: Value) -> (StatusCode, Value) {
    let body = json!({
        "model": model,
        "messages": [{"role": "user", "content": "What does the fox say?"}],
    });
    let answer = stage.chat(&with(body, more)).await;
    answer.keeps_secrets();
    (answer.status, answer.error())
}

/// What a request says, the code that it leads to, the word of the vocabulary, and the field to change.
type Row = (Value, &'static str, &'static str, &'static str);

#[expect(clippy::too_many_lines, reason = "a table")]
fn filters() -> Vec<Row> {
    let long = "fox ".repeat(4_000);
    vec![
        (
            json!({"provider": {"only": ["groq"]}}),
            "constraint_filtered",
            "allowed_providers",
            "provider.only",
        ),
        (
            json!({"provider": {"ignore": ["odd"]}}),
            "constraint_filtered",
            "allowed_providers",
            "provider.ignore",
        ),
        (
            json!({"provider": {"order": ["groq"], "allow_fallbacks": false}}),
            "constraint_filtered",
            "allowed_providers",
            "provider.allow_fallbacks",
        ),
        (
            json!({"seed": 1, "provider": {"require_parameters": true}}),
            "constraint_filtered",
            "require_parameters",
            "provider.require_parameters",
        ),
        (
            json!({"provider": {"data_collection": "deny"}}),
            "privacy_restricted",
            "data_policy:training",
            "provider.data_collection",
        ),
        (
            json!({"provider": {"zdr": true}}),
            "privacy_restricted",
            "data_policy:zdr",
            "provider.zdr",
        ),
        (
            json!({"provider": {"quantizations": ["fp4", "bf16"]}}),
            "constraint_filtered",
            "quantization",
            "provider.quantizations",
        ),
        (
            json!({"provider": {"max_price": {"prompt": 4.9}}}),
            "constraint_filtered",
            "max_price",
            "provider.max_price",
        ),
        (
            json!({"provider": {"max_price": {"completion": "4.9"}}}),
            "constraint_filtered",
            "max_price",
            "provider.max_price",
        ),
        (
            json!({"provider": {"max_price": {"request": 0.009}}}),
            "constraint_filtered",
            "max_price",
            "provider.max_price",
        ),
        (
            json!({"provider": {"max_price": {"image": 0.019}}}),
            "constraint_filtered",
            "max_price",
            "provider.max_price",
        ),
        (
            json!({"messages": [{"role": "user", "content": long}]}),
            "constraint_filtered",
            "context_length",
            "messages",
        ),
    ]
}

#[tokio::test]
async fn each_filter_alone_gives_its_code_and_says_what_to_change() {
    let stage = Stage::open(&[], ODD).await;
    for (more, code, word, field) in filters() {
        let (status, error) = refusal(&stage, "odd/plain", more.clone()).await;
        let availability = &error["availability"];
        assert_eq!(availability["code"], code, "{more}: {error}");
        assert_eq!(
            availability["excluded_by"],
            json!([word]),
            "{more}: {error}"
        );
        assert_eq!(
            availability["constraint"]["field"], field,
            "{more}: {error}"
        );
        assert!(availability["constraint"]["detail"].as_str().unwrap().len() > 10);
        assert_eq!(availability["retryable"], false);
        assert_eq!(availability["affected_providers"], json!(["odd"]));
        let each = &error["metadata"]["excluded"][0];
        assert_eq!(
            (&each["endpoint"], &each["excluded_by"]),
            (&json!("odd"), &json!(word))
        );
        let expected = if word == "context_length" { 400 } else { 404 };
        assert_eq!(status.as_u16(), expected, "{error}");
    }
    let fits = json!({"provider": {"max_price": {"prompt": 5, "request": "0.01"}, "quantizations": ["fp8"]}});
    let (status, error) = refusal(&stage, "odd/plain", fits).await;
    assert_eq!(
        status,
        StatusCode::BAD_GATEWAY,
        "nobody listens there: {error}"
    );
    let unknown = json!({"provider": {"max_price": {"prompt": 1000}}});
    let (_, error) = refusal(&stage, "odd/priceless", unknown).await;
    assert_eq!(
        error["availability"]["excluded_by"],
        json!(["max_price"]),
        "{error}"
    );
    let learned = json!({"provider": {"enforce_distillable_text": true}});
    let (_, error) = refusal(&stage, "odd/plain", learned).await;
    assert_eq!(
        error["availability"]["code"], "constraint_filtered",
        "{error}"
    );
    assert_eq!(
        error["availability"]["constraint"]["field"],
        "provider.enforce_distillable_text"
    );
}

#[tokio::test]
async fn names_that_lead_nowhere_say_why_and_what_there_is() {
    let stage = Stage::open(&[], ODD).await;
    for (model, status, code, field, expected) in [
        (
            "odd/plane",
            400,
            "model_not_found",
            "fallback_models",
            json!("odd/plain"),
        ),
        (
            "odd/plain:free",
            404,
            "free_variant_ended",
            "fallback_models",
            json!("odd/plain"),
        ),
        (
            "odd/plain:quick",
            400,
            "model_not_found",
            "requested_models",
            json!("odd/plain:quick"),
        ),
        (
            "openai/gpt-4o",
            404,
            "no_endpoints",
            "requested_models",
            json!("openai/gpt-4o"),
        ),
    ] {
        let (found, error) = refusal(&stage, model, json!({})).await;
        assert_eq!(found.as_u16(), status, "{error}");
        assert_eq!(error["availability"]["code"], code, "{error}");
        assert_eq!(error["availability"][field][0], expected, "{error}");
    }
}

#[tokio::test]
async fn the_houses_settings_hold_for_everybody_and_a_request_can_only_narrow_them() {
    let stage = Stage::open(
        TRIO,
        "[routing]\nonly = [\"beta\", \"gamma\"]\nsort = \"price\"\n",
    )
    .await;
    let ask = |provider: Value| {
        let mut body = question(false);
        body["provider"] = provider;
        body
    };
    for (provider, asked) in [
        (json!({}), "beta"),
        (json!({"order": ["alpha"]}), "beta"),
        (json!({"only": ["alpha", "gamma"]}), "gamma"),
        (json!({"ignore": ["beta"]}), "gamma"),
    ] {
        let answer = stage.chat(&ask(provider.clone())).await;
        assert_eq!(
            answer.json()["provider"],
            asked,
            "{provider}: {}",
            answer.text
        );
    }
    let answer = stage.chat(&ask(json!({"only": ["alpha"]}))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let excluded = answer.error()["metadata"]["excluded"].clone();
    assert_eq!(excluded.as_array().unwrap().len(), 3, "{excluded}");
    let told = excluded[0]["detail"].as_str().unwrap();
    assert!(told.contains("settings of this gateway"), "{told}");
    assert_eq!(stage.asked()[0], 0);
}

#[tokio::test]
async fn an_end_of_a_vendors_own_is_told_as_such() {
    let stage = Stage::open(&[("alpha", Wire::OpenAiChat)], "").await;
    stage.script("alpha", &[Mood::fail(404)]);
    let answer = stage.chat(&question(false)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    let availability = answer.error()["availability"].clone();
    assert_eq!(
        availability["code"], "model_unavailable_upstream",
        "{availability}"
    );
    assert_eq!(availability["requested_models"], json!([MODEL]));
}
