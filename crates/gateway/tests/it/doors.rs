//! Every door: each dialect that is served, in front of vendors of every dialect that is called, whole and streamed,
//! with its errors, and with callers who leave.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "five of the dialects have doors, and the last of them is the plainest"
)]

mod counts;
mod fuzz;
mod google;
mod losses;

use std::time::Duration;

use axum::body::Body;
use canon::Dialect;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testbed::{Mood, Reply, Wire};

use crate::{
    stage::{Answer, MODEL, Stage},
    streams::streaming::left,
};

const LONE: &[(&str, Wire)] = &[("alpha", Wire::OpenAiChat)];
const SAID: &str = "alpha says hello to the whole wide world";
const WIRES: [Wire; 8] = [
    Wire::OpenAiChat,
    Wire::OpenAiResponses,
    Wire::Anthropic,
    Wire::Gemini,
    Wire::Bedrock,
    Wire::Cohere,
    Wire::Ollama,
    Wire::Replicate,
];

/// A route that answers, and how its dialect is spoken.
#[derive(Clone, Copy, Debug)]
struct Door {
    dialect: Dialect,
    /// Its header for keys, besides `Authorization`.
    key_header: Option<&'static str>,
}

const DOORS: [Door; 5] = [
    Door::new(Dialect::OpenAiChat, None),
    Door::new(Dialect::OpenAiResponses, None),
    Door::new(Dialect::OpenAiCompletions, None),
    Door::new(Dialect::Anthropic, Some("x-api-key")),
    Door::new(Dialect::Gemini, Some("x-goog-api-key")),
];

impl Door {
    const fn new(dialect: Dialect, key_header: Option<&'static str>) -> Self {
        Self {
            dialect,
            key_header,
        }
    }

    fn path(self, model: &str, stream: bool) -> String {
        let fixed = match self.dialect {
            Dialect::OpenAiChat => "/v1/chat/completions",
            Dialect::OpenAiResponses => "/v1/responses",
            Dialect::OpenAiCompletions => "/v1/completions",
            Dialect::Anthropic => "/v1/messages",
            Dialect::Gemini if stream => {
                return format!("/api/v1beta/models/{model}:streamGenerateContent?alt=sse");
            }
            Dialect::Gemini => return format!("/api/v1beta/models/{model}:generateContent"),
            other => panic!("{other} is not served"),
        };
        format!("/api{fixed}")
    }

    fn body(self, model: &str, stream: bool) -> Value {
        let question = "What does the fox say?";
        match self.dialect {
            Dialect::OpenAiResponses => {
                json!({"model": model, "input": question, "stream": stream})
            }
            Dialect::OpenAiCompletions => {
                json!({"model": model, "prompt": question, "stream": stream})
            }
            Dialect::Gemini => {
                json!({"contents": [{"role": "user", "parts": [{"text": question}]}]})
            }
            _ => json!({
                "model": model,
                "max_tokens": 500,
                "messages": [{"role": "user", "content": question}],
                "stream": stream,
            }),
        }
    }

    async fn ask(self, stage: &Stage, model: &str, stream: bool) -> Answer {
        let body = self.body(model, stream).to_string();
        stage.post(&self.path(model, stream), body).await
    }

    /// What a whole answer says, where it ended well.
    fn said(self, answer: &Answer) -> String {
        let body = answer.json();
        let (end, texts) = match self.dialect {
            Dialect::OpenAiResponses => {
                let items = body["output"].as_array().unwrap();
                let contents = items.iter().filter_map(|item| item["content"].as_array());
                let texts = contents.flatten().map(|part| part["text"].clone());
                (body["status"] == "completed", texts.collect())
            }
            Dialect::OpenAiCompletions => {
                let choice = &body["choices"][0];
                (
                    choice["finish_reason"] == "stop",
                    vec![choice["text"].clone()],
                )
            }
            Dialect::Anthropic => {
                let texts = vec![body["content"][0]["text"].clone()];
                (body["stop_reason"] == "end_turn", texts)
            }
            Dialect::Gemini => {
                let candidate = &body["candidates"][0];
                let texts = vec![candidate["content"]["parts"][0]["text"].clone()];
                (candidate["finishReason"] == "STOP", texts)
            }
            _ => {
                let choice = &body["choices"][0];
                let texts = vec![choice["message"]["content"].clone()];
                (choice["finish_reason"] == "stop", texts)
            }
        };
        assert!(end, "{body}");
        texts.iter().filter_map(Value::as_str).collect()
    }

    /// What a stream says, and whether it came to its own end.
    fn streamed(self, answer: &Answer) -> (String, bool) {
        let events = answer.events();
        let (mut said, mut ended) = (String::new(), false);
        for (name, data) in &events {
            let Ok(data) = serde_json::from_str::<Value>(data) else {
                assert_eq!(data, "[DONE]");
                continue;
            };
            let (text, end) = match self.dialect {
                Dialect::OpenAiResponses => {
                    assert!(name.is_empty() || data["type"] == *name, "{name}: {data}");
                    let is_text = data["type"] == "response.output_text.delta";
                    let text = if is_text {
                        &data["delta"]
                    } else {
                        &Value::Null
                    };
                    (text, data["type"] == "response.completed")
                }
                Dialect::OpenAiCompletions => {
                    let choice = &data["choices"][0];
                    (&choice["text"], choice["finish_reason"] == "stop")
                }
                Dialect::Anthropic => (&data["delta"]["text"], data["type"] == "message_stop"),
                Dialect::Gemini => {
                    let candidate = &data["candidates"][0];
                    let text = &candidate["content"]["parts"][0]["text"];
                    (text, candidate["finishReason"] == "STOP")
                }
                _ => {
                    let choice = &data["choices"][0];
                    (
                        &choice["delta"]["content"],
                        choice["finish_reason"] == "stop",
                    )
                }
            };
            said.push_str(text.as_str().unwrap_or_default());
            ended |= end;
        }
        (said, ended)
    }

    /// The message of an error before an answer, in the form of the dialect.
    fn complaint(self, answer: &Answer) -> String {
        let body = answer.json();
        let error = &body["error"];
        let status = json!(answer.status.as_u16());
        match self.dialect {
            Dialect::Anthropic => {
                assert_eq!(body["type"], "error", "{body}");
                assert!(error["type"].is_string(), "{body}");
            }
            Dialect::Gemini => {
                assert_eq!(error["code"], status, "{body}");
                assert!(error["status"].is_string(), "{body}");
            }
            Dialect::OpenAiResponses => {
                assert!(body["error_type"].is_string(), "{body}");
                assert!(
                    error["code"] == status || error["code"].is_string(),
                    "{body}"
                );
            }
            _ => {
                assert_eq!(error["code"], status, "{body}");
                assert!(error["metadata"]["error_type"].is_string(), "{body}");
            }
        }
        error["message"].as_str().unwrap().to_owned()
    }
}

fn doors() -> impl Iterator<Item = Door> {
    DOORS
        .into_iter()
        .filter(|door| dialects::served(door.dialect).is_some())
}

/// The wires whose dialect is called.
fn wires() -> impl Iterator<Item = Wire> {
    let dialect = |wire: &Wire| match wire {
        Wire::OpenAiResponses => Dialect::OpenAiResponses,
        Wire::Anthropic => Dialect::Anthropic,
        Wire::Gemini => Dialect::Gemini,
        Wire::Bedrock => Dialect::Bedrock,
        Wire::Cohere => Dialect::Cohere,
        Wire::Ollama => Dialect::Ollama,
        Wire::Replicate => Dialect::Replicate,
        _ => Dialect::OpenAiChat,
    };
    WIRES
        .into_iter()
        .filter(move |wire| dialects::called(dialect(wire)).is_some())
}

#[test]
fn every_dialect_that_is_served_has_a_door() {
    for serve in dialects::SERVED {
        let dialect = serve.dialect();
        assert!(doors().any(|door| door.dialect == dialect), "{dialect}");
    }
}

#[tokio::test]
async fn every_door_answers_from_every_wire_whole_and_streamed() {
    for wire in wires() {
        let stage = Stage::open(&[("alpha", wire)], "").await;
        for door in doors() {
            let case = format!("{} from {wire:?}", door.dialect);
            let whole = door.ask(&stage, MODEL, false).await;
            assert_eq!(whole.status, StatusCode::OK, "{case}: {}", whole.text);
            assert_eq!(door.said(&whole), SAID, "{case}: {}", whole.text);
            let streamed = door.ask(&stage, MODEL, true).await;
            assert_eq!(streamed.status, StatusCode::OK, "{case}: {}", streamed.text);
            assert_eq!(streamed.headers["content-type"], "text/event-stream");
            let told = door.streamed(&streamed);
            assert_eq!(told, (SAID.to_owned(), true), "{case}: {}", streamed.text);
            for answer in [&whole, &streamed] {
                assert!(!answer.headers.contains_key("x-weir-loss"), "{case}");
                answer.keeps_secrets();
                let record = stage.record(answer).await;
                assert_eq!(record["tokens_completion"], 8, "{case}: {record}");
                assert!(record["total_cost"].as_f64().unwrap() > 0.0, "{case}");
            }
        }
        let bills = stage.vendor("alpha").bill();
        assert_eq!(bills.len(), 2 * doors().count(), "{wire:?}");
        assert!(
            bills.iter().all(|bill| bill.completed),
            "{wire:?}: {bills:?}"
        );
    }
}

#[tokio::test]
async fn every_door_tells_mistakes_in_its_own_dialect() {
    let stage = Stage::open(LONE, "").await;
    for door in doors() {
        let dialect = door.dialect;
        let path = door.path(MODEL, false);
        let mut hot = door.body(MODEL, false);
        if dialect == Dialect::Gemini {
            hot["generationConfig"] = json!({"temperature": "hot"});
        } else {
            hot["temperature"] = json!("hot");
        }
        let hot = hot.to_string();
        for (body, part) in [("{", "byte 1"), ("[]", "object"), (&*hot, "temperature")] {
            let answer = stage.post(&path, body.to_owned()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{dialect} {body}");
            let words = door.complaint(&answer);
            assert!(words.contains(part), "{dialect} {body}: {words}");
            answer.generation();
        }
        for stream in [false, true] {
            let answer = door.ask(&stage, "acme/onne", stream).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{dialect}");
            let words = door.complaint(&answer);
            assert!(
                words.contains("acme/onne") && words.contains(MODEL),
                "{words}"
            );
        }
        let get = Request::get(&path).body(Body::empty()).unwrap();
        let answer = Answer::read(stage.house.call(get).await).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{dialect}");
        assert_eq!(answer.headers[header::ALLOW], "POST", "{dialect}");
        assert!(door.complaint(&answer).contains("GET"), "{dialect}");
    }
    assert_eq!(stage.asked(), [0]);
}

#[tokio::test]
async fn every_door_wants_a_key_and_takes_it_where_its_clients_put_it() {
    let stage = Stage::open(LONE, "").await;
    let ask = |door: Door, header: &'static str, value: String| {
        let request = Request::post(door.path(MODEL, false)).header(header, value);
        let request = request.body(Body::from(door.body(MODEL, false).to_string()));
        let house = &stage.house;
        async move { Answer::read(house.call(request.unwrap()).await).await }
    };
    let unknown = format!("sk-or-v1-{}", "0".repeat(64));
    let headers = ["x-api-key", "x-goog-api-key"];
    for door in doors() {
        let dialect = door.dialect;
        for wrong in [
            String::new(),
            format!("Bearer {unknown}"),
            "Basic x".to_owned(),
        ] {
            let answer = ask(door, "authorization", wrong).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{dialect}");
            let words = door.complaint(&answer);
            assert!(!words.contains(&unknown), "{words}");
        }
        let key = &stage.house.key.1;
        let answer = ask(door, "authorization", format!("Bearer {key}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{dialect}: {}", answer.text);
        for header in headers {
            let answer = ask(door, header, key.clone()).await;
            let expected = if door.key_header == Some(header) {
                StatusCode::OK
            } else {
                StatusCode::UNAUTHORIZED
            };
            assert_eq!(answer.status, expected, "{dialect} {header}");
            let answer = ask(door, header, unknown.clone()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{dialect}");
        }
    }
}

#[tokio::test]
async fn every_door_tells_failing_vendors_in_its_own_dialect() {
    for door in doors() {
        for stream in [false, true] {
            let dialect = door.dialect;
            // What was just seen of a vendor may count: each failure comes to a new house.
            let stage = Stage::open(LONE, "").await;
            stage.script("alpha", &[Mood::fail(503)]);
            let answer = door.ask(&stage, MODEL, stream).await;
            let status = answer.status;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{dialect}");
            door.complaint(&answer);
            answer.keeps_secrets();
            let stage = Stage::open(LONE, "").await;
            stage.script("alpha", &[Mood::rate_limited(7)]);
            let answer = door.ask(&stage, MODEL, stream).await;
            let status = answer.status;
            assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{dialect}");
            assert_eq!(answer.headers["retry-after"], "7", "{dialect}");
            door.complaint(&answer);
        }
    }
}

#[tokio::test]
async fn every_door_breaks_a_stream_off_with_one_error() {
    for door in doors() {
        let stage = Stage::open(LONE, "").await;
        stage.script("alpha", &[Mood::replying(Reply::ErrorAfter(4))]);
        let answer = door.ask(&stage, MODEL, true).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let (said, ended) = door.streamed(&answer);
        let case = format!("{}: {}", door.dialect, answer.text);
        assert!(
            !said.is_empty() && SAID.starts_with(&said) && !ended,
            "{case}"
        );
        let errors = answer.events().into_iter().filter(|(_, data)| {
            let data: Value = serde_json::from_str(data).unwrap_or_default();
            data["error"].is_object() || data["response"]["error"].is_object()
        });
        assert_eq!(errors.count(), 1, "{case}");
        answer.keeps_secrets();
    }
}

#[tokio::test]
async fn a_caller_who_leaves_by_any_door_pays_once() {
    for door in doors() {
        let stage = Stage::open(LONE, "").await;
        stage.vendor("alpha").set_mood(Mood {
            between_ms: 30,
            ..Mood::default()
        });
        let body = door.body(MODEL, true).to_string();
        let request = stage.request(&door.path(MODEL, true), body);
        let mut response = stage.house.call(request).await;
        let id = response.headers()["x-generation-id"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            response
                .body_mut()
                .frame()
                .await
                .unwrap()
                .unwrap()
                .is_data()
        );
        drop(response);
        let soon = Duration::from_secs(2);
        let bill = tokio::time::timeout(soon, stage.vendor("alpha").bill_of(1)).await;
        let bill = bill.unwrap();
        assert_eq!(bill.len(), 1, "{}", door.dialect);
        assert!(bill[0].client_left_after_events.is_some(), "{bill:?}");
        let record = left(&stage, &format!("/api/v1/generation?id={id}")).await;
        assert_eq!(record["cancelled"], true, "{}: {record}", door.dialect);
        assert!(record["total_cost"].as_f64().unwrap() > 0.0, "{record}");
        assert_eq!(stage.asked(), [1]);
    }
}

#[tokio::test]
async fn a_slow_vendor_is_waited_for_in_every_dialect() {
    let stage = Stage::open(LONE, "[server]\ngrace_ms = 10\nkeep_alive_ms = 100\n").await;
    stage.vendor("alpha").set_mood(Mood {
        first_token_ms: 350,
        ..Mood::default()
    });
    for door in doors() {
        let answer = door.ask(&stage, MODEL, true).await;
        let told = door.streamed(&answer);
        assert_eq!(told, (SAID.to_owned(), true), "{}", answer.text);
        let sign = if door.dialect == Dialect::Gemini {
            "\n\n"
        } else {
            ": "
        };
        assert!(
            answer.text.starts_with(sign),
            "{}: {}",
            door.dialect,
            answer.text
        );
    }
}

#[tokio::test]
async fn what_is_too_long_for_responses_is_an_answer_that_was_cut_short() {
    let stage = Stage::open(LONE, "").await;
    let door = Door::new(Dialect::OpenAiResponses, None);
    for (moods, input) in [
        (vec![Mood::fail(400)], "x".to_owned()),
        (vec![], "word ".repeat(400_000)),
    ] {
        for stream in [false, true] {
            stage.script("alpha", &moods);
            let body =
                json!({"model": MODEL, "input": input, "stream": stream, "temperature": 0.5});
            let answer = stage
                .post(&door.path(MODEL, stream), body.to_string())
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            let response = if stream {
                let events = answer.events();
                let (_, end) = &events[events.len() - 2];
                let end: Value = serde_json::from_str(end).unwrap();
                assert_eq!(end["type"], "response.incomplete", "{}", answer.text);
                end["response"].clone()
            } else {
                answer.json()
            };
            assert_eq!(response["status"], "incomplete", "{response}");
            assert_eq!(
                response["incomplete_details"]["reason"],
                "max_output_tokens"
            );
            assert_eq!(
                response["temperature"], 0.5,
                "the request is repeated: {response}"
            );
            assert!(response["error"].is_null(), "{response}");
            answer.generation();
        }
    }
}

#[tokio::test]
async fn responses_repeat_what_was_asked() {
    let stage = Stage::open(LONE, "").await;
    for stream in [false, true] {
        let body = json!({
            "model": MODEL, "input": "Hello", "stream": stream, "instructions": "Be brief.",
            "temperature": 0.25, "metadata": {"team": "blue"},
        });
        let answer = stage.post("/v1/responses", body.to_string()).await;
        let responses: Vec<Value> = if stream {
            let parse = |(_, data): (String, String)| serde_json::from_str(&data).ok();
            let events = answer.events().into_iter().filter_map(parse);
            events
                .filter(|event: &Value| event["response"].is_object())
                .map(|event| event["response"].clone())
                .collect()
        } else {
            vec![answer.json()]
        };
        assert_eq!(
            responses.len(),
            if stream { 3 } else { 1 },
            "{}",
            answer.text
        );
        for response in responses {
            assert_eq!(response["instructions"], "Be brief.", "{response}");
            assert_eq!(response["temperature"], 0.25, "{response}");
            assert_eq!(response["metadata"], json!({"team": "blue"}), "{response}");
            assert_eq!(response["model"], MODEL, "{response}");
        }
    }
}

#[tokio::test]
async fn a_model_that_does_not_converse_names_its_route() {
    let own = r#"
[providers.vectors]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
[[providers.vectors.models]]
model = "acme/vectors"
output_modalities = ["embeddings"]
price = { prompt = "0.000001", completion = "0" }
"#;
    let stage = Stage::open(LONE, own).await;
    for door in doors() {
        let answer = door.ask(&stage, "acme/vectors", false).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert!(door.complaint(&answer).contains("/embeddings"));
        assert!(answer.text.contains("wrong_endpoint"), "{}", answer.text);
    }
}
