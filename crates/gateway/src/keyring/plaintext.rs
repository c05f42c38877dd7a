//! A key as its owner has it: `sk-or-v1-` and 64 hex digits of chance.

use aws_lc_rs::{digest, rand};
use canon::{KeyId, Secret};

/// What every key begins with, for scanners of secrets and for people.
pub(super) const PREFIX: &str = "sk-or-v1-";

/// Letters shown of a key's chance, at its start and at its end.
const SHOWN: usize = 3;

/// Draws a new key from 256 bits of chance; `None` where the system has no random numbers.
pub(super) fn draw() -> Option<Secret<String>> {
    let mut chance = [0; 32];
    rand::fill(&mut chance).ok()?;
    Some(Secret::new(format!("{PREFIX}{}", hex(&chance))))
}

/// Whether a text has the form of a key.
pub(super) fn is_well_formed(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|digits| {
        digits.len() == 64
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The public id: SHA-256 of the plaintext, in hex. The chance in it cannot be guessed, so it says nothing.
pub(super) fn id(plaintext: &str) -> KeyId {
    let sum = digest::digest(&digest::SHA256, plaintext.as_bytes());
    KeyId::new(&hex(sum.as_ref()))
}

/// The masked form: `sk-or-v1-abc...123`.
pub(super) fn label(plaintext: &str) -> String {
    let digits = plaintext.strip_prefix(PREFIX).unwrap_or_default();
    let first = digits.get(..SHOWN).unwrap_or_default();
    let last = digits
        .get(digits.len().saturating_sub(SHOWN)..)
        .unwrap_or_default();
    format!("{PREFIX}{first}...{last}")
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_key_has_the_form_of_one_and_no_two_are_alike() {
        let (one, other) = (draw().unwrap(), draw().unwrap());
        assert!(is_well_formed(one.expose()));
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn the_id_is_the_sha_256_that_clients_compute_themselves() {
        // printf abc | sha256sum
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(id("abc").as_str(), abc);
    }

    #[test]
    fn the_label_shows_three_letters_at_each_end() {
        let plaintext = format!("{PREFIX}abc{}123", "0".repeat(58));
        assert_eq!(label(&plaintext), "sk-or-v1-abc...123");
        assert_eq!(label("x"), "sk-or-v1-...");
    }

    #[test]
    fn other_texts_are_not_keys() {
        let good = format!("{PREFIX}{}", "0af9".repeat(16));
        assert!(is_well_formed(&good));
        for bad in [
            "",
            PREFIX,
            good.trim_start_matches('s'),
            good.strip_suffix('9').unwrap_or(""),
            &good.to_uppercase(),
            &format!("{good}0"),
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
