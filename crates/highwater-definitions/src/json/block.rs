//! Block: sixteen bytes of a text looked at together, as one vector. Strings of definitions are short, so that this
//! beats longer vectors, which have more to set up.

use wide::u8x16;

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;

/// Where in a block the plain part of a string ends: the first quote, back-slash or control character.
#[inline(always)]
pub(super) fn end_of_plain(block: &[u8; BLOCK]) -> Option<usize> {
    let bytes = u8x16::new(*block);
    let ends = bytes.simd_eq(u8x16::splat(b'"'))
        | bytes.simd_eq(u8x16::splat(b'\\'))
        | bytes.simd_le(u8x16::splat(b' ' - 1));
    let ends = ends.to_bitmask();
    (ends != 0).then_some(ends.trailing_zeros() as usize)
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
