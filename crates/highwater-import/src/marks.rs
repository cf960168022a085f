//! Marks: where the cells of a text end, found in blocks of sixty-four bytes.
//!
//! Guarantees every delimiter and every line end, in order and each once. Knows nothing of quotes: whoever reads a
//! cell in quotes goes on behind it.

use wide::u8x16;

/// The delimiters and line ends of a text, from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks<'t> {
    text: &'t [u8],
    delimiter: u8,
    /// Where the block starts that is looked at.
    block: usize,
    /// Its marks that were not asked for yet, a bit each.
    left: u64,
}

/// Bytes of a block: a bit each.
const BLOCK: usize = 64;

impl<'t> Marks<'t> {
    /// The marks of a text.
    pub(crate) fn new(text: &'t [u8], delimiter: u8) -> Self {
        let mut marks = Self { text, delimiter, block: 0, left: 0 };
        marks.left = marks.look();
        marks
    }

    /// Leaves out the marks before a place, which lies behind all marks that were given.
    #[inline]
    pub(crate) fn skip(&mut self, to: usize) {
        if to >= self.block + BLOCK {
            self.block = to - to % BLOCK;
            self.left = self.look();
        }
        self.left &= u64::MAX << (to % BLOCK);
    }

    /// The next mark.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            self.block += BLOCK;
            if self.block >= self.text.len() {
                return None;
            }
            self.left = self.look();
        }
        let at = self.block + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(at)
    }

    /// The marks of the block.
    #[inline]
    fn look(&self) -> u64 {
        let rest = self.text.get(self.block..).unwrap_or_default();
        if let Some(block) = rest.first_chunk() {
            return marks(block, self.delimiter);
        }
        // What lies behind the end is no mark, whatever the delimiter is.
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        marks(&block, self.delimiter) & !(u64::MAX << rest.len())
    }
}

#[inline]
fn marks(block: &[u8; BLOCK], delimiter: u8) -> u64 {
    let all = |byte| u8x16::splat(byte);
    let (delimiter, feed, carriage) = (all(delimiter), all(b'\n'), all(b'\r'));
    let vectors = block.as_chunks().0.iter().zip([0, 16, 32, 48]);
    vectors.fold(0, |marks, (vector, at)| {
        let bytes = u8x16::new(*vector);
        let found = bytes.simd_eq(delimiter) | bytes.simd_eq(feed) | bytes.simd_eq(carriage);
        marks | u64::from(found.to_bitmask()) << at
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_mark_is_found_once(
            text in proptest::collection::vec(prop_oneof![8 => any::<u8>(), 8 => 0x1e_u8..0x30, 1 => Just(b'\r')], 0..300),
            delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), any::<u8>()],
            steps in proptest::collection::vec(prop_oneof![4 => Just(0_usize), 1 => 0_usize..200], 1..40),
        ) {
            let is_mark = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
            let mut marks = Marks::new(&text, delimiter);
            let mut from = 0;
            for step in steps.into_iter().cycle() {
                if step > 0 {
                    from += step;
                    marks.skip(from);
                }
                let plain = text.iter().skip(from).position(is_mark).map(|length| from + length);
                prop_assert_eq!(marks.next(), plain);
                let Some(at) = plain else { break };
                from = at + 1;
            }
        }
    }
}
