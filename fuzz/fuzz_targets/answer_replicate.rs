//! A vendor's whole answer and error in Replicate, served to callers of every dialect.
#![no_main]

use dialects::Dialect;
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::answer(Dialect::Replicate, data));
