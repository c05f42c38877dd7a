//! What only the Responses form has: numbered events, items within items, thoughts that are hidden
//! or sealed, and an echo of the request.

use serde_json::{Value, json};
use testbed::{Mood, Wire, corpus};

use crate::client::{Heard, hello, moody, path, post, vendor};

const STREAM: bool = true;

fn asking(stream: bool, more: Value) -> Value {
    let mut body = hello(Wire::OpenAiResponses, stream);
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

async fn ask(mood: Mood, body: &Value) -> Heard {
    post(&moody(mood).await, path(Wire::OpenAiResponses, false), body)
        .await
        .unwrap()
}

fn kinds(events: &[Value]) -> Vec<String> {
    let mut kinds: Vec<String> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.dedup();
    kinds
}

/// What happens to an item, by its events.
fn item(inner: &[&str]) -> Vec<String> {
    let ends = |end: &str| format!("response.output_item.{end}");
    let mut kinds = vec![ends("added")];
    kinds.extend(inner.iter().map(|kind| format!("response.{kind}")));
    kinds.push(ends("done"));
    kinds
}

#[tokio::test]
async fn every_item_is_opened_filled_and_closed_and_no_number_is_missing() {
    let mood = Mood {
        reasoning: true,
        ..Mood::default()
    };
    let events = ask(mood, &asking(STREAM, json!({}))).await.values();
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert!(
        numbers
            .iter()
            .copied()
            .eq(0..u64::try_from(events.len()).unwrap())
    );
    let thoughts = item(&[
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ]);
    let words = item(&[
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
    ]);
    let whole = |end: &str| vec![format!("response.{end}")];
    let expected = [
        whole("created"),
        whole("in_progress"),
        thoughts,
        words,
        whole("completed"),
    ];
    assert_eq!(kinds(&events), expected.concat());
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["output"].as_array().unwrap().len(), 2);
    assert_eq!(
        last["usage"]["output_tokens_details"]["reasoning_tokens"],
        12
    );
}

#[tokio::test]
async fn the_order_of_events_is_the_recorded_one() {
    if !corpus::available() {
        println!("skipped: no recordings at {}", corpus::root().display());
        return;
    }
    let exchange = corpus::exchanges(Some("openai"), "responses_stream")
        .map(|exchange| exchange.unwrap())
        .find(|exchange| exchange.name.contains("o4-mini-tool_streaming__1"))
        .unwrap();
    let frames = exchange.response.sse.unwrap();
    let data = frames
        .iter()
        .filter_map(|frame| frame.split_once("data: ")?.1.parse().ok());
    let real: Vec<Value> = data.collect();
    let fake = ask(Mood::default(), &asking(STREAM, json!({}))).await;
    assert_eq!(kinds(&fake.values()), kinds(&real));
}

#[tokio::test]
async fn thoughts_are_sealed_when_asked_and_hidden_unless_a_summary_is() {
    let include = json!(["reasoning.encrypted_content"]);
    let cases = [
        (json!({"reasoning": {"effort": "low"}}), 0, false),
        (
            json!({"reasoning": {"effort": "low"}, "include": include}),
            0,
            true,
        ),
        (json!({"reasoning": {"summary": "auto"}}), 1, false),
    ];
    for (more, summaries, sealed) in cases {
        let whole = ask(Mood::default(), &asking(false, more.clone()))
            .await
            .json();
        let vendor = vendor().await;
        let place = path(Wire::OpenAiResponses, STREAM);
        let heard = post(&vendor, place, &asking(STREAM, more)).await.unwrap();
        let streamed = heard.values().pop().unwrap()["response"].take();
        for response in [whole, streamed] {
            let thoughts = &response["output"][0];
            assert_eq!(thoughts["type"], "reasoning");
            assert_eq!(thoughts["summary"].as_array().unwrap().len(), summaries);
            assert_eq!(thoughts["encrypted_content"].is_string(), sealed);
        }
        let entry = vendor.bill().remove(0);
        assert_eq!((entry.reasoning_tokens, entry.completion_tokens), (12, 21));
    }
}

#[tokio::test]
async fn custom_tools_are_called_with_free_text() {
    let body = |stream| {
        asking(
            stream,
            json!({
                "tools": [{"type": "custom", "name": "sql"}],
                "tool_choice": {"type": "custom", "name": "sql"},
            }),
        )
    };
    let whole = ask(Mood::default(), &body(false)).await.json();
    let call = &whole["output"][0];
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("custom_tool_call"), &json!("sql"))
    );
    let events = ask(Mood::default(), &body(STREAM)).await.values();
    let inner = [
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
    ];
    let kinds = kinds(&events);
    assert_eq!(kinds[2..kinds.len() - 1], item(&inner));
    let deltas: String = events
        .iter()
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(deltas, call["input"].as_str().unwrap());
    assert!(serde_json::from_str::<Value>(&deltas).is_err());
}

#[tokio::test]
async fn only_allowed_tools_are_called() {
    let tool = |name: &str| json!({"type": "function", "name": name, "parameters": {}});
    let body = asking(
        false,
        json!({
            "tools": [tool("first"), tool("second")],
            "tool_choice": {"type": "allowed_tools", "mode": "required",
                "tools": [{"type": "function", "name": "second"}]},
        }),
    );
    let whole = ask(Mood::default(), &body).await.json();
    assert_eq!(whole["output"].as_array().unwrap().len(), 1);
    assert_eq!(whole["output"][0]["name"], "second");
}

#[tokio::test]
async fn the_response_repeats_what_the_request_set() {
    let more = json!({"instructions": "be brief", "temperature": 0.5, "store": true,
        "metadata": {"a": "b"}, "text": {"verbosity": "low"}});
    let whole = ask(Mood::default(), &asking(false, more)).await.json();
    assert_eq!(whole["instructions"], "be brief");
    assert_eq!(whole["temperature"], 0.5);
    assert_eq!(whole["store"], true);
    assert_eq!(whole["metadata"], json!({"a": "b"}));
    let text = json!({"format": {"type": "text"}, "verbosity": "low"});
    assert_eq!((&whole["text"], &whole["top_p"]), (&text, &json!(1.0)));
}

#[tokio::test]
async fn what_a_fake_without_memory_cannot_do_is_refused() {
    for (more, said) in [
        (json!({"previous_response_id": "resp_1"}), "resp_1"),
        (json!({"background": true}), "foreground"),
        (json!({"max_tokens": 5}), "max_output_tokens"),
        (json!({"messages": []}), "'input'"),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f"}}]}),
            "tools[0].name",
        ),
    ] {
        let heard = ask(Mood::default(), &asking(false, more)).await;
        assert_eq!(heard.status.as_u16(), 400);
        let message = heard.json()["error"]["message"].take();
        assert!(message.as_str().unwrap().contains(said), "{message}");
    }
}
