//! A stage: a gateway in front of fake vendors that all serve the same model, and the reader of what it answers.

use std::fmt::Write as _;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testbed::{Mood, Vendor, VendorConfig, Wire};

use crate::house::House;

/// The model that every vendor on a stage serves, each dearer than the one before it.
pub(crate) const MODEL: &str = "acme/one";
/// Who plays: the provider's id and what it speaks.
pub(crate) type Cast<'a> = &'a [(&'static str, Wire)];
/// Two vendors of OpenAI's kind.
pub(crate) const PAIR: Cast<'_> = &[("alpha", Wire::OpenAiChat), ("beta", Wire::OpenAiChat)];
/// Three of them.
pub(crate) const TRIO: Cast<'_> = &[
    ("alpha", Wire::OpenAiChat),
    ("beta", Wire::OpenAiChat),
    ("gamma", Wire::OpenAiChat),
];

/// A gateway in front of fake vendors.
pub(crate) struct Stage {
    pub(crate) house: House,
    vendors: Vec<(&'static str, Vendor)>,
}

/// One answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Starts the vendors, and says how a gateway is configured for them.
pub(crate) async fn cast(cast: Cast<'_>) -> (Vec<(&'static str, Vendor)>, String) {
    let mut vendors = Vec::new();
    let mut config = String::new();
    for (place, (id, wire)) in (1..).zip(cast) {
        let key = secret_of(id);
        let vendor = VendorConfig {
            key: Some(key.clone()),
            text: format!("{id} says hello to the whole wide world"),
            ..VendorConfig::default()
        };
        let vendor = Vendor::start(vendor).await.unwrap();
        let dialect = match wire {
            Wire::OpenAiChat => "openai-chat",
            Wire::OpenAiResponses => "openai-responses",
            Wire::Anthropic | Wire::BedrockAnthropic | Wire::VertexAnthropic => "anthropic",
            Wire::Gemini | Wire::VertexGemini => "gemini",
            Wire::Bedrock => "bedrock",
            Wire::Cohere => "cohere",
            Wire::Ollama => "ollama",
            Wire::Replicate => "replicate",
        };
        let address = vendor.base_url(*wire);
        write!(
            config,
            r#"
[providers.{id}]
dialect = "{dialect}"
base_url = "{address}"
api_key = "{key}"
[[providers.{id}.models]]
model = "{MODEL}"
upstream_id = "one-at-{id}"
context_length = 100000
max_output_tokens = 8000
input_modalities = ["text", "image"]
supported_parameters = ["temperature", "max_tokens", "tools", "tool_choice", "stop", "reasoning"]
price = {{ prompt = "0.00000{place}", completion = "0.00000{place}" }}
[[providers.{id}.models]]
model = "{id}/own"
context_length = 4000
price = {{ prompt = "0.000001", completion = "0.000002" }}
"#
        )
        .unwrap();
        vendors.push((*id, vendor));
    }
    (vendors, config)
}

/// The gateway's key at this vendor.
pub(crate) fn secret_of(id: &str) -> String {
    format!("key-of-{id}-5e3c7f")
}

/// A question in OpenAI's form; the vendors are asked in the order of their prices.
pub(crate) fn question(stream: bool) -> Value {
    json!({
        "model": MODEL,
        "messages": [{"role": "user", "content": "What does the fox say?"}],
        "provider": {"sort": "price"},
        "stream": stream,
    })
}

/// The same in Anthropic's form.
pub(crate) fn message(stream: bool) -> Value {
    let mut body = question(stream);
    body["max_tokens"] = json!(500);
    body
}

/// `body` with more in it.
pub(crate) fn with(mut body: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("{more} is no object")
    };
    body.as_object_mut().unwrap().extend(more);
    body
}

impl Stage {
    /// With these vendors, and these lines of configuration before theirs.
    pub(crate) async fn open(who: Cast<'_>, settings: &str) -> Self {
        let (vendors, config) = cast(who).await;
        let house = House::open(&format!("{settings}\n{config}")).await;
        Self { house, vendors }
    }

    /// The same, but what all vendors serve is this model.
    pub(crate) async fn open_with(who: Cast<'_>, model: &str, settings: &str) -> Self {
        let (vendors, config) = cast(who).await;
        let config = config.replace(MODEL, model);
        let house = House::open(&format!("{settings}\n{config}")).await;
        Self { house, vendors }
    }

    /// The same, with this line in the section of every provider.
    pub(crate) async fn open_metered(who: Cast<'_>, line: &str) -> Self {
        let (vendors, config) = cast(who).await;
        let config = config.replace("api_key = ", &format!("{line}api_key = "));
        let house = House::open(&config).await;
        Self { house, vendors }
    }

    /// The vendors by their ids.
    pub(crate) fn vendors(&self) -> impl Iterator<Item = (&'static str, &Vendor)> {
        self.vendors.iter().map(|(id, vendor)| (*id, vendor))
    }

    pub(crate) fn vendor(&self, id: &str) -> &Vendor {
        let found = self.vendors.iter().find(|(name, _)| *name == id);
        &found.unwrap().1
    }

    /// How a vendor treats its next requests; then it is well again.
    pub(crate) fn script(&self, id: &str, moods: &[Mood]) {
        self.vendor(id).script(moods.iter().cloned());
    }

    /// How many requests each vendor was sent.
    pub(crate) fn asked(&self) -> Vec<usize> {
        let requests = |(_, vendor): &(_, Vendor)| vendor.requests().len();
        self.vendors.iter().map(requests).collect()
    }

    pub(crate) async fn chat(&self, body: &Value) -> Answer {
        self.post("/api/v1/chat/completions", body.to_string())
            .await
    }

    pub(crate) async fn messages(&self, body: &Value) -> Answer {
        self.post("/api/v1/messages", body.to_string()).await
    }

    /// Sends these bytes with the key of the house.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = self.request(path, body);
        Answer::read(self.house.call(request).await).await
    }

    pub(crate) fn request(&self, path: &str, body: impl Into<Body>) -> Request<Body> {
        let key = format!("Bearer {}", self.house.key.1);
        let request = Request::post(path).header(header::AUTHORIZATION, key);
        request.body(body.into()).unwrap()
    }

    /// The record of an answer.
    pub(crate) async fn record(&self, answer: &Answer) -> Value {
        let path = format!("/api/v1/generation?id={}", answer.generation());
        let (status, body) = self
            .house
            .ask(&self.house.key.1, "GET", &path, Value::Null)
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["data"].clone()
    }
}

impl Answer {
    pub(crate) async fn read(response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Its id.
    pub(crate) fn generation(&self) -> &str {
        self.headers["x-generation-id"].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The names and data of the events of a stream, comments left out.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let frames = self.text.split("\n\n").filter(|frame| !frame.is_empty());
        let read = |frame: &str| {
            let line = |name: &str| {
                let found = frame.lines().find_map(|line| line.strip_prefix(name));
                found.map(|value| value.trim_start().to_owned())
            };
            Some((line("event:").unwrap_or_default(), line("data:")?))
        };
        frames.filter_map(read).collect()
    }

    /// The chunks of a stream of OpenAI's kind; it ends as it must.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let mut events = self.events();
        let (_, last) = events
            .pop()
            .unwrap_or_else(|| panic!("no events: {}", self.text));
        assert_eq!(last, "[DONE]", "{}", self.text);
        let parse = |(_, data): &(String, String)| serde_json::from_str(data).unwrap();
        events.iter().map(parse).collect()
    }

    /// All text of a stream of OpenAI's kind.
    pub(crate) fn said(&self) -> String {
        let chunks = self.chunks();
        let pieces = chunks
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
        pieces.collect()
    }

    /// The error of a JSON answer; its code is the status.
    pub(crate) fn error(&self) -> Value {
        let body = self.json();
        let error = body["error"].clone();
        assert!(error.is_object(), "{body}");
        if let Some(code) = error.get("code") {
            assert_eq!(*code, json!(self.status.as_u16()), "{body}");
        }
        error
    }

    /// Nothing of a vendor's is in it that is not the caller's to know.
    pub(crate) fn keeps_secrets(&self) {
        let whole = format!("{:?} {}", self.headers, self.text);
        for secret in ["127.0.0.1", "key-of-", "SCRUBBED"] {
            assert!(!whole.contains(secret), "{secret} in {whole}");
        }
    }
}
