//! A vendor's stream in OpenAI Responses, served to callers of every dialect.
#![no_main]

use dialects::Dialect;
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stream(Dialect::OpenAiResponses, data));
