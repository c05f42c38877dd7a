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
///
/// The first four of the twenty tell the time within the second, in an alphabet that sorts, so that ids come in
/// order and what is kept by id grows at its end. The other sixteen are drawn.
#[must_use]
pub fn generation_id(now_micros: i64) -> GenerationId {
    const SORTED: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letter = |number: u64| {
        let place = usize::try_from(number).unwrap_or(0);
        char::from(SORTED.get(place).copied().unwrap_or(b'z'))
    };
    let mut id = String::with_capacity(36);
    id.push_str("gen-");
    id.push_str(&now_micros.div_euclid(1_000_000).to_string());
    id.push('-');
    let within = now_micros.rem_euclid(1_000_000).unsigned_abs();
    for unit in [62 * 62 * 62, 62 * 62, 62, 1] {
        id.push(letter(within / unit % 62));
    }
    for _ in 0..2 {
        let mut bits = draw();
        for _ in 0..8 {
            id.push(letter((bits & 0xff) % 62));
            bits >>= 8;
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

    #[test]
    fn ids_sort_by_time() {
        let times =
            [0, 1, 61, 62, 3_843, 238_328, 999_999].map(|within| 1_700_000_000_000_000 + within);
        let ids = times.map(generation_id);
        assert!(ids.is_sorted(), "{ids:?}");
    }
}
