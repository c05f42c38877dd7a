//! Suggestions for a name that is not in the catalogue.

/// The names most like `text`, best first, at most `count`; none that are not alike at all.
pub(super) fn nearest<'a>(
    text: &str,
    names: impl Iterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    // A name that nobody has is not longer than any name; what is longer need not be compared.
    let wanted = plain(text.get(..BYTES_MAX).unwrap_or(text));
    if wanted.is_empty() || wanted.len() > BYTES_MAX {
        return Vec::new();
    }
    let mut scored: Vec<(usize, &str)> = names
        .filter_map(|name| Some((score(&wanted, name)?, name)))
        .collect();
    scored.sort_unstable();
    scored.truncate(count);
    scored.into_iter().map(|(_, name)| name).collect()
}

const BYTES_MAX: usize = 120;

/// Lower is more alike; `None` is too far. A part of the name counts as near as one slip of the finger.
fn score(wanted: &[u8], name: &str) -> Option<usize> {
    let full = plain(name);
    let after_slash = |name| {
        <[u8]>::split(name, |byte| *byte == b'/')
            .nth(1)
            .unwrap_or(name)
    };
    let (short, wanted_short) = (after_slash(&full), after_slash(wanted));
    let limit = 2 + wanted.len() / 4;
    // As many letters as one is longer than the other must be added at least.
    let near = |one: &[u8], other: &[u8]| {
        (one.len().abs_diff(other.len()) <= limit).then(|| distance(one, other))
    };
    let whole = near(wanted, &full);
    let last = near(wanted_short, short).map(|slips| slips + 1);
    let part = (wanted_short.len() >= 3 && contains(short, wanted_short))
        .then(|| 2 + (short.len() - wanted_short.len()) / 4);
    [whole, last, part]
        .into_iter()
        .flatten()
        .min()
        .filter(|best| *best <= limit)
}

/// Letters, digits and the slash: `GPT 4o` and `gpt-4o` are the same name.
fn plain(text: &str) -> Vec<u8> {
    let kept = text
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'/');
    kept.map(|byte| byte.to_ascii_lowercase()).collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// How many letters must be changed, added or taken away (Levenshtein), one row at a time.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, byte) in one.iter().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, letter) in row.iter_mut().skip(1).zip(other) {
            let changed = diagonal + usize::from(byte != letter);
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_slips() {
        for (one, other, slips) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("abc", "abc", 0),
        ] {
            assert_eq!(
                distance(one.as_bytes(), other.as_bytes()),
                slips,
                "{one} {other}"
            );
        }
    }
}
