//! What a vendor delivered, by its own books: the other side of every metering test.
//!
//! One entry a request, written when the request is over: answered, cut, or left by the client. The
//! books are honest whatever the vendor's mood says about usage. With a file, each entry is one
//! JSON line handed to the system before the last byte of the answer, so that it outlives a killed
//! process.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Wire;

/// Entries kept in memory; the oldest go first. The file keeps all.
const ENTRIES_MAX: usize = 1_000_000;

/// When a vendor charges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillRule {
    /// The prompt, once the answer has begun, and the output tokens written before the client left
    /// or the line was cut.
    #[default]
    Delivered,
    /// Only answers written to their end.
    Completed,
}

/// One request by the vendor's books. Tokens are zero where nothing is charged: errors, hangs,
/// answers not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The number of the request at this vendor, from 1.
    pub request_id: u64,
    /// The wire it came over.
    pub wire: Wire,
    /// The model asked for; empty where the request did not say.
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The HTTP status answered; 0 where the client left before there was one.
    pub status: u16,
    /// Prompt tokens charged, cached ones included.
    pub prompt_tokens: u64,
    /// Of these, read from the cache.
    pub cached_tokens: u64,
    /// Of these, written to the cache.
    pub cache_written_tokens: u64,
    /// Of these, to stay there for an hour.
    #[serde(default)]
    pub cache_written_1h_tokens: u64,
    /// Output tokens charged, reasoning included.
    pub completion_tokens: u64,
    /// Of these, reasoning.
    pub reasoning_tokens: u64,
    /// Images that arrived in the request.
    pub images: u64,
    /// Whether everything that was to be written was written.
    pub completed: bool,
    /// Set where the client went away first: the events that had been written by then.
    pub client_left_after_events: Option<u64>,
    /// The request's `x-request-id` or `idempotency-key` header, else the end user named in its
    /// body.
    pub idempotency: Option<String>,
}

/// The books of one vendor.
#[derive(Debug)]
pub(crate) struct Ledger {
    rule: BillRule,
    file: Option<Mutex<File>>,
    entries: Mutex<VecDeque<Delivered>>,
    written: watch::Sender<u64>,
}

// === impl Delivered ===

impl Delivered {
    /// The entry of a request to which nothing has been given yet.
    pub(crate) fn nothing(request_id: u64, wire: Wire) -> Self {
        Self {
            request_id,
            wire,
            model: String::new(),
            stream: false,
            status: 0,
            prompt_tokens: 0,
            cached_tokens: 0,
            cache_written_tokens: 0,
            cache_written_1h_tokens: 0,
            completion_tokens: 0,
            reasoning_tokens: 0,
            images: 0,
            completed: false,
            client_left_after_events: None,
            idempotency: None,
        }
    }
}

// === impl Ledger ===

impl Ledger {
    pub(crate) fn open(rule: BillRule, file: Option<&Path>) -> std::io::Result<Self> {
        let file = file
            .map(|path| OpenOptions::new().create(true).append(true).open(path))
            .transpose()?
            .map(Mutex::new);
        let written = watch::Sender::new(0);
        Ok(Self {
            rule,
            file,
            entries: Mutex::default(),
            written,
        })
    }

    /// Enters what was delivered, charged by the rule.
    pub(crate) fn enter(&self, mut delivered: Delivered) {
        if self.rule == BillRule::Completed && !delivered.completed {
            delivered.prompt_tokens = 0;
            delivered.cached_tokens = 0;
            delivered.cache_written_tokens = 0;
            delivered.completion_tokens = 0;
            delivered.reasoning_tokens = 0;
        }
        if let Some(file) = &self.file {
            append(&mut file.lock(), &delivered);
        }
        let mut entries = self.entries.lock();
        if entries.len() == ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(delivered);
        drop(entries);
        self.written.send_modify(|count| *count += 1);
    }

    pub(crate) fn entries(&self) -> Vec<Delivered> {
        self.entries.lock().iter().cloned().collect()
    }

    /// Waits until `count` requests are over. Cancel safe.
    pub(crate) async fn reached(&self, count: u64) {
        let mut written = self.written.subscribe();
        // The sender lives in self, so the wait cannot fail while somebody is here to wait.
        let _reached = written.wait_for(|written| *written >= count).await;
    }
}

/// Reads a bill file; a torn last line, as a killed process may leave, is left out.
///
/// # Errors
/// The file cannot be read, or a line before the last is not an entry.
pub fn read_bill(path: &Path) -> std::io::Result<Vec<Delivered>> {
    let text = std::fs::read_to_string(path)?;
    let whole = text
        .rfind('\n')
        .map_or("", |end| text.get(..end).unwrap_or_default());
    whole
        .lines()
        .map(|line| serde_json::from_str(line).map_err(std::io::Error::other))
        .collect()
}

fn append(file: &mut File, delivered: &Delivered) {
    let Ok(mut line) = serde_json::to_vec(delivered) else {
        return;
    };
    line.push(b'\n');
    if let Err(error) = file.write_all(&line) {
        complain(&error);
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a full disk must be seen, and a fake vendor has no log"
)]
fn complain(error: &std::io::Error) {
    eprintln!("testbed: cannot write the bill: {error}");
}
