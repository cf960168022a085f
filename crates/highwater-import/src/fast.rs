//! Fast: JSON documents in one pass, without a copy of any text, into an arena.
//!
//! Gives exactly what `serde_json` gives, or nothing: what is broken, deeply nested or has escapes in its
//! keys is left to it, and so is everything that must be explained. Numbers other than short whole ones
//! and texts with escapes are read by it, one at a time.

use std::borrow::Cow;

use bumpalo::Bump;
use highwater_snapshot::{Known, List, Member, Name, Names, Object, Text, Value, same};

use crate::marks::{VECTOR, look_at};

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
    let mut reader =
        Reader { text, arena, names, items: Vec::new(), keys: Vec::new(), again: 0, unique: true };
    let (mut documents, mut at) = (Vec::new(), 0);
    while let Some(place) = next(text.as_bytes(), at) {
        reader.again = 0;
        if !matches!(place.1, b'{' | b'[') {
            return None;
        }
        let (value, end) = reader.value(place, 0)?;
        documents.push(value);
        at = end;
    }
    Some(Plain { documents, unique: reader.unique })
}

struct Reader<'t, 'm, 'n> {
    text: &'t str,
    arena: &'t Bump,
    names: &'m mut Names<'n>,
    /// Items of the arrays that are still open.
    items: Vec<Value<'t>>,
    /// Keys of the records before in their order, and the place of the one that comes next if this one is alike.
    keys: Vec<Key<'t>>,
    again: usize,
    unique: bool,
}

/// A key as it stood in a record.
#[derive(Clone, Copy)]
struct Key<'t> {
    known: &'t Known<'t>,
    /// One bit that is the same for equal keys.
    look: u64,
    /// What stood between the value before it and its own: `, "name": `, or `{"name": ` at the first.
    lead: &'t [u8],
    /// Members of the last object that started with it.
    members: usize,
}

/// What comes in an object: a member, with its value's place and first byte, or the end.
enum Step<'t> {
    Member(Next<'t>),
    End(usize),
}

/// A member that comes next.
struct Next<'t> {
    known: &'t Known<'t>,
    look: u64,
    value: (usize, u8),
    /// Its place among the keys that are remembered, or one behind all of them.
    remembered: usize,
}

/// The members of an object that is still open.
type Members<'t> = bumpalo::collections::Vec<'t, Member<'t>>;

/// Deeper documents are left to `serde_json`, which refuses them a little later.
const DEEPEST: usize = 100;

/// Arrays that are no deeper hold records: bare ones, and those of an envelope.
const RECORDS: usize = 1;

/// Keys of records that are remembered.
const REMEMBERED: usize = 512;

/// Keys that a record may lack in a row and still be read as those before.
const AHEAD: usize = 16;

/// Objects with more keys are left to a closer look at which of them stand twice.
const MANY: usize = 64;

impl<'t, 'n: 't> Reader<'t, '_, 'n> {
    /// The value that starts with a byte at a place, and where it ends.
    fn value(&mut self, (at, byte): (usize, u8), depth: usize) -> Option<(Value<'t>, usize)> {
        Some(match byte {
            b'"' => {
                let (text, plain, end) = self.string(at)?;
                (Value::Str(Text::read(text, plain)), end)
            }
            b'{' => {
                let (members, end) = self.object(at, depth)?;
                (Value::Object(Object(List::Read(members))), end)
            }
            b'[' => {
                let (items, end) = self.array(at, depth)?;
                (Value::Array(List::Read(items)), end)
            }
            _ => scalar(self.text, (at, byte))?,
        })
    }

    /// Adds a member whose value is no text. Apart from those, because kinds that meet in one place are copied twice.
    #[inline(never)]
    fn add(
        &mut self,
        members: &mut Members<'t>,
        name: Name<'t>,
        (at, byte): (usize, u8),
        depth: usize,
    ) -> Option<usize> {
        match byte {
            b'{' => {
                let (inner, end) = self.object(at, depth)?;
                members.push(Member { name, value: Value::Object(Object(List::Read(inner))) });
                Some(end)
            }
            b'[' => {
                let (items, end) = self.array(at, depth)?;
                members.push(Member { name, value: Value::Array(List::Read(items)) });
                Some(end)
            }
            _ => {
                let (value, end) = scalar(self.text, (at, byte))?;
                members.push(Member { name, value });
                Some(end)
            }
        }
    }

    fn object(&mut self, at: usize, depth: usize) -> Option<(&'t [Member<'t>], usize)> {
        if depth == DEEPEST {
            return None;
        }
        let mut next = match self.guessed(at) {
            Some(next) => next,
            None => match self.first(at)? {
                Step::Member(next) => next,
                Step::End(end) => return Some((&[], end)),
            },
        };
        let first = next.remembered;
        let room = self.keys.get(first).map_or(0, |key| key.members);
        let mut members = Members::with_capacity_in(room, self.arena);
        let mut looks = 0;
        let end = loop {
            if looks & next.look != 0 && self.unique {
                self.unique = is_new(&members, next.known.text());
            }
            looks |= next.look;
            let name = Name::from(next.known);
            let end = if let (at, b'"') = next.value {
                let (text, plain, end) = self.string(at)?;
                members.push(Member { name, value: Value::Str(Text::read(text, plain)) });
                end
            } else {
                self.add(&mut members, name, next.value, depth + 1)?
            };
            let byte = *self.text.as_bytes().get(end)?;
            if byte == b'}' {
                break end + 1;
            }
            let guessed = if byte == b',' { self.guessed(end) } else { None };
            next = match guessed {
                Some(next) => next,
                None => match self.further(end)? {
                    Step::Member(next) => next,
                    Step::End(end) => break end,
                },
            };
        };
        // Never the most that ever stood there: one large object would make room in all that follow.
        if let Some(key) = self.keys.get_mut(first) {
            key.members = members.len();
        }
        Some((members.into_bump_slice(), end))
    }

    /// A member that stands as it stood in the record before, from the brace or comma before it to its value.
    #[inline(always)]
    fn guessed(&mut self, at: usize) -> Option<Next<'t>> {
        let guess = self.keys.get(self.again)?;
        let (bytes, end) = (self.text.as_bytes(), at + guess.lead.len());
        if !same(bytes.get(at..end)?, guess.lead) {
            return None;
        }
        self.again += 1;
        let byte = *bytes.get(end)?;
        let value = if is_space(byte) { next(bytes, end)? } else { (end, byte) };
        Some(Next { known: guess.known, look: guess.look, value, remembered: self.again - 1 })
    }

    /// What comes behind the brace of an object.
    fn first(&mut self, at: usize) -> Option<Step<'t>> {
        match next(self.text.as_bytes(), at + 1)? {
            (end, b'}') => Some(Step::End(end + 1)),
            place => self.member(at, place),
        }
    }

    /// What comes behind the value of a member, wherever that stands.
    fn further(&mut self, at: usize) -> Option<Step<'t>> {
        let bytes = self.text.as_bytes();
        match next(bytes, at)? {
            (end, b'}') => Some(Step::End(end + 1)),
            (comma, b',') => self.member(at, next(bytes, comma + 1)?),
            _ => None,
        }
    }

    /// A member whose key has no escapes. What leads to its value starts at a place before it.
    fn member(&mut self, from: usize, (at, quote): (usize, u8)) -> Option<Step<'t>> {
        let bytes = self.text.as_bytes();
        let (text, end, true) = quoted(self.text, at).filter(|_| quote == b'"')? else {
            return None;
        };
        let (colon, b':') = next(bytes, end)? else { return None };
        let place = next(bytes, colon + 1)?;
        let lead = bytes.get(from..place.0)?;
        let known = self.names.meet(text, self.arena);
        let look = known.look().bit();
        // Ids that stand for keys do not come again.
        let remembered = if known.is_lasting() {
            self.remember(Key { known, look, lead, members: 0 });
            self.again - 1
        } else {
            usize::MAX
        };
        Some(Step::Member(Next { known, look, value: place, remembered }))
    }

    /// Remembers a key that is not the one that stood next in the records before: it may stand a little later there,
    /// where some have members that others lack.
    fn remember(&mut self, key: Key<'t>) {
        let ahead = self.keys.iter().skip(self.again).take(AHEAD);
        let found = ahead.enumerate().find(|(_, other)| other.lead == key.lead);
        if let Some((skipped, _)) = found {
            self.again += skipped;
        } else {
            if self.keys.len() == REMEMBERED {
                self.keys.clear();
                self.again = 0;
            }
            self.keys.insert(self.again.min(self.keys.len()), key);
        }
        self.again += 1;
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
            let (value, end) = self.value(place, depth + 1)?;
            self.items.push(value);
            (more, place) = follows(bytes, end, b']')?;
        }
        let items = self.arena.alloc_slice_fill_iter(self.items.drain(start..));
        Some((items, place.0 + 1))
    }

    /// The text that starts with a quote at a place, whether it is known to be plain, and where it ends.
    #[inline(always)]
    fn string(&self, at: usize) -> Option<(&'t str, bool, usize)> {
        let (end, telling) = run(self.text.as_bytes(), at + 1);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            let text = self.text.get(at + 1..end)?;
            return Some((text, !telling, end + 1));
        }
        self.escaped(at)
    }

    /// The same where the text has escapes.
    #[inline(never)]
    fn escaped(&self, at: usize) -> Option<(&'t str, bool, usize)> {
        let (_, end, _) = quoted(self.text, at)?;
        let text: Cow<'t, str> = serde_json::from_str(self.text.get(at..end)?).ok()?;
        Some((self.arena.alloc_str(&text), false, end))
    }
}

/// Whether a key does not stand among the members of its object, as far as that is looked at.
#[inline(never)]
fn is_new(members: &[Member<'_>], key: &str) -> bool {
    members.len() <= MANY && members.iter().all(|member| *member.name != *key)
}

/// The next byte that is no space, with its place.
#[inline(always)]
fn next(bytes: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        let byte = *bytes.get(at)?;
        if !is_space(byte) {
            return Some((at, byte));
        }
        at += 1;
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
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
    let (mut end, _) = run(bytes, at + 1);
    let mut plain = true;
    while *bytes.get(end)? == b'\\' {
        plain = false;
        (end, _) = run(bytes, end + 2);
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

/// Where a run of bytes without escapes ends: at a quote, a backslash, a control character, or the end of the text;
/// and whether it may hold one of [`highwater_snapshot::TELLING`].
#[inline(always)]
fn run(bytes: &[u8], mut at: usize) -> (usize, bool) {
    let mut telling = 0;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ 2 * VECTOR }>) {
        let (one, other) = (block.first_chunk(), block.last_chunk());
        let (ends, tells) = one.map_or((0, 0), look_at);
        let (ends_then, tells_then) = other.map_or((0, 0), look_at);
        let (ends, tells) = (ends | ends_then << VECTOR, tells | tells_then << VECTOR);
        if ends != 0 {
            let end = ends.trailing_zeros();
            return (at + end as usize, telling | (tells & !(u32::MAX << end)) != 0);
        }
        telling |= tells;
        at += 2 * VECTOR;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
    let rest = bytes.get(at..).unwrap_or_default();
    (at + rest.iter().position(ends).unwrap_or(rest.len()), true)
}

#[cfg(test)]
mod tests {
    use highwater_snapshot::TELLING;
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

    /// Records that are nearly alike: some lack members, have ids for keys, or are written with other spaces.
    fn records() -> impl Strategy<Value = String> {
        let text = "(plain|[ -!#-\\[\\]-~\u{e9}]{0,70}|\\\\n)";
        let member = |name: &'static str| {
            let spaces = proptest::sample::select(vec!["", "", " ", "\n  "]);
            let value = (text, any::<u8>()).prop_map(|(text, kind)| match kind {
                0..40 => kind.to_string(),
                40..80 => format!("{{\"inner\": \"{text}\", \"of\":{{}}}}"),
                80..120 => format!("[{{\"item\":\"{text}\"}} , 1]"),
                120..140 => format!("{{\"1f{kind}\":{{\"deep\":null}}}}"),
                _ => format!("\"{text}\""),
            });
            proptest::option::weighted(0.9, (spaces, value)).prop_map(move |told| {
                told.map(|(space, value)| format!("\"{name}\":{space}{value}"))
            })
        };
        let record =
            (member("name"), member("properties"), member("a name of more than sixteen bytes"))
                .prop_map(|(one, two, three)| {
                    let told: Vec<String> = [one, two, three].into_iter().flatten().collect();
                    format!("{{{}}}", told.join(", "))
                });
        proptest::collection::vec(record, 0..30)
            .prop_map(|all| format!("{{\"value\": [{}]}}", all.join(",")))
    }

    /// Whether texts that are called plain are.
    fn is_told_truly(value: &Value<'_>) -> bool {
        match value {
            Value::Str(Text::Read(text, true)) => {
                text.bytes().all(|byte| byte >= b' ' && !TELLING.contains(&byte))
            }
            Value::Array(items) => items.iter().all(is_told_truly),
            Value::Object(object) => object.iter().all(|(_, value)| is_told_truly(value)),
            _ => true,
        }
    }

    proptest! {
        #[test]
        fn records_that_are_nearly_alike_are_read_as_they_are(text in records()) {
            let arena = Bump::new();
            let plain = documents(&text, &arena, &mut Names::new(&arena)).unwrap();
            prop_assert!(plain.documents.iter().all(is_told_truly), "{}", text);
            prop_assert_eq!(plain.documents, slowly(&text).unwrap(), "{}", text);
        }

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
