//! `[upstream]`: how long and how much a call to a provider may take.

use policy::health::Class;

use super::{env, section::Section, sections::HOUR_MS};

/// `[upstream]`: how providers are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Milliseconds to connect, TLS included. Default 3 s.
    pub connect_ms: u64,
    /// Milliseconds from the request to the first event of a stream that says something. Default 120 s.
    pub first_byte_ms: u64,
    /// The same for a model that cannot think; never more than `first_byte_ms`. Default 60 s.
    pub first_byte_fast_ms: u64,
    /// The same for a model that thinks before it answers; never less than `first_byte_ms`. Default 10 min.
    pub first_byte_reasoning_ms: u64,
    /// Milliseconds from the request to the end of an answer that is not streamed. Default 10 min.
    pub whole_ms: u64,
    /// Milliseconds between two pieces of a stream, comments included. Default 180 s.
    pub idle_ms: u64,
    /// Milliseconds between two events of a stream that say something. Default 5 min.
    pub data_gap_ms: u64,
    /// Milliseconds for a whole call. Default 1 h.
    pub total_ms: u64,
    /// Bytes of a whole answer. Default 64 MiB.
    pub response_bytes_max: usize,
    /// Bytes of one event of a stream. Default 16 MiB.
    pub frame_bytes_max: usize,
    /// Calls to providers for one request, the first included. Default 3.
    pub attempts_max: u8,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            connect_ms: 3_000,
            first_byte_ms: 120_000,
            first_byte_fast_ms: 60_000,
            first_byte_reasoning_ms: 600_000,
            whole_ms: 600_000,
            idle_ms: 180_000,
            data_gap_ms: 300_000,
            total_ms: HOUR_MS,
            response_bytes_max: 64 << 20,
            frame_bytes_max: 16 << 20,
            attempts_max: 3,
        }
    }
}

impl Upstream {
    /// The same for the crate that calls providers, and a class of models.
    #[must_use]
    pub fn limits(&self, class: Class) -> providers::Limits {
        let first_byte_ms = match class {
            Class::Fast => self.first_byte_ms.min(self.first_byte_fast_ms),
            Class::Normal => self.first_byte_ms,
            Class::Reasoning => self.first_byte_ms.max(self.first_byte_reasoning_ms),
        };
        providers::Limits {
            connect_ms: self.connect_ms,
            first_byte_ms,
            whole_ms: self.whole_ms,
            idle_ms: self.idle_ms,
            data_gap_ms: self.data_gap_ms,
            total_ms: self.total_ms,
            response_bytes_max: self.response_bytes_max,
            frame_bytes_max: self.frame_bytes_max,
        }
    }

    /// What differs by class of model.
    fn read_first_byte(&mut self, up: &mut Section<'_, '_>) {
        up.whole(
            "first_byte_fast_ms",
            env::UPSTREAM_FIRST_BYTE_FAST_MS,
            1..=HOUR_MS,
            &mut self.first_byte_fast_ms,
        );
        up.whole(
            "first_byte_reasoning_ms",
            env::UPSTREAM_FIRST_BYTE_REASONING_MS,
            1..=HOUR_MS,
            &mut self.first_byte_reasoning_ms,
        );
    }

    pub(super) fn read(&mut self, root: &mut Section<'_, '_>) {
        let mut up = root.section("upstream");
        up.whole(
            "connect_ms",
            env::UPSTREAM_CONNECT_MS,
            1..=HOUR_MS,
            &mut self.connect_ms,
        );
        up.whole(
            "first_byte_ms",
            env::UPSTREAM_FIRST_BYTE_MS,
            1..=HOUR_MS,
            &mut self.first_byte_ms,
        );
        self.read_first_byte(&mut up);
        up.whole(
            "whole_ms",
            env::UPSTREAM_WHOLE_MS,
            1..=24 * HOUR_MS,
            &mut self.whole_ms,
        );
        up.whole(
            "idle_ms",
            env::UPSTREAM_IDLE_MS,
            1..=HOUR_MS,
            &mut self.idle_ms,
        );
        up.whole(
            "data_gap_ms",
            env::UPSTREAM_DATA_GAP_MS,
            1..=HOUR_MS,
            &mut self.data_gap_ms,
        );
        up.whole(
            "total_ms",
            env::UPSTREAM_TOTAL_MS,
            1..=24 * HOUR_MS,
            &mut self.total_ms,
        );
        let (response, frame) = (
            env::UPSTREAM_RESPONSE_BYTES_MAX,
            env::UPSTREAM_FRAME_BYTES_MAX,
        );
        up.whole(
            "response_bytes_max",
            response,
            1_024..=1 << 30,
            &mut self.response_bytes_max,
        );
        up.whole(
            "frame_bytes_max",
            frame,
            1_024..=1 << 30,
            &mut self.frame_bytes_max,
        );
        up.whole(
            "attempts_max",
            env::UPSTREAM_ATTEMPTS_MAX,
            1..=20,
            &mut self.attempts_max,
        );
        up.end();
    }
}
