//! SipHash-2-4 with 128 bits: a keyed hash that is quick on short inputs and of which nothing leads back to them.
//!
//! Aumasson and Bernstein, 2012; the vectors in the tests are those of its reference implementation.

/// What was read so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct SipHash {
    v: [u64; 4],
    /// Bytes that do not make a word yet, the first in the lowest place.
    tail: u64,
    length: u64,
}

impl SipHash {
    pub(super) const fn new([k0, k1]: [u64; 2]) -> Self {
        Self {
            v: [
                k0 ^ 0x736f_6d65_7073_6575,
                k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
                k0 ^ 0x6c79_6765_6e65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
            tail: 0,
            length: 0,
        }
    }

    /// Reads bytes.
    pub(super) fn write(&mut self, mut bytes: &[u8]) {
        while !self.length.is_multiple_of(8)
            && let Some((first, rest)) = bytes.split_first()
        {
            self.push(*first);
            bytes = rest;
        }
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let mut eight = [0; 8];
            eight.copy_from_slice(word);
            self.length = self.length.wrapping_add(8);
            self.mix(u64::from_le_bytes(eight));
        }
        for byte in words.remainder() {
            self.push(*byte);
        }
    }

    /// Reads bytes with their number, so that two pieces never read as one.
    pub(super) fn write_piece(&mut self, bytes: &[u8]) {
        self.write(&(bytes.len() as u64).to_le_bytes());
        self.write(bytes);
    }

    pub(super) fn finish(mut self) -> [u64; 2] {
        let last = self.tail | (self.length << 56);
        self.mix(last);
        let mut out = [0; 2];
        for (half, word) in out.iter_mut().zip([0xee_u64, 0xdd]) {
            let place = if word == 0xee { 2 } else { 1 };
            for (at, v) in self.v.iter_mut().enumerate() {
                if at == place {
                    *v ^= word;
                }
            }
            for _ in 0..4 {
                self.round();
            }
            *half = self.v.iter().fold(0, |all, v| all ^ v);
        }
        out
    }

    fn push(&mut self, byte: u8) {
        self.tail |= u64::from(byte) << (8 * (self.length % 8));
        self.length = self.length.wrapping_add(1);
        if self.length.is_multiple_of(8) {
            let word = std::mem::take(&mut self.tail);
            self.mix(word);
        }
    }

    fn mix(&mut self, word: u64) {
        let [_, _, _, v3] = &mut self.v;
        *v3 ^= word;
        self.round();
        self.round();
        let [v0, ..] = &mut self.v;
        *v0 ^= word;
    }

    fn round(&mut self) {
        let [mut v0, mut v1, mut v2, mut v3] = self.v;
        v0 = v0.wrapping_add(v1);
        v1 = v1.rotate_left(13) ^ v0;
        v0 = v0.rotate_left(32);
        v2 = v2.wrapping_add(v3);
        v3 = v3.rotate_left(16) ^ v2;
        v0 = v0.wrapping_add(v3);
        v3 = v3.rotate_left(21) ^ v0;
        v2 = v2.wrapping_add(v1);
        v1 = v1.rotate_left(17) ^ v2;
        v2 = v2.rotate_left(32);
        self.v = [v0, v1, v2, v3];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u64; 2] = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];

    fn hash(bytes: &[u8]) -> Vec<u8> {
        let mut hash = SipHash::new(KEY);
        hash.write(bytes);
        hash.finish()
            .iter()
            .flat_map(|half| half.to_le_bytes())
            .collect()
    }

    #[test]
    fn it_gives_the_vectors_of_the_reference() {
        let empty = [
            0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
            0x02, 0x93,
        ];
        assert_eq!(hash(&[]), empty);
        let one = [
            0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22,
            0xfc, 0x45,
        ];
        assert_eq!(hash(&[0]), one);
    }

    #[test]
    fn how_the_bytes_come_in_does_not_matter_but_where_a_piece_ends_does() {
        let bytes: Vec<u8> = (0..=99).collect();
        for at in 0..bytes.len() {
            let mut hash = SipHash::new(KEY);
            hash.write(&bytes[..at]);
            hash.write(&bytes[at..]);
            let mut whole = SipHash::new(KEY);
            whole.write(&bytes);
            assert_eq!(hash.finish(), whole.finish(), "{at}");
        }
        let pieces = |one: &[u8], other: &[u8]| {
            let mut hash = SipHash::new(KEY);
            hash.write_piece(one);
            hash.write_piece(other);
            hash.finish()
        };
        assert_ne!(pieces(b"ab", b"c"), pieces(b"a", b"bc"));
    }
}
