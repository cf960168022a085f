//! Json: a document as a flat list of places, for reading once in order and looking up now and then.
//!
//! Guarantees: one pass, no recursion (nesting costs no stack), no text copied, positions for every value, 28 bytes a
//! value. Accepts exactly what `serde_json` accepts as a JSON document (held by a property test).
//! Deliberately not here: numbers as numbers and text without escapes until somebody asks; a tree; writing.
//! Why not `serde_json` for this: its visitors give no positions, and findings need lines.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::error::DefinitionError;
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_NESTING, MAX_POINTER_BYTES};

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
        let nodes = Vec::with_capacity(text.len() / 16 + 8);
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, depth: 0, nodes };
        match reader.document() {
            Ok(()) => Ok(Self { text, nodes: reader.nodes, lines: OnceCell::new() }),
            Err(what) => Err(DefinitionError::NotJson { line: line_of(text, reader.at), what }),
        }
    }

    /// Where its lines begin.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(self.text))
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> Value<'_> {
        Value { json: self, at: 0 }
    }

    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    fn slice(&self, start: u32, len: u32) -> &str {
        self.text.get(start as usize..(start + len) as usize).unwrap_or("")
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
    pub(crate) fn index(self) -> u32 {
        self.at
    }

    /// Index after the last value inside this one.
    pub(crate) fn end(self) -> u32 {
        self.json.node(self.at).end
    }

    /// The value at an index of the same document.
    pub(crate) fn sibling(self, at: u32) -> Self {
        Self { json: self.json, at }
    }

    pub(crate) fn shape(self) -> Shape {
        self.json.node(self.at).shape
    }

    pub(crate) fn is_object(self) -> bool {
        self.shape() == Shape::Object
    }

    pub(crate) fn is_text(self) -> bool {
        self.shape() == Shape::Text
    }

    /// The member's name as written, escapes and all; empty for elements of arrays.
    pub(crate) fn raw_key(self) -> &'t str {
        let node = self.json.node(self.at);
        if node.key_start == NONE { "" } else { self.json.slice(node.key_start, node.key_len) }
    }

    /// The member's name; empty for elements of arrays.
    pub(crate) fn key(self) -> Cow<'t, str> {
        let raw = self.raw_key();
        if self.json.node(self.at).key_escaped {
            Cow::Owned(unescape(raw))
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// Length of the name as written; 0 for elements of arrays.
    pub(crate) fn key_length(self) -> u32 {
        let node = self.json.node(self.at);
        if node.key_start == NONE { 0 } else { node.key_len }
    }

    pub(crate) fn has_key(self) -> bool {
        self.json.node(self.at).key_start != NONE
    }

    /// Text of a string; `None` for anything else.
    pub(crate) fn text(self) -> Option<Cow<'t, str>> {
        let node = self.json.node(self.at);
        if node.shape != Shape::Text {
            return None;
        }
        let raw = self.json.slice(node.start, node.len);
        Some(if node.escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) })
    }

    /// The value as written, without the quotes of a string.
    pub(crate) fn raw(self) -> &'t str {
        let node = self.json.node(self.at);
        self.json.slice(node.start, node.len)
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
        if !self.is_object() {
            return None;
        }
        self.children().filter(|child| child.is_named(name)).last()
    }

    /// The member of that name if it is an object.
    pub(crate) fn object(self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| value.is_object())
    }

    /// The text member of that name.
    pub(crate) fn string(self, name: &str) -> Option<Cow<'t, str>> {
        self.get(name)?.text()
    }

    pub(crate) fn is_named(self, name: &str) -> bool {
        let node = self.json.node(self.at);
        if node.key_escaped {
            return self.key() == name;
        }
        node.key_len as usize == name.len() && self.has_key() && self.raw_key() == name
    }

    /// Members of an object, elements of an array; nothing for the rest.
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
                true => pointer.push_str(&value.key().replace('~', "~0").replace('/', "~1")),
                false => pointer.push_str(&node.key_len.to_string()),
            }
        }
        pointer
    }
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

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    nodes: Vec<Node>,
}

type Step<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn document(&mut self) -> Step<()> {
        let mut current = NONE;
        let mut key = NO_KEY;
        loop {
            self.blank();
            match self.value(key, current)? {
                Some(container) if self.opens_filled(container)? => current = container,
                _ => match self.close(current)? {
                    Some(container) => current = container,
                    None => break,
                },
            }
            key = self.member_key(current)?;
        }
        self.blank();
        if self.at == self.bytes.len() { Ok(()) } else { Err("something follows the document") }
    }

    /// After a value: closes what ends here. The container to go on in, or `None` at the end of the document.
    fn close(&mut self, mut current: u32) -> Step<Option<u32>> {
        while current != NONE {
            self.blank();
            let closing = closing(self.nodes[current as usize].shape);
            match self.bytes.get(self.at) {
                Some(b',') => {
                    self.at += 1;
                    return Ok(Some(current));
                }
                Some(byte) if *byte == closing => {
                    self.at += 1;
                    current = self.end_container(current);
                }
                _ => return Err("expected `,` or a closing bracket"),
            }
        }
        Ok(None)
    }

    fn end_container(&mut self, container: u32) -> u32 {
        let end = self.nodes.len() as u32;
        self.depth -= 1;
        let node = &mut self.nodes[container as usize];
        node.end = end;
        node.len = self.at as u32 - node.start;
        node.parent
    }

    /// Whether the container just opened holds anything; closes it if not.
    fn opens_filled(&mut self, container: u32) -> Step<bool> {
        self.blank();
        let closing = closing(self.nodes[container as usize].shape);
        if self.bytes.get(self.at) == Some(&closing) {
            self.at += 1;
            self.end_container(container);
            return Ok(false);
        }
        Ok(true)
    }

    fn member_key(&mut self, container: u32) -> Step<Span> {
        let node = &mut self.nodes[container as usize];
        if node.shape == Shape::Array {
            node.len += 1;
            return Ok(Span { len: node.len - 1, ..NO_KEY });
        }
        self.blank();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err("expected a member name");
        }
        let key = self.string()?;
        self.blank();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err("expected `:`");
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a scalar or opens a container; `Some` when opened.
    fn value(&mut self, key: Span, parent: u32) -> Step<Option<u32>> {
        let start = self.at as u32;
        let (shape, span) = match self.bytes.get(self.at) {
            Some(b'"') => (Shape::Text, self.string()?),
            Some(b'{') => (Shape::Object, self.open(start)?),
            Some(b'[') => (Shape::Array, self.open(start)?),
            Some(b't') => (Shape::Bool, self.word("true")?),
            Some(b'f') => (Shape::Bool, self.word("false")?),
            Some(b'n') => (Shape::Null, self.word("null")?),
            Some(b'-' | b'0'..=b'9') => (Shape::Number, self.number()?),
            _ => return Err("expected a value"),
        };
        let at = self.nodes.len() as u32;
        self.nodes.push(Node {
            key_start: key.start,
            key_len: key.len,
            start: span.start,
            len: span.len,
            end: at + 1,
            parent,
            shape,
            key_escaped: key.escaped,
            escaped: span.escaped,
        });
        Ok(matches!(shape, Shape::Object | Shape::Array).then_some(at))
    }

    fn open(&mut self, start: u32) -> Step<Span> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err("nested too deeply");
        }
        Ok(Span { start, len: 0, escaped: false })
    }

    fn word(&mut self, word: &str) -> Step<Span> {
        let start = self.at;
        if self.bytes[start..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(self.span(start));
        }
        Err("expected a value")
    }

    fn number(&mut self) -> Step<Span> {
        let start = self.at;
        if self.bytes[start] == b'-' {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.span(start))
    }

    fn digits(&mut self) -> Step<()> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err("expected a digit") }
    }

    fn span(&self, start: usize) -> Span {
        Span { start: start as u32, len: (self.at - start) as u32, escaped: false }
    }

    /// Reads a string; the span is what stands between the quotes.
    fn string(&mut self) -> Step<Span> {
        let start = self.at + 1;
        let end = plain_until(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Span { start: start as u32, len: (end - start) as u32, escaped: false });
        }
        self.at = end;
        self.escaped_string(start)
    }

    /// Reads on from where the plain part of a string ends.
    fn escaped_string(&mut self, start: usize) -> Step<Span> {
        let mut escaped = false;
        loop {
            self.at = plain_until(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    let len = (self.at - 1 - start) as u32;
                    return Ok(Span { start: start as u32, len, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.skip_escape()?;
                }
                Some(_) => return Err("control character in a string"),
                None => return Err("a string does not end"),
            }
        }
    }

    fn skip_escape(&mut self) -> Step<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or(b"");
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err("broken \\u escape");
                }
                self.at += 6;
            }
            _ => return Err("unknown escape"),
        }
        Ok(())
    }

    fn blank(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

fn closing(shape: Shape) -> u8 {
    if shape == Shape::Object { b'}' } else { b']' }
}

/// Offset of the next quote, back-slash or control character, eight bytes at a time.
fn plain_until(bytes: &[u8], from: usize) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = from;
    let (chunks, rest) = bytes.get(from..).unwrap_or_default().as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (LOW * 0x22);
        let slash = word ^ (LOW * 0x5C);
        let zeros = (quote.wrapping_sub(LOW) & !quote) | (slash.wrapping_sub(LOW) & !slash);
        let hit = (zeros | (word.wrapping_sub(LOW * 0x20) & !word)) & HIGH;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1F)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
