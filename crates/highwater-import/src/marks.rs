//! Marks: bytes of a text that mean something, found in blocks: where cells may end, and what texts may hold.
//!
//! Guarantees every such byte. Knows nothing of cells: whether a quote begins one is for the reader to say.

use highwater_snapshot::TELLING;
use wide::u8x16;

/// The marks of a block of a sheet: a bit a byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Marks {
    pub(crate) delimiters: u64,
    /// Line ends and quotes.
    pub(crate) others: u64,
}

/// Bytes of a block of a sheet.
pub(crate) const BLOCK: usize = 64;

impl Marks {
    /// The marks of the block that starts at a place.
    #[inline]
    pub(crate) fn of(text: &[u8], at: usize, delimiter: u8) -> Self {
        let rest = text.get(at..).unwrap_or_default();
        if let Some(block) = rest.first_chunk() {
            return Self::all(block, delimiter);
        }
        // What lies behind the end is no mark, whatever the delimiter is.
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        let Self { delimiters, others } = Self::all(&block, delimiter);
        let there = !(u64::MAX << rest.len());
        Self { delimiters: delimiters & there, others: others & there }
    }

    #[inline]
    fn all(block: &[u8; BLOCK], delimiter: u8) -> Self {
        let [delimiter, feed, carriage, quote] = [delimiter, b'\n', b'\r', b'"'].map(u8x16::splat);
        let vectors = block.as_chunks().0.iter().zip([0, 16, 32, 48]);
        vectors.fold(Self { delimiters: 0, others: 0 }, |marks, (vector, at)| {
            let bytes = u8x16::new(*vector);
            let others = bytes.simd_eq(feed) | bytes.simd_eq(carriage) | bytes.simd_eq(quote);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << at;
            Self {
                delimiters: marks.delimiters | bits(bytes.simd_eq(delimiter)),
                others: marks.others | bits(others),
            }
        })
    }

    /// The marks from a place in the block on.
    #[inline]
    pub(crate) const fn from(self, at: usize) -> Self {
        let behind = u64::MAX << at;
        Self { delimiters: self.delimiters & behind, others: self.others & behind }
    }

    /// The delimiters before a place in the block.
    #[inline]
    pub(crate) const fn before(self, at: usize) -> u64 {
        self.delimiters & !(u64::MAX << at)
    }
}

/// Bytes of a vector.
pub(crate) const VECTOR: usize = 16;

/// Where a text that JSON writes as it is ends, and where another of [`TELLING`] stands: one bit a byte.
#[inline(always)]
pub(crate) fn look_at(block: &[u8; VECTOR]) -> (u32, u32) {
    let bytes = u8x16::new(*block);
    let is = |byte| bytes.simd_eq(u8x16::splat(byte));
    let [quote, slash, tells @ ..] = TELLING.map(is);
    let ends = quote | slash | bytes.simd_le(u8x16::splat(b' ' - 1));
    (ends.to_bitmask(), tells.into_iter().fold(u8x16::splat(0), |any, is| any | is).to_bitmask())
}

/// Whether what stands in a text between two places has no control character and none of [`TELLING`]; false also where
/// that was not looked at.
#[inline(always)]
pub(crate) fn is_plain(text: &[u8], mut from: usize, to: usize) -> bool {
    // Bytes behind are looked at as well, because a whole block is looked at faster than a part.
    while let Some(block) = text.get(from..).and_then(<[u8]>::first_chunk) {
        let (ends, tells) = look_at(block);
        let (marks, left) = (ends | tells, to.saturating_sub(from));
        if left <= VECTOR {
            return marks & !(u32::MAX << left) == 0;
        }
        if marks != 0 {
            return false;
        }
        from += VECTOR;
    }
    from >= to
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_mark_is_found(
            text in proptest::collection::vec(prop_oneof![8 => any::<u8>(), 8 => 0x1e_u8..0x30, 1 => Just(b'\r')], 0..200),
            delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), 0x80_u8..],
            from in 0_usize..BLOCK,
        ) {
            for at in (0..=text.len()).step_by(BLOCK) {
                let marks = Marks::of(&text, at, delimiter);
                let bits = |is: &dyn Fn(u8) -> bool| {
                    let block = text[at..].iter().take(BLOCK).zip(0..);
                    block.fold(0_u64, |bits, (byte, bit)| bits | u64::from(is(*byte)) << bit)
                };
                let wanted = Marks {
                    delimiters: bits(&|byte| byte == delimiter),
                    others: bits(&|byte| matches!(byte, b'"' | b'\n' | b'\r')),
                };
                prop_assert_eq!(marks, wanted);
                prop_assert_eq!(marks.before(from) | marks.from(from).delimiters, wanted.delimiters);
                prop_assert_eq!(marks.before(from) & marks.from(from).delimiters, 0);
            }
        }

        #[test]
        fn what_is_called_plain_is(
            length in 1_usize..100,
            (place, byte) in (0_usize..100, prop_oneof![any::<u8>(), proptest::sample::select(TELLING.to_vec())]),
            (from, to) in (0_usize..100, 0_usize..100),
        ) {
            let mut text = vec![b'a'; length];
            text[place % length] = byte;
            let from = from % (length + 1);
            let to = from + to % (length + 1 - from);
            let plain = text[from..to].iter().all(|byte| *byte >= b' ' && !TELLING.contains(byte));
            let found = is_plain(&text, from, to);
            prop_assert!(plain || !found);
            // Only what stands at the end of the text may be left open.
            prop_assert!(found == plain || to + VECTOR > length);
        }
    }
}
