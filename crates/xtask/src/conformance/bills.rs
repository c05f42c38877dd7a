//! What the vendors delivered, by their own books, held against what weir says it paid them.
//!
//! Two ledgers kept by programs that share no code: where they agree to the nano-dollar, every answer was metered right.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::settings::{
    CACHED_NANOS, COMPLETION_NANOS, PROMPT_NANOS, WRITTEN_FOR_AN_HOUR_NANOS, WRITTEN_NANOS,
};

/// What weir's verification writes before a vendor's name, and what it counts in.
const ACCOUNT: &str = "cost of ";
const NANOS_PER_USD: u64 = 1_000_000_000;

/// Nano-dollars, by the vendor's name.
type Amounts = BTreeMap<String, u64>;

/// What one file of a bill charges, added to the vendors that `suffix` belongs to.
///
/// # Errors
/// The file cannot be read, or holds something else than a bill.
pub(super) fn read(file: &Path, suffix: &str, charged: &mut Amounts) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line)
            .with_context(|| format!("no entry of a bill in {}", file.display()))?;
        let count = |name: &str| entry.get(name).and_then(Value::as_u64).unwrap_or_default();
        let family = match entry.get("wire").and_then(Value::as_str) {
            Some("open_ai_chat") => "openai",
            Some("open_ai_responses") => "responses",
            Some("anthropic") => "anthropic",
            Some("gemini") => "gemini",
            Some("bedrock") => "bedrock",
            Some("cohere") => "cohere",
            Some("ollama") => "ollama",
            Some("replicate") => "replicate",
            other => bail!("{}: no wire is called {other:?}", file.display()),
        };
        let (cached, written) = (count("cached_tokens"), count("cache_written_tokens"));
        let for_an_hour = count("cache_written_1h_tokens");
        let fresh = count("prompt_tokens").saturating_sub(cached + written);
        *charged.entry(format!("lab-{family}{suffix}")).or_default() += fresh * PROMPT_NANOS
            + cached * CACHED_NANOS
            + written.saturating_sub(for_an_hour) * WRITTEN_NANOS
            + for_an_hour * WRITTEN_FOR_AN_HOUR_NANOS
            + count("completion_tokens") * COMPLETION_NANOS;
    }
    Ok(())
}

/// Compares what was charged with what `weir ledger verify` printed.
///
/// # Errors
/// A vendor was paid something else than it charged.
pub(super) fn compare(charged: &Amounts, verified: &str) -> Result<()> {
    let paid: Amounts = verified.lines().filter_map(parse_account).collect();
    if charged.is_empty() {
        bail!("no vendor charged anything");
    }
    for (vendor, charged) in charged {
        let paid = paid.get(vendor).copied().unwrap_or_default();
        if paid != *charged {
            bail!("{vendor} delivered for {charged} nano-dollars and weir's books say {paid}");
        }
    }
    Ok(())
}

/// `cost of lab-openai    0.001541`.
fn parse_account(line: &str) -> Option<(String, u64)> {
    let (vendor, amount) = line.strip_prefix(ACCOUNT)?.split_once(' ')?;
    let amount = amount.trim();
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let nanos: u64 = format!("{fraction:0<9}").parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    Some((vendor.to_owned(), whole * NANOS_PER_USD + nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_to_the_nano_dollar() {
        let read = |line| parse_account(line).map(|(_, nanos)| nanos);
        assert_eq!(read("cost of lab-openai         0.001541"), Some(1_541_000));
        assert_eq!(read("cost of lab-a  12.000000001"), Some(12_000_000_001));
        assert_eq!(read("cost of lab-a  3"), Some(3_000_000_000));
        assert_eq!(read("suspense       0.0015"), None);
    }

    #[test]
    fn a_token_too_many_is_found() {
        let charged = Amounts::from([("lab-openai".to_owned(), 1_541_000)]);
        assert!(compare(&charged, "cost of lab-openai   0.001541").is_ok());
        assert!(compare(&charged, "cost of lab-openai   0.001543").is_err());
        assert!(compare(&charged, "every invariant holds").is_err());
        assert!(compare(&Amounts::new(), "").is_err());
    }
}
