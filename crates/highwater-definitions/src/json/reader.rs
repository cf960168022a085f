//! Reader: the one pass over the text of a document. Keeps its own stack in the list of values.

use super::{NO_KEY, NONE, Node, Shape, Span};
use crate::limits::MAX_NESTING;

/// Reads a document into a list of values.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// How far the reader came; where it stopped, after an error.
    pub(super) at: usize,
    depth: u32,
    pub(super) nodes: Vec<Node>,
}

type Step<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let nodes = Vec::with_capacity(text.len() / 10 + 8);
        Self { bytes: text.as_bytes(), at: 0, depth: 0, nodes }
    }

    /// Reads all of it; an error says what was expected.
    pub(super) fn document(&mut self) -> Step<()> {
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
