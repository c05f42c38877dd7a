//! Entries and records to write down, and where.

use canon::{
    AttemptId, Dialect, Entry, EntryKind, Generation, GenerationId, KeyId, NanoUsd, Transaction,
    Usage, WorkspaceId,
};
use tempfile::TempDir;

/// A folder in memory where the machine has such a place: thousands of openings, each with its
/// syncs, would keep a disk busy for minutes.
pub(crate) fn folder() -> TempDir {
    TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap()
}

pub(crate) fn entry(number: u64) -> Entry {
    let kind = if number.is_multiple_of(2) {
        EntryKind::Void
    } else {
        EntryKind::Settle {
            charged: NanoUsd::new(number.cast_signed()),
            transaction: Transaction::default(),
            generation: canon::Record::of(&generation(number)).map(Box::new),
        }
    };
    let generation = GenerationId::new(&format!("gen-{number}"));
    Entry {
        at: number.cast_signed(),
        attempt: AttemptId {
            generation,
            number: 0,
        },
        kind,
    }
}

pub(crate) fn generation(number: u64) -> Generation {
    Generation {
        id: GenerationId::new(&format!("gen-{number}")),
        key: KeyId::new("key"),
        workspace: WorkspaceId::new("default"),
        created_at: 1_700_000_000_000_000,
        dialect: Dialect::OpenAiChat,
        model: "acme/small".to_owned(),
        requested_model: None,
        provider: Some("Acme".to_owned()),
        upstream_id: None,
        streamed: true,
        cancelled: false,
        finish_reason: Some("stop".to_owned()),
        native_finish_reason: None,
        first_token_ms: Some(12),
        latency_ms: 34,
        generation_ms: Some(22),
        usage: Usage {
            prompt_tokens: number,
            completion_tokens: 7,
            ..Usage::default()
        },
        usage_estimated: false,
        cost: NanoUsd::new(1_234_567_890_123),
        upstream_cost: NanoUsd::new(9),
        cache_discount: NanoUsd::ZERO,
        media_prompt: 0,
        audio_prompt: 0,
        media_completion: 0,
        is_byok: false,
        user: None,
        session_id: None,
        referer: None,
        title: None,
        user_agent: None,
        attempts: Vec::new(),
        route: None,
        error: None,
    }
}
