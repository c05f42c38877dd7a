//! The vendors and the call to them, against fake vendors on loopback and against recorded errors.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in what it is helped by too"
)]

mod calls;
mod clouds;
mod compliance;
mod local;
mod recorded;
mod replicate;
mod server;
mod signing;
mod streams;
mod verdicts;

use canon::{Dialect, Event, Message, Part, Request, Response, Role, Secret, fold};
use dialects::{Call, Target, Thinking};
use providers::{
    Client, DataPolicy, EventStream, Failure, Limits, Outgoing, OwnProvider, Progress, Reply,
    Upstream, call,
};
use testbed::{Vendor, VendorConfig, Wire};

/// A key that no text may show.
pub(crate) const KEY: &str = "kEy-4f9c-do-not-print";
/// Our id of every request.
pub(crate) const REQUEST_ID: &str = "gen-1763800000-abcdefghij0123456789";
/// The model's name at the vendor.
pub(crate) const MODEL: &str = "test-model";

/// The wire of the fake vendor for each dialect that is called.
pub(crate) fn wires() -> impl Iterator<Item = (Dialect, Wire)> {
    dialects::CALLED.iter().filter_map(|call| {
        let wire = match call.dialect() {
            Dialect::OpenAiChat => Wire::OpenAiChat,
            Dialect::OpenAiResponses => Wire::OpenAiResponses,
            Dialect::Anthropic => Wire::Anthropic,
            Dialect::Gemini => Wire::Gemini,
            Dialect::Bedrock => Wire::Bedrock,
            Dialect::Cohere => Wire::Cohere,
            Dialect::Ollama => Wire::Ollama,
            Dialect::Replicate => Wire::Replicate,
            // Never called.
            Dialect::OpenAiCompletions => return None,
        };
        Some((call.dialect(), wire))
    })
}

/// A vendor in good health.
pub(crate) async fn vendor() -> Vendor {
    Vendor::start(VendorConfig::default()).await.unwrap()
}

/// A provider of one's own at an address, with a key.
pub(crate) fn own(dialect: Dialect, base_url: &str) -> Upstream {
    Upstream::own(OwnProvider {
        auth: None,
        id: "lab".to_owned(),
        name: "Lab".to_owned(),
        dialect,
        base_url: base_url.to_owned(),
        also: Vec::new(),
        key: Some(Secret::new(KEY.to_owned())),
        data_policy: DataPolicy::UNKNOWN,
    })
    .unwrap()
}

/// "Hello."
pub(crate) fn hello(stream: bool) -> Request {
    Request {
        messages: vec![Message::text(Role::User, "Hello.")],
        stream,
        ..Request::default()
    }
}

/// Asks, with the limits of a test.
pub(crate) async fn ask(
    client: &Client,
    upstream: &Upstream,
    stream: bool,
) -> Result<Reply, Failure> {
    ask_within(client, upstream, stream, &Limits::default()).await
}

/// Asks within these limits.
pub(crate) async fn ask_within(
    client: &Client,
    upstream: &Upstream,
    stream: bool,
    limits: &Limits,
) -> Result<Reply, Failure> {
    let mut loss = Vec::new();
    let outgoing = Outgoing {
        upstream,
        way: upstream.way(upstream.dialect(), "lab/test-model"),
        target: target(upstream),
        request: &hello(stream),
        limits,
        request_id: REQUEST_ID,
        now_s: 1_763_800_000,
        loss: &mut loss,
    };
    call(client, outgoing).await
}

/// The test's model at this provider.
pub(crate) fn target(upstream: &Upstream) -> Target<'_> {
    Target {
        upstream_model: MODEL,
        model: "lab/test-model",
        form: upstream.form(),
        max_output_tokens: Some(4_096),
        thinking: Thinking::Unknown,
    }
}

/// The codec of a dialect.
pub(crate) fn codec(dialect: Dialect) -> &'static dyn Call {
    dialects::called(dialect).unwrap()
}

/// What came of a stream, and how it ended.
pub(crate) struct Drained {
    pub(crate) events: Vec<Event>,
    pub(crate) fault: Option<Box<canon::Fault>>,
}

/// Reads a stream to its end.
pub(crate) async fn drain(mut stream: EventStream) -> Drained {
    let mut events = Vec::new();
    loop {
        match stream.next(&mut events).await {
            Ok(Progress::End) => {
                return Drained {
                    events,
                    fault: None,
                };
            }
            Ok(Progress::Events | Progress::Comment) => {}
            Err(fault) => {
                let after = stream.next(&mut events).await;
                assert!(after.is_err(), "a broken stream stays broken");
                return Drained {
                    events,
                    fault: Some(fault),
                };
            }
        }
    }
}

/// The streamed answer within a reply.
pub(crate) fn streamed(reply: Reply) -> EventStream {
    match reply {
        Reply::Stream(stream) => stream,
        Reply::Whole { .. } | Reply::Short { .. } => panic!("a stream was asked for"),
    }
}

/// All text of a streamed answer.
pub(crate) fn text_of(events: Vec<Event>) -> String {
    text(&fold(events).unwrap())
}

/// All text of an answer.
pub(crate) fn text(response: &Response) -> String {
    let parts = response.choices.iter().flat_map(|choice| &choice.parts);
    let texts = parts.filter_map(|part| {
        let Part::Text(text) = part else { return None };
        Some(text.text.as_str())
    });
    texts.collect()
}
