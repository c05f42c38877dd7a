//! Chance: seeds for the draw between endpoints and ids of generations. Not for secrets.

use std::cell::Cell;

use canon::GenerationId;

thread_local! {
    static STATE: Cell<u64> = Cell::new(first_seed());
}

/// From the operating system, so that two processes and two cores never draw alike.
fn first_seed() -> u64 {
    let mut seed = [0; 8];
    if aws_lc_rs::rand::fill(&mut seed).is_err() {
        // Ids then still differ by their second and by their core.
        tracing::warn!("the system has no random numbers");
    }
    u64::from_le_bytes(seed)
}

/// The next number (SplitMix64).
#[must_use]
pub fn draw() -> u64 {
    STATE.with(|state| {
        let next = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(next);
        let mixed = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// A new `gen-<unix seconds>-<20 letters and digits>`.
#[must_use]
pub fn generation_id(now_micros: i64) -> GenerationId {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AZ";
    let mut id = String::with_capacity(36);
    id.push_str("gen-");
    id.push_str(&now_micros.div_euclid(1_000_000).to_string());
    id.push('-');
    for _ in 0..2 {
        let mut bits = draw();
        for _ in 0..10 {
            let letter = LETTERS
                .get(usize::try_from(bits & 63).unwrap_or(0))
                .copied()
                .unwrap_or(b'A');
            id.push(char::from(letter));
            bits >>= 6;
        }
    }
    GenerationId::new(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_openrouters_form_and_differ() {
        let (one, other) = (
            generation_id(1_700_000_000_999_999),
            generation_id(1_700_000_000_999_999),
        );
        assert_ne!(one, other);
        let parts: Vec<&str> = one.as_str().split('-').collect();
        assert_eq!(
            (parts[0], parts[1], parts[2].len()),
            ("gen", "1700000000", 20)
        );
        assert!(parts[2].bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
