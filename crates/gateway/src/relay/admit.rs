//! Steps 1 and 3: who asks, and for what. The key is found; the body is read into the canonical request.

use std::sync::Arc;

use bytes::Bytes;
use canon::{Dialect, Fault, GenerationId, Key, Kind, OnLoss, Request, ToolKind};
use http::{HeaderMap, header};
use policy::catalog::Catalog;
use serde_json::{Map, Value};

use super::{Delivery, Head, loss, metadata::Routed, plan::search};
use crate::{app::Core, clock, routers};

/// A request that may be served: its key is good and its body was understood.
#[derive(Debug)]
pub struct Admitted {
    /// Who asks.
    pub key: Arc<Key>,
    /// What for.
    pub request: Request,
    /// In which dialect; answers go out in it.
    pub dialect: Dialect,
    /// In which form, where it is streamed.
    pub delivery: Delivery,
    /// The fields of the request that its dialect repeats in answers.
    pub echo: Option<Box<Map<String, Value>>>,
    /// Its id.
    pub generation: GenerationId,
    /// When it came in, in microseconds since 1970.
    pub arrived_at: i64,
    /// Length of the body: no prompt has more tokens than its body has bytes.
    pub body_bytes: u64,
    /// What the caller says about itself.
    pub caller: Caller,
    /// How it is routed.
    pub routed: Routed,
    /// The operator bears what it costs (`openrouter/bodybuilder`).
    pub on_the_house: bool,
}

/// A request whose sender is known.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) key: Arc<Key>,
    pub(super) arrived_at: i64,
}

/// What the caller says about itself, for its own records.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// `HTTP-Referer`.
    pub referer: Option<String>,
    /// `X-OpenRouter-Title` or `X-Title`.
    pub title: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// The `user` of the body as given; the one in the request is hashed.
    pub user: Option<String>,
}

impl Admitted {
    /// Whether the caller wants the model to think but not to see it (`reasoning.exclude`).
    #[must_use]
    pub fn hides_thinking(&self) -> bool {
        let reasoning = self.request.reasoning.as_ref();
        reasoning.is_some_and(|reasoning| reasoning.exclude == Some(true))
    }
}

/// Step 1: finds out who asks, before anything of the body is kept.
pub(super) async fn identify(core: &Core, head: &Head) -> Result<Known, Fault> {
    let arrived_at = clock::now_micros();
    let secret = secret_of(head)?;
    let key = core.app().keyring.find(secret).await?;
    if key.management {
        let say = "A management key cannot be used for inference: make an API key with `weir keys create`";
        return Err(Fault::caller(Kind::PermissionDenied, say));
    }
    Ok(Known { key, arrived_at })
}

/// Step 3: reads what is asked for.
pub(super) fn admit(
    core: &Core,
    known: Known,
    head: &Head,
    (body, generation): (&Bytes, &GenerationId),
) -> Result<Box<Admitted>, Fault> {
    let Known { key, arrived_at } = known;
    let headers = &head.headers;
    let request = head.serve.parse_request(body);
    let mut request = addressed(core, head, request.map_err(|error| unreadable(&error))?);
    refuse_what_is_not_there_yet(&request)?;
    let terms = core.app().terms.in_workspace(key.workspace.as_str());
    search::wish(&mut request, &terms)?;
    if request.routing.loss == OnLoss::Silent {
        request.routing.loss = loss::wish(headers)?;
    }
    let echo = head.serve.echo(&request);
    let mut caller = Caller {
        referer: text_of(headers, "http-referer").or_else(|| text_of(headers, "referer")),
        title: text_of(headers, "x-openrouter-title").or_else(|| text_of(headers, "x-title")),
        user_agent: text_of(headers, "user-agent"),
        user: request.user.take(),
    };
    request.user = caller
        .user
        .as_deref()
        .map(|user| hashed_user(key.workspace.as_str(), user));
    if request.session_id.is_none() {
        request.session_id = text_of(headers, "x-session-id");
    }
    caller.user_agent = caller.user_agent.filter(|agent| agent.len() <= 512);
    // Boxed: every step behind hands it on.
    Ok(Box::new(Admitted {
        key,
        request,
        dialect: head.serve.dialect(),
        delivery: head.address.delivery.unwrap_or(Delivery::Events),
        echo,
        generation: generation.clone(),
        arrived_at,
        body_bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        caller,
        routed: Routed::asked(headers),
        on_the_house: false,
    }))
}

/// A body that was not understood.
pub(super) fn unreadable(error: &dialects::Error) -> Fault {
    let kind = Kind::InvalidRequest;
    Fault::caller(kind, error.to_string()).with_metadata("param", error.path().unwrap_or(""))
}

/// The request with what its address says.
pub(super) fn addressed(core: &Core, head: &Head, mut request: Request) -> Request {
    if let Some(model) = &head.address.model {
        let snapshot = core.app().snapshot.load();
        let full = with_author(&snapshot.catalog, model);
        request.model = Some(full.unwrap_or_else(|| model.clone()));
    }
    if let Some(delivery) = head.address.delivery {
        request.stream = delivery != Delivery::Whole;
    }
    request
}

/// A model's name with its author, where it was written without and only one author has such a model.
fn with_author(catalog: &Catalog, name: &str) -> Option<String> {
    if name.contains('/') || catalog.resolve(name).is_some() {
        return None;
    }
    let (stem, suffixes) = name.split_at(name.find(':').unwrap_or(name.len()));
    let slugs = catalog.models().iter().map(|model| model.slug.as_str());
    let mut found = slugs.filter(|slug| slug.split_once('/').is_some_and(|(_, own)| own == stem));
    let only = found.next().filter(|_| found.next().is_none())?;
    Some(format!("{only}{suffixes}"))
}

/// The key's plaintext: `Authorization: Bearer`, or where the clients of a dialect send it: `x-api-key` (Anthropic's),
/// `x-goog-api-key` and `?key=` (Google's).
fn secret_of(head: &Head) -> Result<&str, Fault> {
    let headers = &head.headers;
    let missing = || Fault::caller(Kind::Authentication, "Missing Authentication header");
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| missing())?;
        let (scheme, secret) = text.split_once(' ').ok_or_else(missing)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(secret.trim());
        }
        return Err(missing());
    }
    let own = match head.serve.dialect() {
        Dialect::Anthropic => headers.get("x-api-key"),
        Dialect::Gemini => headers.get("x-goog-api-key"),
        Dialect::OpenAiChat
        | Dialect::OpenAiResponses
        | Dialect::OpenAiCompletions
        | Dialect::Bedrock
        | Dialect::Cohere
        | Dialect::Ollama
        | Dialect::Replicate => None,
    };
    if let Some(value) = own {
        return value.to_str().map_err(|_| missing());
    }
    let key = head.address.key.as_ref();
    key.map(|key| key.expose().as_str()).ok_or_else(missing)
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// Callers' names of their users never leave as they are (spec/inference.md §0).
fn hashed_user(workspace: &str, user: &str) -> String {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    digest.update(workspace.as_bytes());
    digest.update(&[0]);
    digest.update(user.as_bytes());
    let bytes = digest.finish();
    bytes
        .as_ref()
        .iter()
        .take(16)
        .fold(String::from("user_"), |mut text, byte| {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
            text
        })
}

/// What Weir does not do yet is said, not skipped over.
fn refuse_what_is_not_there_yet(request: &Request) -> Result<(), Fault> {
    routers::check_plugins(&request.routing.plugins)?;
    let not_there = |what: String| Fault::caller(Kind::InvalidRequest, what);
    for plugin in &request.routing.plugins {
        let enabled = plugin
            .get("enabled")
            .and_then(Value::as_bool)
            .unwrap_or(true);
        if enabled {
            let id = plugin.get("id").and_then(Value::as_str).unwrap_or("?");
            if id == search::PLUGIN || routers::owns_plugin(id) {
                continue;
            }
            return Err(not_there(format!(
                "plugins: the plugin `{id}` is not supported yet; remove it"
            )));
        }
    }
    for tool in &request.tools {
        if let ToolKind::Native { value, .. } = &tool.kind
            && let Some(kind) = value.get("type").and_then(Value::as_str)
            && kind.starts_with("openrouter:")
        {
            return Err(not_there(format!(
                "tools: the server tool `{kind}` is not supported yet; remove it"
            )));
        }
    }
    if request.routing.echo_upstream_body {
        return Err(not_there(
            "debug.echo_upstream_body is not supported yet; remove it".to_owned(),
        ));
    }
    Ok(())
}
