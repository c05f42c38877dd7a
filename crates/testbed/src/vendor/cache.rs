//! The prompt cache of a vendor that has one: what earlier requests began with is read from it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use parking_lot::Mutex;
use serde_json::Value;

use super::asked::list;

/// Prompts kept, by the hashes of their beginnings; then it starts anew.
const BEGINNINGS_MAX: usize = 100_000;
/// Bytes of text in a token, as everywhere here.
const TOKEN_BYTES: usize = 4;

/// Beginnings of conversations that were answered.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    beginnings: Mutex<HashSet<u64>>,
}

impl Cache {
    /// The tokens of the longest beginning of this conversation that came before. All of it is kept for the next time.
    pub(crate) fn read(&self, body: &Value) -> u64 {
        let (mut hasher, mut bytes, mut cached) = (DefaultHasher::new(), 0, 0);
        let mut kept = self.beginnings.lock();
        if kept.len() > BEGINNINGS_MAX {
            kept.clear();
        }
        for message in list(body, "messages") {
            message.to_string().hash(&mut hasher);
            bytes += text_bytes(message.get("content").unwrap_or(&Value::Null));
            if !kept.insert(hasher.finish()) {
                cached = bytes / TOKEN_BYTES;
            }
        }
        u64::try_from(cached).unwrap_or(u64::MAX)
    }
}

fn text_bytes(content: &Value) -> usize {
    let parts = content.as_array().map_or(&[][..], Vec::as_slice);
    let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
    content.as_str().map_or(0, str::len) + texts.map(str::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_conversation_began_with_is_read_the_next_time() {
        let cache = Cache::default();
        let (one, two) = ("a".repeat(400), "b".repeat(40));
        let first = json!({"messages": [{"role": "user", "content": one}]});
        assert_eq!(cache.read(&first), 0);
        assert_eq!(cache.read(&first), 100);
        let next = json!({"messages": [
            {"role": "user", "content": one},
            {"role": "assistant", "content": [{"type": "text", "text": two}]},
        ]});
        assert_eq!(cache.read(&next), 100);
        assert_eq!(cache.read(&next), 110);
        let other = json!({"messages": [{"role": "user", "content": two}]});
        assert_eq!(cache.read(&other), 0);
    }
}
