//! Names that stand for a choice among models, end to end.

mod choosers;

use http::StatusCode;
use serde_json::{Value, json};
use testbed::Mood;

use crate::{
    house::House,
    stage::{Answer, MODEL, PAIR, Stage, cast, with},
};

fn ask(model: &str) -> Value {
    json!({
        "model": model,
        "messages": [{"role": "user", "content": "Why does my Python function crash with a KeyError?"}],
    })
}

/// Asks, and wants to see how it was routed.
async fn seen(stage: &Stage, body: &Value) -> Answer {
    let mut request = stage.request("/api/v1/chat/completions", body.to_string());
    let name = "x-openrouter-metadata";
    request
        .headers_mut()
        .insert(name, "enabled".parse().unwrap());
    Answer::read(stage.house.call(request).await).await
}

async fn model_of(stage: &Stage, body: &Value) -> String {
    let answer = stage.chat(body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["model"].as_str().unwrap().to_owned()
}

async fn error_of(stage: &Stage, body: &Value) -> (StatusCode, String) {
    let answer = stage.chat(body).await;
    let say = answer.error()["message"].as_str().unwrap().to_owned();
    (answer.status, say)
}

#[tokio::test]
async fn auto_says_what_it_takes_a_request_for_and_whom_it_chose() {
    let stage = Stage::open(PAIR, "").await;
    let answer = seen(&stage, &ask("openrouter/auto")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let body = answer.json();
    assert_eq!(
        body["model"], MODEL,
        "the cheapest, and never the router itself"
    );
    let metadata = &body["openrouter_metadata"];
    assert_eq!(metadata["requested"], "openrouter/auto");
    assert_eq!(metadata["strategy"], "auto");
    let stage_of_router = &metadata["pipeline"][0];
    assert_eq!(stage_of_router["name"], "auto-router");
    assert_eq!(stage_of_router["data"]["task_type"], "code:debugging");
    let record = stage.record(&answer).await;
    assert_eq!(record["router"], "openrouter/auto");
    assert_eq!(record["model"], MODEL);
}

#[tokio::test]
async fn each_router_reads_the_settings_of_its_own_plugin_only() {
    let stage = Stage::open(PAIR, "").await;
    let only = |id: &str| json!({"plugins": [{"id": id, "allowed_models": ["beta/*"]}]});
    let auto = with(ask("openrouter/auto"), only("auto-router"));
    assert_eq!(model_of(&stage, &auto).await, "beta/own");
    let auto = with(ask("openrouter/auto"), only("auto-beta-router"));
    assert_eq!(model_of(&stage, &auto).await, MODEL);
    let beta = with(ask("openrouter/auto-beta"), only("auto-beta-router"));
    assert_eq!(model_of(&stage, &beta).await, "beta/own");
    let off =
        json!({"plugins": [{"id": "auto-router", "enabled": false, "allowed_models": ["beta/*"]}]});
    assert_eq!(
        model_of(&stage, &with(ask("openrouter/auto"), off)).await,
        MODEL
    );
}

#[tokio::test]
async fn where_nothing_is_left_the_caller_hears_so() {
    let stage = Stage::open(PAIR, "").await;
    let nothing = "No models match your request and model restrictions";
    for more in [
        json!({"plugins": [{"id": "auto-router", "allowed_models": ["nobody/*"]}]}),
        json!({"plugins": [{"id": "auto-router", "excluded_models": ["*"]}]}),
        json!({"provider": {"zdr": true}}),
        json!({"provider": {"only": ["groq"]}}),
    ] {
        let heard = error_of(&stage, &with(ask("openrouter/auto"), more.clone())).await;
        assert_eq!(heard, (StatusCode::NOT_FOUND, nothing.to_owned()), "{more}");
    }
    let (status, say) = error_of(&stage, &ask("openrouter/free")).await;
    assert_eq!(
        (status, say.as_str()),
        (StatusCode::NOT_FOUND, nothing),
        "nothing is free here"
    );
    let capped = json!({"plugins": [{"id": "pareto-router", "max_price": 0.5}]});
    let (status, _) = error_of(&stage, &with(ask("openrouter/pareto-code"), capped)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_setting_names_its_field_even_where_nobody_reads_it() {
    let stage = Stage::open(PAIR, "").await;
    for (plugin, field) in [
        (
            json!({"id": "auto-router", "cost_tier": "ultra"}),
            "plugins.0.cost_tier",
        ),
        (
            json!({"id": "auto-beta-router", "allowed_models": "a"}),
            "plugins.0.allowed_models",
        ),
        (
            json!({"id": "pareto-router", "min_coding_score": 2}),
            "plugins.0.min_coding_score",
        ),
    ] {
        let answer = stage
            .chat(&with(ask(MODEL), json!({"plugins": [plugin]})))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let say = answer.error()["message"].as_str().unwrap().to_owned();
        assert!(say.starts_with(field), "{say}");
    }
}

#[tokio::test]
async fn only_models_that_can_do_what_is_asked_are_chosen() {
    let stage = Stage::open(PAIR, "").await;
    let own = json!({"plugins": [{"id": "auto-router", "allowed_models": ["alpha/own", MODEL], "cost_tier": "max"}]});
    assert_eq!(
        model_of(&stage, &with(ask("openrouter/auto"), own.clone())).await,
        "alpha/own"
    );
    let long = json!({"messages": [{"role": "user", "content": "fox ".repeat(9_000)}]});
    let long = with(with(ask("openrouter/auto"), own.clone()), long);
    assert_eq!(
        model_of(&stage, &long).await,
        MODEL,
        "4,000 tokens are too few"
    );
    let image = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is that?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]}]});
    let image = with(with(ask("openrouter/auto"), own), image);
    assert_eq!(
        model_of(&stage, &image).await,
        MODEL,
        "the other one sees nothing"
    );
}

#[tokio::test]
async fn a_router_may_stand_behind_other_models_and_takes_over_where_they_fail() {
    let stage = Stage::open(PAIR, "").await;
    stage.script("alpha", &[Mood::fail(503)]);
    let body = with(
        ask("alpha/own"),
        json!({"models": ["openrouter/auto"], "plugins": [{"id": "auto-router", "allowed_models": ["beta/own"]}]}),
    );
    let answer = seen(&stage, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["model"], "beta/own");
}

#[tokio::test]
async fn a_conversation_stays_with_the_model_that_was_chosen_for_it() {
    let stage = Stage::open(PAIR, "").await;
    let turn = |more: Value| {
        with(
            with(ask("openrouter/auto"), json!({"session_id": "s-1"})),
            more,
        )
    };
    let first = turn(json!({"plugins": [{"id": "auto-router", "allowed_models": ["beta/own"]}]}));
    assert_eq!(model_of(&stage, &first).await, "beta/own");
    assert_eq!(model_of(&stage, &turn(json!({}))).await, "beta/own");
    assert_eq!(
        model_of(&stage, &ask("openrouter/auto")).await,
        MODEL,
        "others do not"
    );
}

#[tokio::test]
async fn pin_model_keeps_the_model_of_the_last_answer() {
    let stage = Stage::open(PAIR, "").await;
    let talk = |pin: bool| {
        json!({
            "model": "openrouter/auto",
            "messages": [
                {"role": "user", "content": "Hello there"},
                {"role": "assistant", "content": "Hi.", "model": "beta/own"},
                {"role": "user", "content": "What does the fox say?"},
            ],
            "plugins": [{"id": "auto-router", "pin_model": pin}],
        })
    };
    assert_eq!(model_of(&stage, &talk(true)).await, "beta/own");
    assert_eq!(model_of(&stage, &talk(false)).await, MODEL);
}

#[tokio::test]
async fn nothing_that_is_said_makes_auto_fail() {
    let stage = Stage::open(PAIR, "").await;
    for content in [
        "",
        " ",
        "\u{0}",
        "？？",
        "```",
        "𝔘𝔫𝔦",
        &"{".repeat(5_000),
        "\\frac",
    ] {
        let body = with(
            ask("openrouter/auto"),
            json!({"messages": [{"role": "user", "content": content}]}),
        );
        model_of(&stage, &body).await;
    }
    let only_system = json!({"messages": [{"role": "system", "content": "Be brief."}]});
    model_of(&stage, &with(ask("openrouter/auto"), only_system)).await;
}

#[tokio::test]
async fn what_routers_cannot_serve_is_said_clearly() {
    let stage = Stage::open(PAIR, "").await;
    let (status, say) = error_of(&stage, &ask("openrouter/fusion")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(say.contains("fusion is not supported yet"), "{say}");
    let text = json!({"model": "openrouter/auto", "prompt": "Once upon a time"});
    let answer = stage.post("/api/v1/completions", text.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("needs `messages`"), "{}", answer.text);
    let none = json!({"reasoning": {"effort": "none"}});
    let (status, say) = error_of(&stage, &with(ask("aion-labs/aion-2.0"), none)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(say.contains("always thinks"), "{say}");
}

#[tokio::test]
async fn routers_are_listed_with_prices_that_nobody_knows_beforehand() {
    let stage = Stage::open(PAIR, "").await;
    let (_, body) = stage.house.get("/api/v1/models").await;
    let rows = body["data"].as_array().unwrap();
    for (id, price) in [
        ("openrouter/auto", "-1"),
        ("openrouter/auto-beta", "-1"),
        ("openrouter/pareto-code", "-1"),
        ("openrouter/free", "0"),
        ("openrouter/bodybuilder", "0"),
    ] {
        let row = rows.iter().find(|row| row["id"] == id);
        let row = row.unwrap_or_else(|| panic!("{id} is not listed"));
        assert_eq!(row["pricing"]["prompt"], price, "{id}");
        assert_eq!(row["pricing"]["completion"], price, "{id}");
        let (status, one) = stage.house.get(&format!("/api/v1/model/{id}")).await;
        assert_eq!((status, &one["data"]["id"]), (StatusCode::OK, &json!(id)));
    }
    let (_, empty) = stage
        .house
        .get("/api/v1/models/openrouter/auto/endpoints")
        .await;
    assert_eq!(empty["data"]["endpoints"], json!([]));
}

#[tokio::test]
async fn the_body_builder_answers_with_requests_that_can_be_sent_and_costs_nothing() {
    let stage = Stage::open(PAIR, "").await;
    let answer = stage.chat(&ask("openrouter/bodybuilder")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["usage"]["cost"], 0);
    assert!(body["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    let record = stage.record(&answer).await;
    assert_eq!(
        (&record["total_cost"], &record["router"]),
        (&json!(0), &json!("openrouter/bodybuilder"))
    );
    let content = body["choices"][0]["message"]["content"].as_str().unwrap();
    let written: Value = serde_json::from_str(content).unwrap();
    let request = &written["requests"][0];
    assert_eq!(
        model_of(&stage, request).await,
        request["model"].as_str().unwrap()
    );
}

#[tokio::test]
async fn the_body_builder_answers_whole_only() {
    let stage = Stage::open(PAIR, "").await;
    let body = with(ask("openrouter/bodybuilder"), json!({"stream": true}));
    let (status, say) = error_of(&stage, &body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(say.starts_with("stream:"), "{say}");
    assert_eq!(stage.asked(), [0, 0]);
}

#[tokio::test]
async fn no_model_is_free_of_charge_because_the_body_builder_is_named_beside_it() {
    let stage = Stage::open(PAIR, "").await;
    for body in [
        with(
            ask("alpha/own"),
            json!({"models": ["openrouter/bodybuilder"]}),
        ),
        with(
            ask("openrouter/bodybuilder"),
            json!({"models": ["alpha/own"]}),
        ),
        with(
            ask("openrouter/auto"),
            json!({"models": ["openrouter/bodybuilder"]}),
        ),
    ] {
        let (status, say) = error_of(&stage, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{say}");
        assert!(say.starts_with("models:"), "{say}");
    }
    assert_eq!(stage.asked(), [0, 0]);
}

#[tokio::test]
async fn what_makes_an_answer_dear_is_not_asked_for_where_the_operator_pays() {
    let stage = Stage::open(PAIR, "").await;
    let dear = json!({
        "n": 64, "reasoning": {"max_tokens": 60_000}, "service_tier": "priority",
        "max_tokens": 100_000, "plugins": [{"id": "web"}], "prediction": {"type": "content", "content": "x"},
    });
    let answer = stage.chat(&with(ask("openrouter/bodybuilder"), dear)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let mut asked = stage.vendors().flat_map(|(_, vendor)| vendor.requests());
    let asked: Value = serde_json::from_slice(&asked.next().unwrap().body).unwrap();
    for field in [
        "n",
        "reasoning",
        "reasoning_effort",
        "service_tier",
        "web_search_options",
        "prediction",
    ] {
        assert!(asked.get(field).is_none(), "{field}: {asked}");
    }
    let limits = ["max_tokens", "max_completion_tokens"].map(|name| asked[name].as_u64());
    assert!(
        limits.into_iter().flatten().all(|limit| limit <= 4_096),
        "{limits:?}"
    );
    assert!(limits.into_iter().any(|limit| limit.is_some()));
}

#[tokio::test]
async fn a_free_model_that_fails_is_not_had_for_money_elsewhere() {
    let (vendors, config) = cast(PAIR).await;
    let dear = "price = { prompt = \"0.000001\", completion = \"0.000001\" }";
    let config = config.replacen(dear, "price = { prompt = \"0\", completion = \"0\" }", 1);
    let house = House::open(&config).await;
    vendors[0].1.set_mood(Mood::fail(503));
    let (status, body) = house
        .ask(
            &house.key.1,
            "POST",
            "/api/v1/chat/completions",
            ask("openrouter/free"),
        )
        .await;
    assert!(status.is_server_error(), "{status} {body}");
    assert_eq!(vendors[0].1.requests().len(), 1);
    assert_eq!(
        vendors[1].1.requests().len(),
        0,
        "the dear one is not asked"
    );
}
