//! AWS event streams: frames are the same wherever the bytes are cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::framing::aws(data));
