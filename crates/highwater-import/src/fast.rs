//! Fast: JSON documents in one pass, without a copy of any text, into an arena.
//!
//! Gives exactly what `serde_json` gives, or nothing: what is broken, deeply nested or has escapes in its
//! keys is left to it, and so is everything that must be explained. Numbers other than short whole ones
//! and texts with escapes are read by it, one at a time.

use std::borrow::Cow;

use bumpalo::Bump;
use highwater_snapshot::{Known, List, Member, Name, Names, Object, Value, same};

use crate::values::look;

/// What was read in one pass.
#[derive(Debug, PartialEq)]
pub(crate) struct Plain<'t> {
    /// Objects and arrays.
    pub(crate) documents: Vec<Value<'t>>,
    /// Whether no object is known to have a key twice; false where that was not looked at.
    pub(crate) unique: bool,
}

/// All documents of a text, objects and arrays only; none where one of them is not plain.
pub(crate) fn documents<'t, 'n: 't>(
    text: &'t str,
    arena: &'t Bump,
    names: &mut Names<'n>,
) -> Option<Plain<'t>> {
    let mut reader = Reader {
        text,
        arena,
        names,
        members: Vec::new(),
        items: Vec::new(),
        keys: Vec::new(),
        again: 0,
        unique: true,
    };
    let (mut documents, mut at) = (Vec::new(), 0);
    while let Some(place) = next(text.as_bytes(), at) {
        reader.again = 0;
        if !matches!(place.1, b'{' | b'[') {
            return None;
        }
        at = reader.value(place, 0, |_, value| documents.push(value))?;
    }
    Some(Plain { documents, unique: reader.unique })
}

struct Reader<'t, 'm, 'n> {
    text: &'t str,
    arena: &'t Bump,
    names: &'m mut Names<'n>,
    /// Members of the objects that are still open, and items of the arrays.
    members: Vec<Member<'t>>,
    items: Vec<Value<'t>>,
    /// Keys of a record in their order, and how many of them came again: records of a kind have them alike.
    keys: Vec<Key<'t>>,
    again: usize,
    unique: bool,
}

/// A key, and one bit that is the same for equal keys.
#[derive(Clone, Copy)]
struct Key<'t> {
    known: &'t Known<'t>,
    look: u64,
}

/// Deeper documents are left to `serde_json`, which refuses them a little later.
const DEEPEST: usize = 100;

/// Arrays that are no deeper hold records: bare ones, and those of an envelope.
const RECORDS: usize = 1;

/// Keys of one record that are remembered.
const REMEMBERED: usize = 512;

/// Objects with more keys are left to a closer look at which of them stand twice.
const MANY: usize = 64;

impl<'t, 'n: 't> Reader<'t, '_, 'n> {
    /// Reads the value that starts with a byte at a place, hands it on, and says where it ends.
    #[inline(always)]
    fn value(
        &mut self,
        (at, byte): (usize, u8),
        depth: usize,
        put: impl FnOnce(&mut Self, Value<'t>),
    ) -> Option<usize> {
        // Each kind is handed on where it was read: kinds that meet in one place are copied twice.
        match byte {
            b'"' => {
                let (text, end) = self.string(at)?;
                put(self, Value::Str(Cow::Borrowed(text)));
                Some(end)
            }
            b'{' => {
                let (members, end) = self.object(at, depth)?;
                put(self, Value::Object(Object(List::Read(members))));
                Some(end)
            }
            b'[' => {
                let (items, end) = self.array(at, depth)?;
                put(self, Value::Array(List::Read(items)));
                Some(end)
            }
            _ => {
                let (value, end) = scalar(self.text, (at, byte))?;
                put(self, value);
                Some(end)
            }
        }
    }

    fn object(&mut self, at: usize, depth: usize) -> Option<(&'t [Member<'t>], usize)> {
        if depth == DEEPEST {
            return None;
        }
        let (bytes, start) = (self.text.as_bytes(), self.members.len());
        let mut place = next(bytes, at + 1)?;
        let (mut more, mut looks) = (place.1 != b'}', 0);
        while more {
            if place.1 != b'"' {
                return None;
            }
            let (key, end) = self.key(place.0)?;
            let (colon, b':') = next(bytes, end)? else { return None };
            if looks & key.look != 0 {
                self.compare(start, key.known.text());
            }
            looks |= key.look;
            let end = self.value(next(bytes, colon + 1)?, depth + 1, |reader, value| {
                reader.members.push(Member { name: Name::from(key.known), value });
            })?;
            (more, place) = follows(bytes, end, b'}')?;
        }
        let members = self.arena.alloc_slice_fill_iter(self.members.drain(start..));
        Some((members, place.0 + 1))
    }

    /// Notes whether a key stands among the members of its object already.
    fn compare(&mut self, start: usize, key: &str) {
        let before = &self.members[start..];
        if before.len() > MANY || before.iter().any(|member| *member.name == *key) {
            self.unique = false;
        }
    }

    /// A key without escapes, and where it ends: that of the record before, or another.
    #[inline]
    fn key(&mut self, at: usize) -> Option<(Key<'t>, usize)> {
        if let Some(guess) = self.keys.get(self.again) {
            let rest = self.text.as_bytes().get(at + 1..)?;
            let text = guess.known.text().as_bytes();
            let end = text.len();
            if rest.get(end) == Some(&b'"') && same(&rest[..end], text) {
                self.again += 1;
                return Some((*guess, at + end + 2));
            }
        }
        self.other(at)
    }

    /// A key that is not that of the record before.
    fn other(&mut self, at: usize) -> Option<(Key<'t>, usize)> {
        let (text, end, true) = quoted(self.text, at)? else { return None };
        let key = Key { known: self.names.meet(text, self.arena), look: look(text) };
        if let Some(other) = self.keys.get_mut(self.again) {
            *other = key;
        } else if self.keys.len() < REMEMBERED {
            self.keys.push(key);
        } else {
            return Some((key, end));
        }
        self.again += 1;
        Some((key, end))
    }

    fn array(&mut self, at: usize, depth: usize) -> Option<(&'t [Value<'t>], usize)> {
        if depth == DEEPEST {
            return None;
        }
        let (bytes, start) = (self.text.as_bytes(), self.items.len());
        let mut place = next(bytes, at + 1)?;
        let mut more = place.1 != b']';
        while more {
            if depth <= RECORDS {
                self.again = 0;
            }
            let end = self.value(place, depth + 1, |reader, value| reader.items.push(value))?;
            (more, place) = follows(bytes, end, b']')?;
        }
        let items = self.arena.alloc_slice_fill_iter(self.items.drain(start..));
        Some((items, place.0 + 1))
    }

    #[inline]
    fn string(&self, at: usize) -> Option<(&'t str, usize)> {
        let (text, end, plain) = quoted(self.text, at)?;
        if plain {
            return Some((text, end));
        }
        let text: Cow<'t, str> = serde_json::from_str(self.text.get(at..end)?).ok()?;
        Some((self.arena.alloc_str(&text), end))
    }
}

/// The next byte that is no space, with its place.
#[inline(always)]
fn next(bytes: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        let byte = *bytes.get(at)?;
        if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            return Some((at, byte));
        }
        at += 1;
    }
}

/// Whether another member follows behind one, and the byte where it starts, else that of the end.
#[inline(always)]
fn follows(bytes: &[u8], at: usize, end: u8) -> Option<(bool, (usize, u8))> {
    match next(bytes, at)? {
        (at, b',') => Some((true, next(bytes, at + 1)?)),
        last => (last.1 == end).then_some((false, last)),
    }
}

/// What stands between quotes, where it ends, and whether it holds no escape.
#[inline]
fn quoted(text: &str, at: usize) -> Option<(&str, usize, bool)> {
    let bytes = text.as_bytes();
    let mut end = run(bytes, at + 1);
    let mut plain = true;
    while *bytes.get(end)? == b'\\' {
        plain = false;
        end = run(bytes, end + 2);
    }
    // Otherwise a control character.
    (bytes[end] == b'"').then_some((text.get(at + 1..end)?, end + 1, plain))
}

/// A word or a number, and where it ends.
fn scalar(text: &str, (at, byte): (usize, u8)) -> Option<(Value<'static>, usize)> {
    let word = |word: &str, value| {
        let there = text.as_bytes()[at..].starts_with(word.as_bytes());
        there.then_some((value, at + word.len()))
    };
    match byte {
        b't' => word("true", Value::Bool(true)),
        b'f' => word("false", Value::Bool(false)),
        b'n' => word("null", Value::Null),
        _ => number(text, at),
    }
}

fn number(text: &str, at: usize) -> Option<(Value<'static>, usize)> {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = text.as_bytes()[at..].iter().take_while(|byte| is_part(byte)).count();
    let digits = text.get(at..at + length)?;
    let short = (1..19).contains(&length) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if short && (digits == "0" || !digits.starts_with('0')) {
        digits.parse::<u64>().ok()?.into()
    } else {
        serde_json::from_str(digits).ok()?
    };
    Some((Value::Number(number), at + length))
}

/// Where a run of plain bytes ends: at a quote, a backslash, a control character, or the end of the text.
fn run(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    // Eight bytes at once: the lowest high bit that is left marks the first byte below the number.
    let below = |word: u64, number: u64| word.wrapping_sub(ONES * number) & !word;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*block);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let slash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let ends = (quote | slash | below(word, 0x20)) & HIGH;
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::values::repeated_key;

    /// The documents as `serde_json` reads them, where it reads all of them.
    fn slowly(text: &str) -> Option<Vec<Value<'_>>> {
        let stream = serde_json::Deserializer::from_str(text).into_iter::<Value<'_>>();
        let documents: Vec<_> = stream.collect::<Result<_, _>>().ok()?;
        let nested = |document: &Value<'_>| matches!(document, Value::Object(_) | Value::Array(_));
        documents.iter().all(nested).then_some(documents)
    }

    fn written(documents: &[Value<'_>]) -> String {
        serde_json::to_string(documents).unwrap()
    }

    #[test]
    fn plain_documents_are_read_and_others_are_left() {
        let arena = Bump::new();
        let read = |text| {
            documents(text, &arena, &mut Names::new(&arena)).map(|plain| written(&plain.documents))
        };
        assert_eq!(read("").as_deref(), Some("[]"));
        let all =
            r#" {"a": "x\"y\u00fc", "b": [1, -2, 3.50, 1e3, 0, true, false, null, {}, []]} [2] "#;
        assert_eq!(read(all), slowly(all).map(|documents| written(&documents)));
        assert!(read(all).is_some());
        for left in [
            r#"{"a\u0062": 1}"#,
            "{\"a\": \"line\nbreak\"}",
            r#"{"a": 01}"#,
            r#"{"a": 1e999}"#,
            r#"{"a": "\ud800"}"#,
            r#"{"a": "\x"}"#,
            r#"{"a": tru}"#,
            r#"{"a": 1,}"#,
            "[1 2]",
            "[1",
            "\"a",
            "{\"a",
            "{\"a\\",
            "5",
            "[1] x",
        ] {
            assert_eq!(read(left), None, "{left}");
        }
        let deep = "[".repeat(DEEPEST) + &"]".repeat(DEEPEST);
        let deeper = format!("[{deep}]");
        assert!(
            documents(&deep, &arena, &mut Names::new(&arena)).is_some()
                && documents(&deeper, &arena, &mut Names::new(&arena)).is_none()
        );
    }

    fn json() -> impl Strategy<Value = String> {
        let spaces = "[ \n\r\t]{0,2}";
        let leaf = prop_oneof![
            "(null|true|false|-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,6})?([eE][-+]?[0-9]{1,2})?)",
            "\"([ !#-\\[\\]-~\u{e9}\u{1f600}]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-f]{2}){0,30}\"",
        ];
        (
            leaf.prop_recursive(5, 40, 5, |inner| {
                prop_oneof![
                    proptest::collection::vec(inner.clone(), 0..5)
                        .prop_map(|items| format!("[{}]", items.join(" ,"))),
                    proptest::collection::vec(("[a-c\u{e9} ]{0,9}", inner), 0..5).prop_map(
                        |members| {
                            let members =
                                members.iter().map(|(key, value)| format!("\"{key}\" : {value}"));
                            format!("{{{}}}", members.collect::<Vec<_>>().join(",\n"))
                        }
                    ),
                ]
            }),
            spaces,
        )
            .prop_map(|(value, spaces)| format!("{spaces}{value}{spaces}"))
    }

    proptest! {
        #[test]
        fn it_gives_what_serde_json_gives_or_nothing(text in "[\\[\\]{}\",:0-9a-z.eE+\\\\ \n\u{fc}-]{0,60}") {
            let arena = Bump::new();
            if let Some(plain) = documents(&text, &arena, &mut Names::new(&arena)) {
                prop_assert_eq!(Some(plain.documents), slowly(&text));
            }
        }

        #[test]
        fn valid_documents_are_read_alike(texts in proptest::collection::vec(json(), 1..4)) {
            let text = texts.concat();
            if let Some(slow) = slowly(&text) {
                let arena = Bump::new();
            let plain = documents(&text, &arena, &mut Names::new(&arena)).unwrap();
                let repeated = slow.iter().find_map(repeated_key);
                prop_assert!(!plain.unique || repeated.is_none(), "{}", text);
                prop_assert!(plain.unique || repeated.is_some(), "small objects are told exactly: {}", text);
                prop_assert_eq!(plain.documents, slow, "{}", text);
            }
        }

        #[test]
        fn objects_of_any_size_that_have_a_key_twice_are_never_called_unique(
            names in proptest::collection::vec("[a-e]{1,3}", 0..150),
        ) {
            let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":0")).collect();
            let text = format!("[{{\"in\": {{{}}}}}]", members.join(","));
            let arena = Bump::new();
            let plain = documents(&text, &arena, &mut Names::new(&arena)).unwrap();
            prop_assert!(!plain.unique || plain.documents.iter().find_map(repeated_key).is_none(), "{}", text);
        }

        #[test]
        fn a_cut_or_changed_document_is_never_read_otherwise(
            text in json(), at in any::<prop::sample::Index>(), byte in any::<char>(),
        ) {
            let place = text.char_indices().nth(at.index(text.chars().count())).map_or(0, |(at, _)| at);
            let changed = format!("{}{byte}{}", &text[..place], &text[place..].chars().skip(1).collect::<String>());
            for text in [&text[..place], &changed] {
                let arena = Bump::new();
                if let Some(plain) = documents(text, &arena, &mut Names::new(&arena)) {
                    prop_assert_eq!(Some(plain.documents), slowly(text));
                }
            }
        }
    }
}
