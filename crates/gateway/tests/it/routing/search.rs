//! `:online` and the plugin `web`: vendors search, each by its own tool; who has none is left out.

use http::StatusCode;
use serde_json::{Value, json};
use testbed::{Vendor, VendorConfig, Wire};

use crate::{
    house::House,
    stage::{MODEL, PAIR, Stage, question, with},
};

/// A gateway whose vendors of these names are this fake one, on these wires.
async fn searchers(wires: &[(&str, Wire)]) -> (Vendor, House) {
    let vendor = Vendor::start(VendorConfig::default()).await.unwrap();
    let config: String = wires
        .iter()
        .map(|(id, wire)| {
            let address = vendor.base_url(*wire);
            format!("[providers.{id}]\nbase_url = \"{address}\"\napi_key = \"a-key-of-{id}\"\n")
        })
        .collect();
    let house = House::open(&config).await;
    (vendor, house)
}

/// What the vendor was sent for this request.
async fn sent(vendor: &Vendor, house: &House, body: Value) -> Value {
    let (status, answer) = house
        .ask(&house.key.1, "POST", "/api/v1/chat/completions", body)
        .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let last = vendor.requests().pop().unwrap();
    serde_json::from_slice(&last.body).unwrap()
}

fn asking(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "What is new?"}]})
}

#[tokio::test]
async fn each_vendor_is_offered_its_own_search() {
    let wires = [
        ("anthropic", Wire::Anthropic),
        ("google-ai-studio", Wire::Gemini),
    ];
    let (vendor, house) = searchers(&wires).await;
    let body = sent(
        &vendor,
        &house,
        asking("anthropic/claude-sonnet-4.5:online"),
    )
    .await;
    assert_eq!(
        body["tools"],
        json!([{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}])
    );
    let plugin =
        json!({"plugins": [{"id": "web", "max_uses": 2, "include_domains": ["*.example.org"]}]});
    let asked = with(asking("anthropic/claude-sonnet-4.5"), plugin);
    let body = sent(&vendor, &house, asked).await;
    assert_eq!(body["tools"][0]["max_uses"], 2);
    assert_eq!(body["tools"][0]["allowed_domains"], json!(["example.org"]));
    let body = sent(&vendor, &house, asking("google/gemini-2.5-flash:online")).await;
    assert_eq!(body["tools"], json!([{"googleSearch": {}}]));
}

/// Else it would be answered without a search, and without a word of that.
#[tokio::test]
async fn a_name_of_the_operators_may_stand_for_a_model_that_searches() {
    let vendor = Vendor::start(VendorConfig::default()).await.unwrap();
    let house = House::open(&format!(
        "[providers.anthropic]\nbase_url = \"{}\"\napi_key = \"a-key\"\n\
         [routing.aliases]\nnews = \"anthropic/claude-sonnet-4.5:online\"\n",
        vendor.base_url(Wire::Anthropic)
    ))
    .await;
    let body = sent(&vendor, &house, asking("news")).await;
    assert_eq!(body["tools"][0]["name"], "web_search", "{body}");
}

#[tokio::test]
async fn googles_search_keeps_to_no_domains_and_says_so() {
    let (_vendor, house) = searchers(&[("google-ai-studio", Wire::Gemini)]).await;
    let plugin = json!({"plugins": [{"id": "web", "include_domains": ["example.org"]}]});
    let asked = with(asking("google/gemini-2.5-flash"), plugin);
    let (status, answer) = house
        .ask(&house.key.1, "POST", "/api/v1/chat/completions", asked)
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    assert!(answer.to_string().contains("domains"), "{answer}");
}

#[tokio::test]
async fn a_vendor_without_a_search_is_left_out_and_named() {
    let stage = Stage::open(PAIR, "").await;
    let online = json!({"model": format!("{MODEL}:online")});
    let answer = stage.chat(&with(question(false), online)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    assert!(answer.text.contains("plugins"), "{}", answer.text);
    assert_eq!(stage.asked(), [0, 0]);
}
