//! Claude on Vertex AI and on Bedrock's `InvokeModel`: paths, bodies and streams, by hand and as recorded.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use dialects::{
    Call, Form, Framing, Platform, Serve, Step, Target, Thinking, anthropic::Anthropic,
    framing::Frame,
};
use serde_json::{Value, json};
use testbed::corpus::{self, Exchange};

use crate::corpus::frames_of;
use crate::equivalence;
use crate::reader;
use crate::replay::replay_from;

fn on(platform: Platform) -> Form {
    Form {
        platform,
        ..Form::default()
    }
}

#[test]
fn the_clouds_name_the_model_in_the_path_and_nowhere_else() {
    let bedrock = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
    let table = [
        (Platform::Own, "claude-x", false, "/messages"),
        (Platform::Azure, "claude-x", true, "/messages"),
        (
            Platform::Vertex,
            "claude-3-7-sonnet@20250219",
            false,
            "/publishers/anthropic/models/claude-3-7-sonnet@20250219:rawPredict",
        ),
        (
            Platform::Vertex,
            "claude-x",
            true,
            "/publishers/anthropic/models/claude-x:streamRawPredict",
        ),
        (
            Platform::Bedrock,
            bedrock,
            false,
            "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke",
        ),
        (
            Platform::Bedrock,
            arn,
            true,
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc/\
             invoke-with-response-stream",
        ),
    ];
    for (platform, model, stream, wanted) in table {
        assert_eq!(Anthropic.path(model, &on(platform), stream), wanted);
    }
    for model in ["", "."] {
        let form = on(Platform::Bedrock);
        let target = super::target(model, Thinking::Unknown, &form);
        let request = super::parse(&json!({
            "model": "x", "messages": [{"role": "user", "content": "hi"}],
        }));
        let refused = Anthropic.render_request(&request, &target, &mut Vec::new());
        assert!(refused.is_err(), "{model:?}");
    }
}

#[test]
fn the_version_of_the_wire_is_the_platforms_whatever_the_caller_wrote() {
    let request = super::parse(&json!({
        "model": "x",
        "max_tokens": 9,
        "anthropic_version": "2023-06-01",
        "stream": true,
        "messages": [{"role": "user", "content": "hi"}],
    }));
    let body = |platform| {
        let form = on(platform);
        super::send(
            &request,
            &super::target("claude-x", Thinking::Unknown, &form),
        )
        .0
    };
    let own = body(Platform::Own);
    assert_eq!(
        (&own["model"], &own["anthropic_version"]),
        (&json!("claude-x"), &Value::Null)
    );
    let vertex = body(Platform::Vertex);
    assert_eq!(vertex["anthropic_version"], "vertex-2023-10-16");
    assert_eq!(
        (vertex.get("model"), &vertex["stream"]),
        (None, &json!(true))
    );
    let bedrock = body(Platform::Bedrock);
    assert_eq!(bedrock["anthropic_version"], "bedrock-2023-05-31");
    assert_eq!((bedrock.get("model"), bedrock.get("stream")), (None, None));
}

// === streams ===

fn chunk(event: &Value) -> Vec<u8> {
    json!({"bytes": BASE64.encode(event.to_string()), "p": "abcdefg"})
        .to_string()
        .into_bytes()
}

fn read(event: Option<&str>, data: &[u8]) -> Result<Vec<Step>, dialects::Error> {
    let mut stream = Call::stream(&Anthropic, &on(Platform::Bedrock));
    let mut steps = Vec::new();
    let data = data.into();
    stream.frame(&Frame { event, data }, &mut steps)?;
    Ok(steps)
}

#[test]
fn an_exception_of_amazons_breaks_the_stream_off_by_its_name() {
    let body = br#"{"message":"Too many requests"}"#;
    let steps = read(Some("exception:throttlingException"), body).unwrap();
    let [Step::Error(error)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(error.code.as_deref(), Some("throttlingException"));
    assert_eq!(error.message.as_deref(), Some("Too many requests"));
    let steps = read(Some("error:InternalError"), b"went away").unwrap();
    assert!(
        matches!(&steps[..], [Step::Error(error)] if error.code.as_deref() == Some("InternalError"))
    );
}

#[test]
fn a_chunk_that_is_no_base64_is_an_error_and_an_unknown_kind_says_nothing() {
    assert!(read(Some("chunk"), br#"{"bytes":"%%%"}"#).is_err());
    assert!(read(Some("chunk"), b"{}").is_err());
    assert!(read(Some("chunk"), b"not json").is_err());
    assert!(read(Some("initial-response"), b"{}").unwrap().is_empty());
    let stop = chunk(&json!({"type": "message_stop"}));
    assert!(matches!(
        read(Some("chunk"), &stop).unwrap()[..],
        [Step::End]
    ));
}

// === recorded ===

fn recorded(provider: &str, kind: &str) -> Vec<Exchange> {
    corpus::exchanges(Some(provider), kind)
        .map(Result::unwrap)
        .filter(|exchange| {
            let body = exchange.request.as_ref().map(|request| &request.body);
            // Bedrock's InvokeModel carries the wires of other vendors, too.
            body.is_some_and(|body| body["anthropic_version"].is_string())
        })
        .collect()
}

/// Requests that Weir changes, by a part of the name: why.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "TestInvokeModelWithStreamResponse.test_invoke",
    "two turns of the user in a row are one turn: Anthropic adds them up, too",
)];

/// The model in the address.
fn model_of(exchange: &Exchange) -> String {
    let url = &exchange.request.as_ref().unwrap().url;
    let tail = url
        .rsplit_once("/models/")
        .or_else(|| url.rsplit_once("/model/"));
    let segment = tail.unwrap().1.split('/').next().unwrap();
    segment.replace("%3A", ":")
}

/// The request as the same caller would have sent it to Weir, written again to the cloud.
fn differences(exchange: &Exchange, form: &Form) -> Vec<String> {
    let request = exchange.request.as_ref().unwrap();
    let mut asked = request.body.clone();
    asked["model"] = json!("anthropic/claude");
    let mut request = Anthropic
        .parse_request(asked.to_string().as_bytes())
        .unwrap();
    request.stream = exchange.kind.ends_with("_stream");
    let model = model_of(exchange);
    let target = Target {
        upstream_model: &model,
        model: &model,
        form,
        max_output_tokens: None,
        thinking: Thinking::Budget,
    };
    let body = Anthropic
        .render_request(&request, &target, &mut Vec::new())
        .unwrap();
    let mut written: Value = serde_json::from_slice(&body).unwrap();
    // A stream is asked for by the path; the body says so too, on Vertex.
    let mut original = exchange.request.as_ref().unwrap().body.clone();
    for body in [&mut original, &mut written] {
        body.as_object_mut().unwrap().remove("stream");
    }
    equivalence::differences(dialects::Dialect::Anthropic, &original, &written)
}

/// Anthropic's events in Amazon's bytes, found without the framing: by the names of the payload's fields.
fn events_in(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    text.split("\"bytes\":\"")
        .skip(1)
        .map(|rest| {
            let base64 = rest.split('"').next().unwrap();
            serde_json::from_slice(&BASE64.decode(base64).unwrap()).unwrap()
        })
        .collect()
}

#[test]
fn recorded_exchanges_with_the_clouds_keep_every_field_and_say_what_their_bytes_say() {
    if !corpus::available() {
        println!("skipped: the corpus is not at hand");
        return;
    }
    let mut failures = Vec::new();
    let mut read: BTreeMap<String, usize> = BTreeMap::new();
    for (provider, platform, kind) in [
        ("vertex", Platform::Vertex, "raw_predict"),
        ("vertex", Platform::Vertex, "raw_predict_stream"),
        ("bedrock", Platform::Bedrock, "invoke"),
        ("bedrock", Platform::Bedrock, "invoke_stream"),
    ] {
        let form = on(platform);
        for exchange in recorded(provider, kind) {
            let label = exchange.label();
            let changed = differences(&exchange, &form);
            let is_excepted = EXCEPTIONS.iter().any(|(name, _)| label.contains(name));
            if !changed.is_empty() && !is_excepted {
                failures.push(format!("{label}: {changed:?}"));
            }
            let bytes = exchange.response.wire_bytes();
            let (found, wanted) = if kind.ends_with("_stream") {
                let replay = replay_from(&Anthropic, &form, [bytes.as_slice()]).unwrap();
                assert!(replay.is_complete, "{label}");
                let events = match Anthropic.framing(&form) {
                    Framing::AwsEventStream => events_in(&bytes),
                    Framing::Sse | Framing::JsonLines | Framing::Whole => frames_of(&bytes),
                };
                let wanted = reader::read_stream(dialects::Dialect::Anthropic, &events);
                (replay.into_response().unwrap(), wanted)
            } else {
                let wanted =
                    reader::read_whole(dialects::Dialect::Anthropic, &exchange.response.body);
                (Anthropic.parse_response(&bytes).unwrap(), wanted)
            };
            let found = reader::facts_of(&found);
            if found != wanted {
                failures.push(format!("{label}: {}", found.differences(&wanted)));
            }
            *read.entry(format!("{provider}/{kind}")).or_default() += 1;
        }
    }
    println!("{read:?}");
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(read["vertex/raw_predict"] >= 3 && read["vertex/raw_predict_stream"] >= 3);
    assert!(read["bedrock/invoke"] >= 8 && read["bedrock/invoke_stream"] >= 8);
}
