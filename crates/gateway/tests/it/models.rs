//! The catalogue behind the real router.

use http::StatusCode;
use serde_json::Value;

use crate::house::House;

const LAB: &str = r#"
[providers.lab]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
name = "Lab"
data_policy = { training = false, retains_days = 0 }

[[providers.lab.models]]
model = "lab/small"
context_length = 8192
max_output_tokens = 2048
price = { prompt = "0.0000001", completion = "0.0000002", cache_read = "0.00000001" }
supported_parameters = ["temperature", "tools"]

[[providers.lab.models]]
model = "lab/large"
context_length = 65536
input_modalities = ["text", "image"]
price = { prompt = "0.000003", completion = "0.000015" }

[[providers.lab.models]]
model = "lab/draw"
output_modalities = ["image"]
"#;

/// The models of a list, without the routers, which are on every list of such as answer.
async fn ids(house: &House, path: &str) -> Vec<String> {
    let (status, body) = house.get(path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    let ids = body["data"].as_array().unwrap().iter();
    ids.map(|model| model["id"].as_str().unwrap().to_owned())
        .filter(|id| !id.starts_with("openrouter/"))
        .collect()
}

#[tokio::test]
async fn only_what_a_configured_provider_serves_is_listed() {
    let house = House::open(LAB).await;
    assert_eq!(
        ids(&house, "/api/v1/models").await,
        ["lab/large", "lab/small"]
    );
    assert_eq!(
        ids(&house, "/v1/models?output_modalities=all").await.len(),
        3
    );
    let (_, body) = house.get("/api/v1/models").await;
    assert_eq!(
        (&body["total_count"], &body["links"]["next"]),
        (&Value::from(7), &Value::Null),
        "two models and five routers"
    );
    let (_, count) = house.get("/api/v1/models/count").await;
    assert_eq!(count["data"]["count"], 7);
    let (status, body) = house.get("/api/v1/model/openai/gpt-4o").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
}

#[tokio::test]
async fn a_fresh_gateway_lists_the_whole_catalogue() {
    let house = House::open("").await;
    let everything = ids(&house, "/api/v1/models").await;
    assert!(everything.len() > 100, "{}", everything.len());
    let page = ids(&house, "/api/v1/models?limit=1000&offset=0").await;
    assert_eq!(page, everything);
    let (_, body) = house.get("/api/v1/models?q=a&limit=3&offset=2").await;
    assert_eq!(body["links"]["next"], "/api/v1/models?q=a&offset=5&limit=3");
    let slug = everything
        .iter()
        .find(|id| !id.contains([':', '~']))
        .unwrap();
    let (status, one) = house.get(&format!("/api/v1/model/{slug}")).await;
    assert_eq!(
        (status, one["data"]["id"].as_str()),
        (StatusCode::OK, Some(slug.as_str()))
    );
}

#[tokio::test]
async fn filters_and_orders_are_obeyed() {
    let house = House::open(LAB).await;
    for (query, expected) in [
        ("q=SMALL", vec!["lab/small"]),
        (
            "supported_parameters=tools,temperature",
            vec!["lab/large", "lab/small"],
        ),
        ("supported_parameters=seed", vec!["lab/large"]),
        ("input_modalities=image", vec!["lab/large"]),
        ("output_modalities=image", vec!["lab/draw"]),
        ("context=8193", vec!["lab/large"]),
        ("max_price=0.1", vec!["lab/small"]),
        ("min_price=0.11", vec!["lab/large"]),
        ("min_output_price=15&max_output_price=15", vec!["lab/large"]),
        ("model_authors=openai", vec![]),
        ("providers=LAB&zdr=true", vec!["lab/large", "lab/small"]),
        ("sort=pricing-low-to-high", vec!["lab/small", "lab/large"]),
        ("sort=pricing-high-to-low", vec!["lab/large", "lab/small"]),
        ("sort=context-high-to-low", vec!["lab/large", "lab/small"]),
        ("q=lab&limit=1&offset=1", vec!["lab/small"]),
        ("offset=&limit=", vec!["lab/large", "lab/small"]),
        ("offset=9", vec![]),
    ] {
        assert_eq!(
            ids(&house, &format!("/api/v1/models?{query}")).await,
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_filtered_by_is_refused_and_named() {
    let house = House::open(LAB).await;
    for query in [
        "category=programming",
        "use_rss=true",
        "region=eu",
        "sort=nicest",
        "limit=0",
        "limit=1001",
        "offset=-1",
        "max_price=cheap",
        "supported_parameters=tool",
        "output_modalities=smell",
        "context=0",
        "zdr=1",
    ] {
        let (status, body) = house.get(&format!("/api/v1/models?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        let name = query.split('=').next().unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
}

#[tokio::test]
async fn a_model_has_the_shape_of_the_wire() {
    let house = House::open(LAB).await;
    let (_, body) = house.get("/api/v1/model/lab/small").await;
    let model = &body["data"];
    assert_eq!(model["canonical_slug"], "lab/small");
    assert_eq!(model["architecture"]["modality"], "text->text");
    assert_eq!(
        model["pricing"],
        serde_json::json!({ "prompt": "0.0000001", "completion": "0.0000002", "input_cache_read": "0.00000001" })
    );
    assert_eq!(model["top_provider"]["max_completion_tokens"], 2048);
    assert_eq!(
        model["supported_parameters"],
        serde_json::json!(["temperature", "tools"])
    );
    for name in [
        "per_request_limits",
        "default_parameters",
        "supported_voices",
    ] {
        assert!(
            model.get(name).is_some_and(Value::is_null),
            "{name} is null, not absent"
        );
    }
    let (_, body) = house.get("/api/v1/models/lab/small/endpoints").await;
    let endpoint = &body["data"]["endpoints"][0];
    assert_eq!(
        (&endpoint["tag"], &endpoint["provider_name"]),
        (&Value::from("lab"), &Value::from("Lab"))
    );
    for name in [
        "latency_last_30m",
        "throughput_last_30m",
        "uptime_last_1d",
        "quantization",
    ] {
        assert!(
            endpoint.get(name).is_some_and(Value::is_null),
            "{name} is null, not absent"
        );
    }
    assert_eq!(body["data"]["id"], "lab/small");
}

#[tokio::test]
async fn a_price_that_nobody_knows_is_not_told_as_nothing() {
    let house = House::open(LAB).await;
    let (_, body) = house.get("/api/v1/model/lab/draw").await;
    assert_eq!(body["data"]["pricing"]["prompt"], "-1");
}

#[tokio::test]
async fn every_model_of_the_catalogue_is_within_the_vocabulary_of_the_wire() {
    let house = House::open("").await;
    let (_, body) = house.get("/api/v1/models?output_modalities=all").await;
    let inputs = ["text", "image", "file", "audio", "video"];
    for model in body["data"].as_array().unwrap() {
        let id = &model["id"];
        for input in model["architecture"]["input_modalities"]
            .as_array()
            .unwrap()
        {
            assert!(inputs.contains(&input.as_str().unwrap()), "{id}: {input}");
        }
        assert!(
            model["created"].is_i64() && model["name"].is_string(),
            "{id}"
        );
        for price in model["pricing"].as_object().unwrap() {
            assert!(
                price.1.is_string() || price.0 == "overrides",
                "{id}: {price:?}"
            );
        }
    }
}

#[tokio::test]
async fn providers_are_those_that_are_configured() {
    let house = House::open(LAB).await;
    let (_, body) = house.get("/api/v1/providers").await;
    assert_eq!(body["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&body["data"][0]["name"], &body["data"][0]["slug"]),
        (&Value::from("Lab"), &Value::from("lab"))
    );
    let fresh = House::open("").await;
    let (_, body) = fresh.get("/api/v1/providers").await;
    assert!(
        body["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|provider| provider["slug"] == "openai")
    );
}
