//! Takes out of a vendor's words what is nobody's business: addresses, keys, accounts.

/// The longest message that is passed on, in bytes.
const BYTES_MAX: usize = 600;

/// How keys, organisations, projects and the like begin.
const PREFIXES: &[&str] = &[
    "sk-", "sk_", "gsk_", "xai-", "fw_", "tgp_", "hf_", "aiza", "org-", "org_", "proj_", "proj-",
    "acct_", "user-", "bearer", "eyj", "akia", "asia", "dapi", "nvapi-", "r8_", "csk-", "pplx-",
    "ya29.",
];

const HIDDEN: &str = "***";

/// The message without addresses, keys and accounts, cut at a bearable length.
pub(super) fn scrub<'a>(message: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let mut text = message.to_owned();
    for secret in secrets {
        text = text.replace(secret, HIDDEN);
    }
    let mut clean = String::with_capacity(text.len().min(BYTES_MAX));
    for piece in text.split_inclusive(char::is_whitespace) {
        if clean.len() + piece.len() > BYTES_MAX {
            clean.push('…');
            break;
        }
        push_clean(piece, &mut clean);
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// Whether a text looks like a code: short, no spaces, nothing that could be a key.
pub(super) fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && !is_private(code)
}

/// Adds one word with what stands around it, or hides it.
fn push_clean(piece: &str, clean: &mut String) {
    let is_edge = |c: char| c.is_whitespace() || "\"'`()[]{}<>,;:.!?".contains(c);
    let word = piece.trim_matches(is_edge);
    if word.is_empty() || !is_private(word) {
        clean.push_str(piece);
        return;
    }
    let front = piece.len() - piece.trim_start_matches(is_edge).len();
    clean.push_str(piece.get(..front).unwrap_or_default());
    clean.push_str(HIDDEN);
    clean.push_str(piece.get(front + word.len()..).unwrap_or_default());
}

fn is_private(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    // A word may have more in front of the private part: `key=sk-…`, `(organization:org-…`.
    let mut parts = lower.split(['=', ':', '/', '"', '\'', '(']);
    word.contains("://")
        || lower.starts_with("arn:")
        || parts.any(|part| {
            PREFIXES.iter().any(|prefix| {
                part.strip_prefix(prefix)
                    .is_some_and(|rest| !rest.is_empty() || prefix.ends_with('-'))
            })
        })
        || is_ip(&lower)
}

/// An IPv4 address, with or without a port.
fn is_ip(word: &str) -> bool {
    let host = word.split(':').next().unwrap_or_default();
    host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keys_and_accounts_are_hidden_and_the_rest_stays() {
        for (message, clean) in [
            (
                "Incorrect API key provided: sk-abc. You can find it at https://x.y/z.",
                "Incorrect API key provided: ***. You can find it at ***.",
            ),
            (
                "Rate limit for gpt-4 in organization org-123 on tokens",
                "Rate limit for gpt-4 in organization *** on tokens",
            ),
            ("connect to 10.0.0.3:8081 failed", "connect to *** failed"),
            (
                "Invalid 'temperature': expected <= 2, got 99.0.",
                "Invalid 'temperature': expected <= 2, got 99.0.",
            ),
            ("my key topsecret at lab.example", "my key *** at ***"),
            (
                "User: arn:aws:iam::1:user/x with AKIAIOSFODNN7 is not authorized",
                "User: *** with *** is not authorized",
            ),
            ("token ya29.c0Abc_d-e expired", "token *** expired"),
            ("token eyJhbGciOi.eyJpc3M.c2ln expired", "token *** expired"),
        ] {
            let secrets = ["topsecret", "lab.example"];
            assert_eq!(scrub(message, secrets.into_iter()), clean);
        }
    }

    #[test]
    fn a_long_message_is_cut_between_words() {
        let clean = scrub(&"word ".repeat(1_000), std::iter::empty());
        assert!(
            clean.len() <= BYTES_MAX + "…".len() && clean.ends_with("word …"),
            "{clean}"
        );
    }
}
