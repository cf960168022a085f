//! Json: a document as a flat list of places, for reading once in order and looking up now and then.
//!
//! Guarantees: one pass, no recursion (nesting costs no stack), no text copied, positions for every value, 28 bytes a
//! value. Accepts exactly what `serde_json` accepts as a JSON document (held by a property test).
//! Deliberately not here: numbers as numbers and text without escapes until somebody asks; a tree; writing.
//! Why not `serde_json` for this: its visitors give no positions, and findings need lines.

mod block;
mod reader;

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::error::DefinitionError;
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_POINTER_BYTES};

const NONE: u32 = u32::MAX;

/// A parsed document.
pub(crate) struct Json<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    lines: OnceCell<Lines>,
}

/// One value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t> {
    json: &'t Json<'t>,
    at: u32,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Null,
    Bool,
    Number,
    Text,
    Array,
    Object,
}

#[derive(Clone, Copy)]
struct Node {
    /// Offset of the member's name, or [`NONE`] in arrays.
    key_start: u32,
    /// Length of the member's name; in arrays the element's index.
    key_len: u32,
    start: u32,
    /// Length as written; of an array that is not closed yet, its elements so far.
    len: u32,
    /// Index after the last value inside.
    end: u32,
    parent: u32,
    shape: Shape,
    key_escaped: bool,
    escaped: bool,
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    len: u32,
    escaped: bool,
}

const NO_KEY: Span = Span { start: NONE, len: 0, escaped: false };

impl<'a> Json<'a> {
    /// Reads a document.
    pub(crate) fn read(text: &'a str) -> Result<Self, DefinitionError> {
        if text.len() > MAX_DOCUMENT_BYTES {
            let (bytes, limit) = (text.len() as u64, MAX_DOCUMENT_BYTES as u64);
            return Err(DefinitionError::TooLarge {
                what: "the document".to_owned(),
                bytes,
                limit,
            });
        }
        let mut nodes = spare::take();
        let read = reader::read(text, &mut nodes);
        // Made in any case, so that the list is kept for the next document.
        let json = Self { text, nodes, lines: OnceCell::new() };
        read.map(|()| json).map_err(|stopped| DefinitionError::NotJson {
            line: line_of(text, stopped.at),
            what: stopped.what,
        })
    }

    /// Where its lines begin.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(self.text))
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> Value<'_> {
        Value { json: self, at: 0 }
    }

    #[inline]
    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    /// The member's name as written; empty for elements of arrays.
    #[inline(always)]
    fn key_bytes(&self, node: &Node) -> &[u8] {
        // Of an element, the place is beyond any text.
        let start = node.key_start as usize;
        self.text.as_bytes().get(start..start + node.key_len as usize).unwrap_or_default()
    }

    #[inline(always)]
    fn is_key(&self, node: &Node, name: &str) -> bool {
        match node.key_escaped {
            true => unescape(self.slice(node.key_start, node.key_len)) == name,
            false => self.key_bytes(node) == name.as_bytes() && node.key_start != NONE,
        }
    }

    #[inline]
    fn slice(&self, start: u32, len: u32) -> &str {
        self.text.get(start as usize..(start + len) as usize).unwrap_or("")
    }
}

impl Drop for Json<'_> {
    fn drop(&mut self) {
        spare::keep(std::mem::take(&mut self.nodes));
    }
}

/// The list of the last document, kept for the next one of the thread: large lists are taken from and given back to the
/// system otherwise, which costs more than filling them.
mod spare {
    use std::cell::Cell;

    use super::Node;

    /// Longer lists are given back: 1.8 MB.
    const LONGEST: usize = 1 << 16;

    thread_local! {
        static SPARE: Cell<Vec<Node>> = const { Cell::new(Vec::new()) };
    }

    pub(super) fn take() -> Vec<Node> {
        SPARE.take()
    }

    pub(super) fn keep(mut nodes: Vec<Node>) {
        if nodes.capacity() <= LONGEST {
            nodes.clear();
            SPARE.set(nodes);
        }
    }
}

/// Where the lines of a text begin, for many lookups.
pub(crate) struct Lines(Vec<u32>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32).collect())
    }

    /// Line of an offset, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        1 + self.0.partition_point(|end| *end < offset) as u32
    }
}

/// Line of an offset, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> u32 {
    let until = offset.min(text.len());
    1 + u32::try_from(memchr::memchr_iter(b'\n', &text.as_bytes()[..until]).count())
        .unwrap_or(u32::MAX - 1)
}

impl<'t> Value<'t> {
    /// Index of the value in the document: parents before children, earlier before later.
    #[inline]
    pub(crate) fn index(self) -> u32 {
        self.at
    }

    /// Index after the last value inside this one.
    #[inline]
    pub(crate) fn end(self) -> u32 {
        self.json.node(self.at).end
    }

    /// The value at an index of the same document.
    #[inline]
    pub(crate) fn sibling(self, at: u32) -> Self {
        Self { json: self.json, at }
    }

    #[inline]
    pub(crate) fn shape(self) -> Shape {
        self.json.node(self.at).shape
    }

    pub(crate) fn is_object(self) -> bool {
        self.shape() == Shape::Object
    }

    pub(crate) fn is_text(self) -> bool {
        self.shape() == Shape::Text
    }

    /// As [`Value::raw_key`], for comparing: bytes need no look for where characters begin.
    #[inline]
    pub(crate) fn raw_key_bytes(self) -> &'t [u8] {
        let node = self.json.node(self.at);
        self.json.key_bytes(node)
    }

    /// The member's name as written, escapes and all; empty for elements of arrays.
    #[inline]
    pub(crate) fn raw_key(self) -> &'t str {
        let node = self.json.node(self.at);
        if node.key_start == NONE { "" } else { self.json.slice(node.key_start, node.key_len) }
    }

    /// The member's name; empty for elements of arrays.
    #[inline]
    pub(crate) fn key(self) -> Cow<'t, str> {
        let raw = self.raw_key();
        if self.json.node(self.at).key_escaped {
            Cow::Owned(unescape(raw))
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// As [`Value::key`], for comparing.
    #[inline]
    pub(crate) fn key_bytes(self) -> Cow<'t, [u8]> {
        let node = self.json.node(self.at);
        match node.key_escaped {
            true => Cow::Owned(unescape(self.raw_key()).into_bytes()),
            false => Cow::Borrowed(self.json.key_bytes(node)),
        }
    }

    /// Bytes of the member's name as written; anything for elements of arrays.
    #[inline]
    pub(crate) fn raw_key_len(self) -> usize {
        self.json.node(self.at).key_len as usize
    }

    #[inline]
    pub(crate) fn has_key(self) -> bool {
        self.json.node(self.at).key_start != NONE
    }

    /// Text of a string; `None` for anything else.
    #[inline]
    pub(crate) fn text(self) -> Option<Cow<'t, str>> {
        let node = self.json.node(self.at);
        if node.shape != Shape::Text {
            return None;
        }
        let raw = self.json.slice(node.start, node.len);
        Some(if node.escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) })
    }

    /// The value as written, without the quotes of a string.
    #[inline]
    pub(crate) fn raw(self) -> &'t str {
        let node = self.json.node(self.at);
        self.json.slice(node.start, node.len)
    }

    /// Bytes of the value as written.
    pub(crate) fn raw_len(self) -> usize {
        self.json.node(self.at).len as usize
    }

    /// A string as written, and whether that holds escapes; `None` for anything else. As [`Value::raw_key_bytes`].
    #[inline]
    pub(crate) fn raw_text(self) -> Option<(&'t [u8], bool)> {
        let node = self.json.node(self.at);
        if node.shape != Shape::Text {
            return None;
        }
        let start = node.start as usize;
        let raw = self.json.text.as_bytes().get(start..start + node.len as usize);
        Some((raw.unwrap_or_default(), node.escaped))
    }

    /// A string that is not blank.
    pub(crate) fn filled(self) -> Option<Cow<'t, str>> {
        self.text().filter(|text| !text.trim().is_empty())
    }

    /// A whole number.
    pub(crate) fn number(self) -> Option<f64> {
        if self.shape() == Shape::Number { self.raw().parse().ok() } else { None }
    }

    /// The member of that name, the last one if there are several. `None` for anything but objects.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        let holder = self.json.node(self.at);
        if holder.shape != Shape::Object {
            return None;
        }
        let (mut at, mut found) = (self.at + 1, None);
        while at < holder.end {
            let node = self.json.node(at);
            // Most names are of another length.
            if (node.key_len as usize == name.len() || node.key_escaped)
                && self.json.is_key(node, name)
            {
                found = Some(self.sibling(at));
            }
            at = node.end;
        }
        found
    }

    /// The member of that name if it is an object.
    pub(crate) fn object(self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| value.is_object())
    }

    /// The text member of that name.
    pub(crate) fn string(self, name: &str) -> Option<Cow<'t, str>> {
        self.get(name)?.text()
    }

    #[inline(always)]
    pub(crate) fn is_named(self, name: &str) -> bool {
        self.json.is_key(self.json.node(self.at), name)
    }

    /// Members of an object, elements of an array; nothing for the rest.
    #[inline]
    pub(crate) fn children(self) -> impl Iterator<Item = Self> + use<'t> {
        let node = self.json.node(self.at);
        let nested = matches!(node.shape, Shape::Object | Shape::Array);
        let (json, end) = (self.json, node.end);
        let first = if nested { self.at + 1 } else { end };
        std::iter::successors((first < end).then_some(first), move |at| {
            let next = json.node(*at).end;
            (next < end).then_some(next)
        })
        .map(move |at| Self { json, at })
    }

    #[inline]
    pub(crate) fn parent(self) -> Option<Self> {
        let parent = self.json.node(self.at).parent;
        (parent != NONE).then_some(Self { json: self.json, at: parent })
    }

    /// Offset of the value in the text.
    pub(crate) fn offset(self) -> u32 {
        self.json.node(self.at).start
    }

    /// JSON pointer (RFC 6901) of the value; of what encloses it where it would be longer than
    /// [`MAX_POINTER_BYTES`].
    pub(crate) fn pointer(self) -> String {
        let path: Vec<Self> = std::iter::successors(Some(self), |value| value.parent()).collect();
        let mut pointer = String::new();
        for value in path.iter().rev().skip(1) {
            let node = self.json.node(value.at);
            if pointer.len() + node.key_len as usize > MAX_POINTER_BYTES {
                break;
            }
            pointer.push('/');
            match value.has_key() {
                true => pointer.push_str(&pointer_part(value.key())),
                false => pointer.push_str(&node.key_len.to_string()),
            }
        }
        pointer
    }
}

/// A name as a part of a JSON pointer.
fn pointer_part(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name }
}

/// Text with its JSON escapes resolved. Lone surrogates become U+FFFD.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (character, used) = escape(&rest[at..]);
        out.push(character);
        rest = rest.get(at + used..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// The character of an escape at the start of the text, and its length.
fn escape(text: &str) -> (char, usize) {
    match text.as_bytes().get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => unicode_escape(text),
        Some(other) => (char::from(*other), 2),
        None => ('\\', 1),
    }
}

fn unicode_escape(text: &str) -> (char, usize) {
    let unit =
        |at: usize| text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let high = unit(2).unwrap_or(0xFFFD);
    if (0xD800..0xDC00).contains(&high) && text.get(6..8) == Some("\\u") {
        let low = unit(8).unwrap_or(0);
        if (0xDC00..0xE000).contains(&low) {
            let joined = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            return (char::from_u32(joined).unwrap_or('\u{FFFD}'), 12);
        }
    }
    (char::from_u32(high).unwrap_or('\u{FFFD}'), 6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::MAX_NESTING;

    fn shapes(text: &str) -> Vec<(String, Shape, String)> {
        let json = Json::read(text).unwrap();
        let root = json.root();
        (0..root.end())
            .map(|at| {
                let value = root.sibling(at);
                (
                    value.pointer(),
                    value.shape(),
                    value.text().map(Cow::into_owned).unwrap_or_default(),
                )
            })
            .collect()
    }

    #[test]
    fn values_keep_order_place_and_text() {
        let found = shapes(r#"{"a":[1,{"b/~":"x\n\u00e9\ud83d\ude00"}],"c":{},"d":null}"#);
        let pointers: Vec<&str> = found.iter().map(|(pointer, ..)| pointer.as_str()).collect();
        assert_eq!(pointers, ["", "/a", "/a/0", "/a/1", "/a/1/b~1~0", "/c", "/d"]);
        assert_eq!(found[4].2, "x\né😀");
        assert_eq!(found[6].1, Shape::Null);
    }

    #[test]
    fn the_last_of_equal_names_wins() {
        let json = Json::read(r#"{"a":1,"\u0061":2}"#).unwrap();
        assert_eq!(json.root().get("a").and_then(Value::number), Some(2.0));
    }

    #[test]
    fn errors_name_the_line() {
        let error = Json::read("{\n\n\"a\": }").err().map(|error| error.to_string()).unwrap();
        assert!(error.contains("line 3"), "{error}");
    }

    #[test]
    fn nesting_costs_no_stack() {
        let nested = |levels: u32| "[".repeat(levels as usize) + &"]".repeat(levels as usize);
        assert_eq!(Json::read(&nested(MAX_NESTING)).unwrap().root().end(), MAX_NESTING);
        assert!(Json::read(&nested(MAX_NESTING + 1)).is_err());
    }

    fn accepted_by_serde(text: &str) -> bool {
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }

    proptest! {
        #[test]
        fn accepts_what_serde_json_accepts(text in r#"[\[\]{}",:\\0-9eE.+\-ntrufalsx \n\u{1}é]{0,24}"#) {
            prop_assert_eq!(Json::read(&text).is_ok(), accepted_by_serde(&text), "{}", text);
        }

        #[test]
        fn reads_strings_as_serde_json_does(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let json = Json::read(&written).unwrap();
            prop_assert_eq!(json.root().text().unwrap(), text);
        }

        #[test]
        fn mutations_are_judged_as_serde_json_does(at in 0usize..120, byte in any::<char>()) {
            let good = r#"{"a": [1, -2.5e3, true, null, "te\u0041xt"], "b": {"c": "long enough to leave the fast path"}}"#;
            let mutated: String = good.chars().enumerate().map(|(i, c)| if i == at { byte } else { c }).collect();
            prop_assert_eq!(Json::read(&mutated).is_ok(), accepted_by_serde(&mutated), "{}", mutated);
        }
    }
}
