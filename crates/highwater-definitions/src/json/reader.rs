//! Reader: the one pass over the text of a document. Keeps its own stack in the list of values.

#[cfg(not(target_arch = "x86_64"))]
use memchr::arch::all::memchr::Two as Marks;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::Two as Marks;

use super::{NO_KEY, NONE, Node, Shape, Span};
use crate::limits::MAX_NESTING;

/// Reads a document into a list of values.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// How far the reader came; where it stopped, after an error.
    pub(super) at: usize,
    depth: u32,
    /// The text holds control characters: blanks, or what must not stand in a string.
    controls: bool,
    /// What ends the plain part of a string.
    marks: Marks,
    pub(super) nodes: Vec<Node>,
}

type Step<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    /// A reader that fills a list, which is empty.
    pub(super) fn new(text: &'a str, mut nodes: Vec<Node>) -> Self {
        let bytes = text.as_bytes();
        nodes.reserve(bytes.len() / 20 + 8);
        // What ends the last line is in no string.
        let controls = holds_control(bytes.trim_ascii_end());
        Self { bytes, at: 0, depth: 0, controls, marks: marks(), nodes }
    }

    /// Reads all of it; an error says what was expected.
    pub(super) fn document(&mut self) -> Step<()> {
        let mut holder = Holder { at: NONE, shape: Shape::Null };
        let mut key = NO_KEY;
        loop {
            let shape = self.value(key, holder.at)?;
            match shape {
                Shape::Object | Shape::Array if !self.closes_at_once(shape) => {
                    holder = Holder { at: self.nodes.len() as u32 - 1, shape };
                }
                _ => holder = self.close(holder)?,
            }
            if holder.at == NONE {
                break;
            }
            key = self.member_key(holder)?;
        }
        self.next();
        if self.at == self.bytes.len() { Ok(()) } else { Err("something follows the document") }
    }

    /// After a value: closes what ends here. The container to go on in; none ([`NONE`]) at the end of the document.
    fn close(&mut self, mut holder: Holder) -> Step<Holder> {
        while holder.at != NONE {
            let byte = self.next();
            if byte == b',' {
                self.at += 1;
                return Ok(holder);
            }
            if byte != closing(holder.shape) {
                return Err("expected `,` or a closing bracket");
            }
            self.at += 1;
            holder = self.end_container(holder.at);
        }
        Ok(holder)
    }

    fn end_container(&mut self, container: u32) -> Holder {
        let end = self.nodes.len() as u32;
        self.depth -= 1;
        let node = &mut self.nodes[container as usize];
        node.end = end;
        node.len = self.at as u32 - node.start;
        let at = node.parent;
        Holder { at, shape: self.nodes.get(at as usize).map_or(Shape::Null, |it| it.shape) }
    }

    /// Whether the container just opened is empty; closes it then.
    fn closes_at_once(&mut self, shape: Shape) -> bool {
        let empty = self.next() == closing(shape);
        if empty {
            self.at += 1;
            self.end_container(self.nodes.len() as u32 - 1);
        }
        empty
    }

    fn member_key(&mut self, holder: Holder) -> Step<Span> {
        if holder.shape == Shape::Array {
            let node = &mut self.nodes[holder.at as usize];
            node.len += 1;
            return Ok(Span { len: node.len - 1, ..NO_KEY });
        }
        if self.next() != b'"' {
            return Err("expected a member name");
        }
        let key = self.string()?;
        if self.next() != b':' {
            return Err("expected `:`");
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a scalar or opens a container.
    fn value(&mut self, key: Span, parent: u32) -> Step<Shape> {
        let first = self.next();
        let start = self.at as u32;
        let (shape, span) = match first {
            b'"' => (Shape::Text, self.string()?),
            b'{' => (Shape::Object, self.open(start)?),
            b'[' => (Shape::Array, self.open(start)?),
            b't' => (Shape::Bool, self.word("true")?),
            b'f' => (Shape::Bool, self.word("false")?),
            b'n' => (Shape::Null, self.word("null")?),
            b'-' | b'0'..=b'9' => (Shape::Number, self.number()?),
            _ => return Err("expected a value"),
        };
        let end = self.nodes.len() as u32 + 1;
        self.nodes.push(Node {
            key_start: key.start,
            key_len: key.len,
            start: span.start,
            len: span.len,
            end,
            parent,
            shape,
            key_escaped: key.escaped,
            escaped: span.escaped,
        });
        Ok(shape)
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
    #[inline]
    fn string(&mut self) -> Step<Span> {
        let start = self.at + 1;
        let end = plain_until(self.bytes, start, &self.marks, self.controls);
        if self.bytes.get(end) != Some(&b'"') {
            return self.escaped_string(start, end);
        }
        self.at = end + 1;
        Ok(Span { start: start as u32, len: (end - start) as u32, escaped: false })
    }

    /// Reads on from where the plain part of a string ends.
    #[inline(never)]
    fn escaped_string(&mut self, start: usize, end: usize) -> Step<Span> {
        self.at = end;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    let len = (self.at - 1 - start) as u32;
                    return Ok(Span { start: start as u32, len, escaped: true });
                }
                Some(b'\\') => self.skip_escape()?,
                Some(_) => return Err("control character in a string"),
                None => return Err("a string does not end"),
            }
            self.at = plain_until(self.bytes, self.at, &self.marks, self.controls);
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

    /// The next byte that is no blank; 0 at the end, which is nothing's beginning.
    #[inline]
    fn next(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }
}

/// The container that values are read into.
#[derive(Clone, Copy)]
struct Holder {
    at: u32,
    shape: Shape,
}

fn closing(shape: Shape) -> u8 {
    if shape == Shape::Object { b'}' } else { b']' }
}

/// Quote and back-slash. Strings are short, so that it matters that this search, other than [`memchr::memchr2`], needs
/// no choice of instructions at run time.
fn marks() -> Marks {
    let marks = Marks::new(b'"', b'\\');
    #[cfg(target_arch = "x86_64")]
    let marks = marks.expect("SSE2 is part of x86-64");
    marks
}

/// Offset of the next quote, back-slash or control character, or of the end.
#[inline]
fn plain_until(bytes: &[u8], from: usize, marks: &Marks, controls: bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let found = marks.find(rest);
    let length = found.unwrap_or(rest.len());
    if (controls || found.is_none()) && holds_control(&rest[..length]) {
        return from + rest.iter().take_while(|byte| **byte >= b' ').count();
    }
    from + length
}

/// Looks at every byte, which is faster than stopping at the first.
fn holds_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, byte| found | (*byte < b' '))
}
