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

pub(crate) const WIRES: [Wire; 3] = [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini];

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

    /// The data of each event, comments left out.
    pub(crate) fn events(&self) -> Vec<String> {
        let text = self.text().replace("\r\n", "\n");
        let data = |frame: &str| {
            frame
                .lines()
                .find_map(|line| line.strip_prefix("data: "))
                .map(str::to_owned)
        };
        text.split("\n\n").filter_map(data).collect()
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
        (Wire::Anthropic, _) => "/v1/messages",
        (Wire::Gemini, true) => "/v1beta/models/m-1:streamGenerateContent?alt=sse",
        (Wire::Gemini, false) => "/v1beta/models/m-1:generateContent",
    }
}

/// The plainest request: eleven bytes of prompt, three tokens.
pub(crate) fn hello(wire: Wire, stream: bool) -> Value {
    match wire {
        Wire::OpenAiChat => json!({"model": "m-1", "stream": stream,
            "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": "hello world"}]}),
        Wire::Anthropic => json!({"model": "m-1", "stream": stream, "max_tokens": 1000,
            "messages": [{"role": "user", "content": "hello world"}]}),
        Wire::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "hello world"}]}]}),
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
