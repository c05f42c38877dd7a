//! How long and how much a call may take. Every wait has an end.

/// How long and how much one call may take. Times in milliseconds, sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands: name lookup, TCP, TLS. 3 s. A kept connection takes none of it.
    pub connect_ms: u64,
    /// From sending until a streamed answer shows life: headers and the first event that says
    /// something; comments do not count. 120 s; models that think long need more (600 s).
    pub first_byte_ms: u64,
    /// From sending until a whole answer is there: it comes when it is finished, so there is no
    /// earlier sign. 600 s.
    pub whole_ms: u64,
    /// The longest silence within a stream that has begun: no byte at all, not even a comment. 180
    /// s.
    pub idle_ms: u64,
    /// The longest time between two events that say something, within a stream that has begun.
    /// Comments do not count here: a vendor may show life for ever and say nothing. 300 s.
    pub data_gap_ms: u64,
    /// The whole call, to the last byte of the answer. 3,600 s.
    pub total_ms: u64,
    /// The longest whole answer. 64 MiB.
    pub response_bytes_max: usize,
    /// The longest frame of a stream (a picture comes in one). 16 MiB.
    pub frame_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_ms: 3_000,
            first_byte_ms: 120_000,
            whole_ms: 600_000,
            idle_ms: 180_000,
            data_gap_ms: 300_000,
            total_ms: 3_600_000,
            response_bytes_max: 64 << 20,
            frame_bytes_max: 16 << 20,
        }
    }
}
