//! Text: bytes of a file become text. UTF-8 and UTF-16 (either order), with or without byte order mark.
//! Deliberately not here: older code pages; vendor exports do not use them.

use std::borrow::Cow;

use crate::error::DefinitionError;
use crate::limits::MAX_DOCUMENT_BYTES;

/// The text of a file, without byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, DefinitionError> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        let (bytes, limit) = (bytes.len() as u64, MAX_DOCUMENT_BYTES as u64);
        return Err(DefinitionError::TooLarge { what: "the file".to_owned(), bytes, limit });
    }
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, 3),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes, 0),
    }
}

/// Text without a leading byte order mark.
pub(crate) fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<Cow<'_, str>, DefinitionError> {
    let text = std::str::from_utf8(bytes);
    text.map(Cow::Borrowed)
        .map_err(|error| DefinitionError::NotText { at: skipped + error.valid_up_to() })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, DefinitionError> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    for (at, decoded) in char::decode_utf16(units).enumerate() {
        text.push(decoded.map_err(|_| DefinitionError::NotText { at: at * 2 })?);
    }
    Ok(Cow::Owned(text))
}

/// A GUID or other id: lower case, braces dropped.
pub(crate) fn plain_id(id: &str) -> String {
    id.trim().trim_matches(['{', '}']).to_lowercase()
}

/// Whether one text begins with another, without case (ASCII).
pub(crate) fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes()
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// Whether a short text holds another; without the set-up that general searching pays for.
pub(crate) fn holds(text: &str, part: &str) -> bool {
    find(text, part).is_some()
}

/// Where a short text holds another first; as [`holds`].
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    memchr::memchr_iter(*part.first()?, text).find(|at| text[*at..].starts_with(part))
}

/// Where one text occurs in another, without case (ASCII), from an offset on.
pub(crate) fn find_ignore_case(text: &str, wanted: &str, from: usize) -> Option<usize> {
    let (haystack, needle) = (text.as_bytes(), wanted.as_bytes());
    let first = *needle.first()?;
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let mut at = from;
    while let Some(found) = haystack.get(at..).and_then(|rest| memchr::memchr2(lower, upper, rest))
    {
        at += found;
        if haystack.get(at..at + needle.len()).is_some_and(|part| part.eq_ignore_ascii_case(needle))
        {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_dropped() {
        assert_eq!(decode(b"\xEF\xBB\xBF{}").unwrap(), "{}");
        assert_eq!(decode(b"\xFF\xFE{\0}\0").unwrap(), "{}");
        assert_eq!(decode(b"\xFE\xFF\0{\0}").unwrap(), "{}");
        assert_eq!(decode(b"{\0}\0").unwrap(), "{}");
    }

    #[test]
    fn other_bytes_are_refused_by_place() {
        assert!(matches!(decode(b"ab\xFFc"), Err(DefinitionError::NotText { at: 2 })));
    }

    #[test]
    fn case_is_ignored() {
        assert_eq!(find_ignore_case("xxSigSIG=", "sig=", 0), Some(5));
        assert_eq!(find_ignore_case("xx", "sig=", 0), None);
        assert!(starts_with_ignore_case("HTTP://x", "http://"));
        assert_eq!(plain_id(" {AB-1} "), "ab-1");
    }
}
