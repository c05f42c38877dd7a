//! A caller's request in OpenAI chat, written for vendors of every dialect.
#![no_main]

use dialects::Dialect;
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::request(Dialect::OpenAiChat, data));
