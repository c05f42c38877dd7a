//! Recordings: what of served requests decides where they could have gone, one JSON object a line, without a word of
//! their prompts (docs/routing.md, "Replay").

use std::{
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use canon::{Generation, Kind, NanoUsd, RouteWish, Usage, WorkspaceId};
use policy::replay::{Call, End, Request};
use serde::{Deserialize, Serialize};
use store::Store;

use crate::config::{Config, Variables as _, env};

/// The version of the format, in the first line of a file.
const VERSION: u32 = 1;
/// Records read from the store at once.
const PAGE: u32 = 500;
/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// The latest time that is read, in microseconds since 1970: the year 10000. With the two below, sums and differences of
/// what is read stay within their types.
const AT_MAX: i64 = 253_402_300_800_000_000;
/// The longest duration, in milliseconds, and the highest count of tokens.
const COUNT_MAX: u64 = 1 << 40;
/// Calls of one request.
const CALLS_MAX: usize = 256;

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    weir_recording: u32,
}

/// One served request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    /// When it came in, in microseconds since 1970.
    pub(super) at: i64,
    /// Its id.
    pub(super) generation: String,
    /// The key that asked.
    pub(super) key: String,
    /// Where that key belongs.
    pub(super) workspace: WorkspaceId,
    /// The model as the caller named it.
    pub(super) model: String,
    /// What else decided where it could go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) wish: Option<RouteWish>,
    /// Whether its answer came in pieces.
    #[serde(default)]
    pub(super) streamed: bool,
    /// Pictures in the prompt.
    #[serde(default)]
    pub(super) images: u64,
    /// Sounds in the prompt.
    #[serde(default)]
    pub(super) sounds: u64,
    /// What it used.
    pub(super) usage: Usage,
    /// What its caller paid.
    #[serde(default)]
    pub(super) cost: NanoUsd,
    /// Milliseconds to the first token, and to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_token_ms: Option<u64>,
    /// See above.
    pub(super) latency_ms: u64,
    /// Who was asked, in order.
    pub(super) calls: Vec<LineCall>,
    /// The kind of fault that ended it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// One call of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LineCall {
    /// `deepinfra/turbo`.
    pub(super) endpoint: String,
    /// `author/slug`.
    pub(super) model: String,
    /// HTTP status, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// The kind of fault, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// Milliseconds until it answered or failed.
    pub(super) latency_ms: u64,
}

impl Line {
    /// What is kept of a record.
    fn of(generation: &Generation) -> Self {
        let route = generation.route.as_deref();
        let calls = generation.attempts.iter().map(|attempt| LineCall {
            endpoint: attempt.endpoint.clone().unwrap_or_default(),
            model: attempt.model.clone(),
            status: attempt.status,
            error: attempt.error.clone(),
            latency_ms: attempt.latency_ms,
        });
        let requested = generation.requested_model.as_ref();
        Self {
            at: generation.created_at,
            generation: generation.id.to_string(),
            key: generation.key.to_string(),
            workspace: generation.workspace.clone(),
            model: requested.unwrap_or(&generation.model).clone(),
            wish: route.and_then(|route| route.wish.as_deref()).cloned(),
            streamed: generation.streamed,
            images: generation.media_prompt,
            sounds: generation.audio_prompt,
            usage: generation.usage.clone(),
            cost: generation.cost,
            first_token_ms: generation.first_token_ms,
            latency_ms: generation.latency_ms,
            calls: calls.collect(),
            error: generation.error.clone(),
        }
    }

    /// The same, where its figures can be.
    fn checked(self) -> anyhow::Result<Self> {
        if !(0..=AT_MAX).contains(&self.at) {
            bail!("`at`: {} is no time in microseconds since 1970", self.at);
        }
        if self.calls.len() > CALLS_MAX {
            bail!("`calls`: more than {CALLS_MAX}");
        }
        let usage = &self.usage;
        let counts = [
            ("latency_ms", self.latency_ms),
            ("first_token_ms", self.first_token_ms.unwrap_or(0)),
            ("usage.prompt_tokens", usage.prompt_tokens),
            ("usage.completion_tokens", usage.completion_tokens),
        ];
        let calls = self.calls.iter();
        let calls = calls.map(|call| ("calls: latency_ms", call.latency_ms));
        if let Some((name, count)) = counts
            .into_iter()
            .chain(calls)
            .find(|(_, count)| *count > COUNT_MAX)
        {
            bail!("`{name}`: {count} is more than there can be");
        }
        Ok(self)
    }

    /// Whether somebody answered it to the end.
    pub(super) fn is_answered(&self) -> bool {
        self.error.is_none() && self.answering().is_some()
    }

    /// The call that answered it.
    pub(super) fn answering(&self) -> Option<&LineCall> {
        self.calls.iter().rev().find(|call| call.is_answer())
    }

    /// Whether the request itself was at fault, so that nobody would have answered it.
    pub(super) fn is_at_fault(&self) -> bool {
        let error = self.error.as_deref().and_then(Kind::named);
        error.is_some_and(|kind| fate(kind).is_none())
    }

    /// The request as it is replayed; endpoints by their index in the catalogue that plans. Calls to those that it does
    /// not have are left out.
    pub(super) fn replayed(&self, index: impl Fn(&LineCall) -> Option<usize>) -> Request {
        let mut calls = Vec::with_capacity(self.calls.len());
        let mut at = self.at;
        for call in &self.calls {
            let took = micros(call.latency_ms);
            if let (Some(endpoint), Some(end)) = (index(call), self.end_of(call, at + took)) {
                calls.push(Call {
                    endpoint,
                    at,
                    took,
                    end,
                });
            }
            at = at.saturating_add(took);
        }
        Request {
            at: self.at,
            streamed: self.streamed,
            completion_tokens: self.usage.completion_tokens,
            is_refused: self.is_at_fault(),
            calls,
        }
    }

    /// How a call ended; `None` where nobody heard, or the request was at fault.
    fn end_of(&self, call: &LineCall, heard: i64) -> Option<End> {
        if call.is_answer() {
            let end = self.at.saturating_add(micros(self.latency_ms));
            return Some(End::Answered {
                rest: end.saturating_sub(heard).max(0),
                tokens: self.usage.completion_tokens,
            });
        }
        let error = call.error.as_deref()?;
        fate(Kind::named(error).unwrap_or(Kind::ProviderUnavailable))
    }
}

impl LineCall {
    fn is_answer(&self) -> bool {
        self.error.is_none() && self.status == Some(200)
    }
}

/// What a kind of failure says of whom was asked; `None` where it says something of the request.
const fn fate(kind: Kind) -> Option<End> {
    match kind {
        Kind::ProviderUnavailable
        | Kind::ProviderOverloaded
        | Kind::NotFound
        | Kind::Timeout
        | Kind::Server
        | Kind::Unmapped => Some(End::Failed),
        Kind::RateLimitExceeded => Some(End::Limited),
        Kind::Authentication | Kind::PaymentRequired | Kind::PermissionDenied => {
            Some(End::AccountFailed)
        }
        Kind::ContentPolicyViolation
        | Kind::ContextLengthExceeded
        | Kind::ImageDownloadFailed
        | Kind::ImageNotFound
        | Kind::ImageTooLarge
        | Kind::ImageTooSmall
        | Kind::InvalidImage
        | Kind::InvalidPrompt
        | Kind::InvalidRequest
        | Kind::MaxTokensExceeded
        | Kind::PayloadTooLarge
        | Kind::PreconditionFailed
        | Kind::Refusal
        | Kind::StringTooLong
        | Kind::TokenLimitExceeded
        | Kind::Unprocessable
        | Kind::UnsupportedImageFormat => None,
    }
}

/// Milliseconds as microseconds.
pub(super) fn micros(ms: u64) -> i64 {
    i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

/// Writes what the store has of requests since this moment; says how many.
pub(super) async fn record(data: &Path, since: i64, path: &Path) -> anyhow::Result<u64> {
    let store = open(data).await?;
    let file = File::create(path).with_context(|| format!("{} cannot be made", path.display()))?;
    let mut file = BufWriter::new(file);
    let head = Head {
        weir_recording: VERSION,
    };
    writeln!(file, "{}", serde_json::to_string(&head)?)?;
    let mut count = 0;
    let mut last: Option<Generation> = None;
    loop {
        let page = store
            .generations()
            .since(since, last.as_ref(), PAGE)
            .await?;
        for generation in &page {
            writeln!(file, "{}", serde_json::to_string(&Line::of(generation))?)?;
            count += 1;
        }
        match page.into_iter().next_back() {
            Some(behind) => last = Some(behind),
            None => break,
        }
    }
    file.flush()
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(count)
}

/// The store in a data folder, beside a running gateway or without one.
pub(super) async fn open(data: &Path) -> anyhow::Result<Store> {
    let mut config = Config::default();
    config.data.folder = data.to_owned();
    let url = env::Process.get(env::DATABASE_URL);
    let database = url.unwrap_or_else(|| config.database_path().to_string_lossy().into_owned());
    let is_there = Path::new(database.trim_start_matches("sqlite:")).exists();
    if !is_there {
        bail!("there is no database at {database}: name the data folder with --data");
    }
    Ok(Store::open(&database).await?)
}

/// Reads a recording, in the order of time.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    use std::io::Read as _;
    let named = || path.display().to_string();
    let file = File::open(path).with_context(|| format!("{} cannot be opened", named()))?;
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut text = String::new();
    let mut has_head = false;
    for number in 1_u64.. {
        text.clear();
        let count = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut text);
        let count = count.with_context(|| format!("{}, line {number}", named()))?;
        if count == 0 {
            break;
        }
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if has_head {
            let line = serde_json::from_str(text).map_err(anyhow::Error::from);
            let line = line.and_then(Line::checked);
            lines.push(line.with_context(|| format!("{}, line {number}", named()))?);
            continue;
        }
        let head: Head = serde_json::from_str(text).with_context(|| {
            let named = named();
            format!("{named}, line {number}: no recording (weir route --record)")
        })?;
        if head.weir_recording != VERSION {
            let other = head.weir_recording;
            bail!(
                "{} is a recording of version {other}; this weir reads {VERSION}",
                named()
            );
        }
        has_head = true;
    }
    lines.sort_by_key(|line: &Line| line.at);
    Ok(lines)
}
