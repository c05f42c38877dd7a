//! The smallest client that shows what a vendor did: status, headers, the writes of the body, and
//! how it ended.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::eventstream::{self, Message};

/// The wires that stream and take tools; `replicate.rs` is about the one that does neither.
pub(crate) const WIRES: [Wire; 10] = match Wire::ALL.first_chunk() {
    Some(wires) => *wires,
    None => panic!("there are more"),
};

/// All that came back.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) parts: Vec<Bytes>,
    /// Whether the body ended as HTTP wants it to.
    pub(crate) whole: bool,
}

impl Heard {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.parts.concat()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes()).unwrap()
    }

    /// The data of each event, comments left out. What is in an AWS event stream stands under the
    /// name of its event, as in `{"messageStop": …}`, or is what its base64 says.
    pub(crate) fn events(&self) -> Vec<String> {
        if self.header("content-type") == eventstream::TYPE {
            let messages = eventstream::read(&self.bytes());
            return messages.iter().map(Message::text).collect();
        }
        let text = self.text().replace("\r\n", "\n");
        if self.header("content-type") == "application/x-ndjson" {
            return text.split_terminator('\n').map(str::to_owned).collect();
        }
        let data = |frame: &str| {
            frame
                .lines()
                .find_map(|line| line.strip_prefix("data: "))
                .map(str::to_owned)
        };
        text.split("\n\n").filter_map(data).collect()
    }

    /// The events that are JSON.
    pub(crate) fn values(&self) -> Vec<Value> {
        let events = self.events();
        events
            .iter()
            .filter_map(|event| serde_json::from_str(event).ok())
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn vendor() -> Vendor {
    Vendor::start(VendorConfig::default()).await.unwrap()
}

pub(crate) async fn moody(mood: Mood) -> Vendor {
    Vendor::start(VendorConfig {
        mood,
        ..VendorConfig::default()
    })
    .await
    .unwrap()
}

/// The path of a wire.
pub(crate) fn path(wire: Wire, stream: bool) -> &'static str {
    match (wire, stream) {
        (Wire::OpenAiChat, _) => "/v1/chat/completions",
        (Wire::OpenAiResponses, _) => "/v1/responses",
        (Wire::Anthropic, _) => "/v1/messages",
        (Wire::BedrockAnthropic, true) => "/model/m-1/invoke-with-response-stream",
        (Wire::BedrockAnthropic, false) => "/model/m-1/invoke",
        (Wire::VertexAnthropic, true) => {
            "/v1/projects/p/locations/l/publishers/anthropic/models/m-1:streamRawPredict"
        }
        (Wire::VertexAnthropic, false) => {
            "/v1/projects/p/locations/l/publishers/anthropic/models/m-1:rawPredict"
        }
        (Wire::Gemini, true) => "/v1beta/models/m-1:streamGenerateContent?alt=sse",
        (Wire::Gemini, false) => "/v1beta/models/m-1:generateContent",
        (Wire::VertexGemini, true) => {
            "/v1/projects/p/locations/l/publishers/google/models/m-1:streamGenerateContent?alt=sse"
        }
        (Wire::VertexGemini, false) => {
            "/v1/projects/p/locations/l/publishers/google/models/m-1:generateContent"
        }
        (Wire::Bedrock, true) => "/model/m-1/converse-stream",
        (Wire::Bedrock, false) => "/model/m-1/converse",
        (Wire::Cohere, _) => "/v2/chat",
        (Wire::Ollama, _) => "/api/chat",
        (Wire::Replicate, _) => "/v1/models/acme/m-1/predictions",
    }
}

/// The plainest request: eleven bytes of prompt, three tokens.
pub(crate) fn hello(wire: Wire, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": "hello world"}]);
    match wire {
        Wire::OpenAiChat => json!({"model": "m-1", "stream": stream,
            "stream_options": {"include_usage": true}, "messages": messages}),
        Wire::OpenAiResponses => json!({"model": "m-1", "stream": stream, "input": messages}),
        Wire::Anthropic => json!({"model": "m-1", "stream": stream, "max_tokens": 1000,
            "messages": messages}),
        Wire::BedrockAnthropic => json!({"anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 1000, "messages": messages}),
        Wire::VertexAnthropic => json!({"anthropic_version": "vertex-2023-10-16",
            "max_tokens": 1000, "messages": messages, "stream": stream}),
        Wire::Gemini | Wire::VertexGemini => {
            json!({"contents": [{"role": "user", "parts": [{"text": "hello world"}]}]})
        }
        Wire::Bedrock => {
            json!({"messages": [{"role": "user", "content": [{"text": "hello world"}]}]})
        }
        Wire::Cohere | Wire::Ollama => json!({"model": "m-1", "stream": stream,
            "messages": messages}),
        Wire::Replicate => json!({"input": {"prompt": "hello world"}}),
    }
}

/// Whether `event`, or a body, is an error in the form of `wire`.
pub(crate) fn is_error(wire: Wire, event: &str) -> bool {
    let event: Value = serde_json::from_str(event).unwrap();
    let google = event.pointer("/error/status");
    let anthropic = event
        .pointer("/error/type")
        .filter(|_| event["type"] == "error");
    let said = match wire {
        Wire::OpenAiChat | Wire::OpenAiResponses => event.pointer("/error/type"),
        Wire::Anthropic => anthropic,
        Wire::VertexAnthropic => anthropic.or(google),
        Wire::Gemini | Wire::VertexGemini => google,
        Wire::Bedrock | Wire::BedrockAnthropic => event
            .get("message")
            .or_else(|| event.pointer("/internalServerException/message")),
        Wire::Cohere => event
            .get("message")
            .or_else(|| event.pointer("/delta/error")),
        Wire::Ollama => event.get("error"),
        Wire::Replicate => event.get("detail"),
    };
    said.is_some_and(Value::is_string)
}

/// Whether streams begin with events that do not wait for the first token.
pub(crate) fn begins_early(wire: Wire) -> bool {
    match wire {
        Wire::OpenAiResponses
        | Wire::Anthropic
        | Wire::BedrockAnthropic
        | Wire::VertexAnthropic
        | Wire::Bedrock
        | Wire::Cohere => true,
        Wire::OpenAiChat | Wire::Gemini | Wire::VertexGemini | Wire::Ollama | Wire::Replicate => {
            false
        }
    }
}

/// Where the answer's words stand: in one piece, and in an event.
pub(crate) fn words(wire: Wire) -> (&'static str, &'static str) {
    match wire {
        Wire::OpenAiChat => ("/choices/0/message/content", "/choices/0/delta/content"),
        Wire::OpenAiResponses => ("/output/0/content/0/text", "/delta"),
        Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => {
            ("/content/0/text", "/delta/text")
        }
        Wire::Gemini | Wire::VertexGemini => (
            "/candidates/0/content/parts/0/text",
            "/candidates/0/content/parts/0/text",
        ),
        Wire::Bedrock => (
            "/output/message/content/0/text",
            "/contentBlockDelta/delta/text",
        ),
        Wire::Cohere => ("/message/content/0/text", "/delta/message/content/text"),
        Wire::Ollama => ("/message/content", "/message/content"),
        Wire::Replicate => ("/output/0", "/output/0"),
    }
}

/// Where prompt and completion tokens stand in a whole answer; a stream uses the same names.
pub(crate) fn usage(wire: Wire) -> (&'static str, &'static str) {
    match wire {
        Wire::OpenAiChat => ("/usage/prompt_tokens", "/usage/completion_tokens"),
        Wire::OpenAiResponses
        | Wire::Anthropic
        | Wire::BedrockAnthropic
        | Wire::VertexAnthropic => ("/usage/input_tokens", "/usage/output_tokens"),
        Wire::Gemini | Wire::VertexGemini => (
            "/usageMetadata/promptTokenCount",
            "/usageMetadata/candidatesTokenCount",
        ),
        Wire::Bedrock => ("/usage/inputTokens", "/usage/outputTokens"),
        Wire::Cohere => (
            "/usage/billed_units/input_tokens",
            "/usage/billed_units/output_tokens",
        ),
        Wire::Ollama => ("/prompt_eval_count", "/eval_count"),
        Wire::Replicate => ("/metrics/input_token_count", "/metrics/output_token_count"),
    }
}

pub(crate) async fn say_hello(vendor: &Vendor, wire: Wire, stream: bool) -> Heard {
    post(vendor, path(wire, stream), &hello(wire, stream))
        .await
        .unwrap()
}

pub(crate) async fn post(vendor: &Vendor, path: &str, body: &Value) -> Result<Heard, hyper::Error> {
    send(vendor, request("POST", path, body.to_string())).await
}

pub(crate) fn request(method: &str, path: &str, body: String) -> Request<Full<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "vendor");
    request.body(Full::from(body)).unwrap()
}

pub(crate) async fn send(
    vendor: &Vendor,
    request: Request<Full<Bytes>>,
) -> Result<Heard, hyper::Error> {
    let stream = TcpStream::connect(vendor.address()).await.unwrap();
    read(begin(stream, request).await?).await
}

/// Sends a request over `stream` and returns when the headers are there; dropped, the answer hangs
/// up.
pub(crate) async fn begin<T>(
    stream: T,
    request: Request<Full<Bytes>>,
) -> Result<Answering, hyper::Error>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut line = tokio::task::JoinSet::new();
    line.spawn(async move {
        let _ended = connection.await;
    });
    Ok(Answering {
        response: sender.send_request(request).await?,
        _line: line,
    })
}

/// An answer that has begun.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(crate) response: Response<Incoming>,
    _line: tokio::task::JoinSet<()>,
}

pub(crate) async fn read(answering: Answering) -> Result<Heard, hyper::Error> {
    let Answering { response, _line } = answering;
    let (head, mut body) = response.into_parts();
    let mut heard = Heard {
        status: head.status,
        headers: head.headers,
        parts: Vec::new(),
        whole: true,
    };
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => heard.parts.extend(frame.into_data()),
            Err(_) => heard.whole = false,
        }
    }
    Ok(heard)
}
