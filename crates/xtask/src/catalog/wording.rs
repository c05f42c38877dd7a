//! Names, words and dates, as the data files write them.

use std::collections::BTreeSet;

pub(super) fn ordered(words: &BTreeSet<&'static str>) -> String {
    let order = [
        "text",
        "image",
        "file",
        "audio",
        "video",
        "embeddings",
        "rerank",
        "speech",
        "transcription",
    ];
    order
        .into_iter()
        .filter(|word| words.contains(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// `Meta: Llama 3 (free)` is the name of an endpoint, not of the model.
pub(super) fn without_lane(name: &str) -> &str {
    ["(free)", "(extended)", "(thinking)", "(batch)"]
        .into_iter()
        .find_map(|lane| name.strip_suffix(lane))
        .map_or(name, str::trim_end)
}

/// A name out of the slug, where no source has one: `openai/tts-1` is shown as `Openai: tts-1`.
pub(super) fn plain_name(slug: &str) -> String {
    let (author, name) = slug.split_once('/').unwrap_or(("", slug));
    let mut letters = author.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!(
        "{}{}: {name}",
        first.map(String::from).unwrap_or_default(),
        letters.as_str()
    )
}

pub(super) fn tokenizer(slug: &str, output: &BTreeSet<&'static str>) -> &'static str {
    if !output.contains("text") {
        return if output.contains("embeddings") || output.contains("rerank") {
            "Other"
        } else {
            "Media"
        };
    }
    [
        ("openrouter/", "Router"),
        ("openai/", "GPT"),
        ("anthropic/", "Claude"),
        ("google/gemma", "Gemma"),
        ("google/", "Gemini"),
        ("x-ai/", "Grok"),
        ("cohere/", "Cohere"),
        ("amazon/nova", "Nova"),
        ("qwen/qwen3", "Qwen3"),
        ("qwen/", "Qwen"),
        ("deepseek/", "DeepSeek"),
        ("mistralai/", "Mistral"),
        ("meta-llama/llama-2", "Llama2"),
        ("meta-llama/llama-3", "Llama3"),
        ("meta-llama/llama-4", "Llama4"),
    ]
    .into_iter()
    .find_map(|(start, tokenizer)| slug.starts_with(start).then_some(tokenizer))
    .unwrap_or("Other")
}

/// Midnight UTC of `2026-11-22`, in seconds since 1970.
pub(super) fn seconds(date: &str) -> Option<i64> {
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    // Days of the civil calendar, counted from March so that the leap day is last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight() {
        assert_eq!(seconds("1970-01-01"), Some(0));
        assert_eq!(seconds("2025-08-07"), Some(1_754_524_800));
        assert_eq!(seconds("2024-02-29"), Some(1_709_164_800));
        assert_eq!(seconds("soon"), None);
    }
}
