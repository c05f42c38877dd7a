//! OpenRouter's `~author/family-latest` names: which concrete model each of them means today.

use std::cmp::Reverse;

use super::quote::Sheet;

/// A model that an alias may mean.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub(super) slug: &'a str,
    pub(super) created: Option<&'a str>,
    pub(super) sheet: Option<&'a Sheet>,
}

/// The newest model of the family; one with the alias's own price before all others.
pub(super) fn target<'a>(
    alias: &str,
    sheet: &Sheet,
    candidates: &[Candidate<'a>],
) -> Option<&'a str> {
    let (author, family) = alias
        .strip_prefix('~')?
        .strip_suffix("-latest")?
        .split_once('/')?;
    let family: Vec<&str> = family.split('-').collect();
    candidates
        .iter()
        .filter(|candidate| {
            let named = candidate.slug.split_once('/');
            named.is_some_and(|(other, name)| other == author && is_of(name, &family))
        })
        .min_by_key(|candidate| {
            let same_price = candidate.sheet.and_then(|sheet| sheet.base.get("prompt"))
                == sheet.base.get("prompt");
            (
                !same_price,
                Reverse(numbers(candidate.slug)),
                Reverse(candidate.created),
                candidate.slug,
            )
        })
        .map(|candidate| candidate.slug)
}

/// Whether a name is the family's words and besides them only a version.
fn is_of(name: &str, family: &[&str]) -> bool {
    let words: Vec<&str> = name.split('-').collect();
    let version = |word: &str| {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        word == "preview"
            || (word.len() - digits.len() <= 1 && digits.starts_with(|c: char| c.is_ascii_digit()))
    };
    family.iter().all(|word| words.contains(word))
        && words
            .iter()
            .all(|word| family.contains(word) || version(word))
}

fn numbers(name: &str) -> Vec<u64> {
    name.split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_means_the_newest_of_its_family() {
        let candidate = |slug| Candidate {
            slug,
            created: None,
            sheet: None,
        };
        let all = [
            "openai/gpt-5.4-mini",
            "openai/gpt-5-mini",
            "openai/gpt-6-luna",
            "openai/gpt-6.1-luna-pro",
        ]
        .map(candidate);
        let sheet = Sheet::default();
        assert_eq!(
            target("~openai/gpt-mini-latest", &sheet, &all),
            Some("openai/gpt-5.4-mini")
        );
        assert_eq!(
            target("~openai/gpt-luna-latest", &sheet, &all),
            Some("openai/gpt-6-luna")
        );
        assert_eq!(target("~openai/gpt-sol-latest", &sheet, &all), None);
    }

    #[test]
    fn versions_may_carry_a_letter() {
        assert!(is_of("kimi-k3", &["kimi"]));
        assert!(is_of("gemini-3.1-pro-preview", &["gemini", "pro"]));
        assert!(!is_of("kimi-k2-thinking", &["kimi"]));
    }
}
