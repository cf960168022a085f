//! Decode: bytes of a file become text.
//!
//! Guarantees that the same text comes out whatever encoding a tool wrote: UTF-8 with and without byte
//! order mark, UTF-16 in both orders; anything else is taken for Windows-1252 and said so. Never
//! replaces what it cannot read in silence.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Text of a file, with what had to be assumed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text<'b> {
    pub(crate) text: Cow<'b, str>,
    pub(crate) note: Option<&'static str>,
}

/// Decodes a file, or says why it is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Text<'_>, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            Err("UTF-32 is not read: save the file as UTF-8".into())
        }
        [0xff, 0xfe, rest @ ..] => utf16(UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => utf16(UTF_16BE, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => {
            Err("a zip archive that is no solution, or a workbook: unpack it, or export JSON"
                .into())
        }
        [0x1f, 0x8b, ..] => Err("a gzip archive: unpack it first".into()),
        [b'[' | b'{' | b'"', 0, ..] => utf16(UTF_16LE, bytes),
        [0, b'[' | b'{' | b'"', ..] => utf16(UTF_16BE, bytes),
        _ if bytes[..bytes.len().min(4096)].contains(&0) => Err("a binary file".into()),
        _ => utf8(bytes),
    }
}

/// Whether ASCII letters of the text stand in the bytes as they are.
pub(crate) const fn is_narrow(bytes: &[u8]) -> bool {
    !matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..])
}

fn utf8(bytes: &[u8]) -> Result<Text<'_>, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Text { text: Cow::Borrowed(text), note: None }),
        Err(_) => {
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
            Ok(Text {
                text,
                note: Some("not UTF-8: read as Windows-1252, letters outside it may be wrong"),
            })
        }
    }
}

fn utf16<'b>(
    encoding: &'static encoding_rs::Encoding,
    bytes: &'b [u8],
) -> Result<Text<'b>, String> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken {
        return Err(format!("not valid {}: the file is damaged or cut off", encoding.name()));
    }
    Ok(Text { text, note: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    proptest! {
        #[test]
        fn every_encoding_gives_the_same_text(tail in "\\PC*") {
            let text = format!("[{tail}");
            let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
            let little = [b"\xff\xfe".as_slice(), &units(&text, u16::to_le_bytes)].concat();
            let big = [b"\xfe\xff".as_slice(), &units(&text, u16::to_be_bytes)].concat();
            prop_assert!(is_narrow(text.as_bytes()) && is_narrow(&marked));
            prop_assert!(!is_narrow(&little) && !is_narrow(&big));
            for bytes in [text.as_bytes(), &marked, &little, &big] {
                prop_assert_eq!(decode(bytes).unwrap(), Text { text: Cow::Borrowed(text.as_str()), note: None });
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn other_encodings_are_said() {
        let text = decode(b"[\"Z\xfcrich\"]").unwrap();
        assert_eq!(text.text, "[\"Z\u{fc}rich\"]");
        assert!(text.note.unwrap().contains("Windows-1252"));
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, reason) in [
            (b"".as_slice(), "empty"),
            (b"PK\x03\x04rest", "zip"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\x89PNG\r\n\x1a\n\0\0\0", "binary"),
            (b"\xff\xfe[\0\x00\xd8", "damaged"),
            (b"\xff\xfe\0\0[\0\0\0", "UTF-32"),
        ] {
            let problem = decode(bytes).unwrap_err();
            assert!(problem.contains(reason), "{problem}");
        }
    }
}
