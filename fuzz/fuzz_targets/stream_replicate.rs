//! A vendor's stream in Replicate, served to callers of every dialect.
#![no_main]

use dialects::Dialect;
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stream(Dialect::Replicate, data));
