//! Block: eight bytes of a text looked at together, as one number. Strings of definitions are short, so that this beats
//! vector searches, which have more to set up.

/// Bytes of a block.
pub(super) const BLOCK: usize = 8;

/// The number whose bytes are all the same.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; BLOCK])
}

/// Where in a block the plain part of a string ends: the first quote, back-slash or control character.
#[inline(always)]
pub(super) fn end_of_plain(block: &[u8; BLOCK]) -> Option<usize> {
    let bytes = u64::from_le_bytes(*block);
    let (quotes, slashes) = (bytes ^ all(b'"'), bytes ^ all(b'\\'));
    // A byte below a bound borrows from its highest bit. Borrowing goes upwards only, so that the lowest bit is right.
    let ends = (quotes.wrapping_sub(all(1)) & !quotes)
        | (slashes.wrapping_sub(all(1)) & !slashes)
        | (bytes.wrapping_sub(all(b' ')) & !bytes);
    let ends = ends & all(0x80);
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
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
