//! Frames out of bytes and back.

pub mod sse;
