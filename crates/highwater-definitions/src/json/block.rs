//! Block: sixteen bytes of a text looked at together, as two numbers. Strings of definitions are short, so that this
//! beats vector searches, which have more to set up.

/// Bytes of a block.
pub(super) const BLOCK: usize = 2 * WORD;

const WORD: usize = size_of::<u64>();

/// Where in a block the plain part of a string ends: the first quote, back-slash or control character.
#[inline(always)]
pub(super) fn end_of_plain(block: &[u8; BLOCK]) -> Option<usize> {
    let [low, high] = *block.as_chunks().0 else { return None };
    let (low, high) = (ends(low), ends(high));
    // Strings end where nobody foresees it, so that choosing costs less than jumping.
    let (word, before) = if low == 0 { (high, WORD) } else { (low, 0) };
    (word != 0).then(|| before + word.trailing_zeros() as usize / 8)
}

/// Marks the highest bit of the first byte that ends the plain part of a string; above it, marks mean nothing.
#[inline(always)]
fn ends(word: [u8; WORD]) -> u64 {
    let bytes = u64::from_le_bytes(word);
    let (quotes, slashes) = (bytes ^ all(b'"'), bytes ^ all(b'\\'));
    // A byte below a bound borrows from its highest bit, and borrowing goes upwards only. None of the bytes looked for
    // has that bit, so that one look at it does for all.
    let below =
        quotes.wrapping_sub(all(1)) | slashes.wrapping_sub(all(1)) | bytes.wrapping_sub(all(b' '));
    below & !bytes & all(0x80)
}

/// The number whose bytes are all the same.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; WORD])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_end_is_found(block in any::<[u8; BLOCK]>(), plain in 0usize..=BLOCK) {
            let mut block = block;
            block[..plain].fill(b'x');
            let expected = block.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
            prop_assert_eq!(end_of_plain(&block), expected);
        }
    }

    #[test]
    fn every_byte_is_judged() {
        for byte in 0..=u8::MAX {
            let ends = byte == b'"' || byte == b'\\' || byte < 0x20;
            assert_eq!(end_of_plain(&[byte; BLOCK]), ends.then_some(0), "{byte}");
        }
    }
}
