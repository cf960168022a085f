//! Reader: the one pass over the text of a document. Keeps its own stack in the list of values.
//!
//! Its place in the text is handed on instead of kept in a structure: that way it stays in a register. Blanks are
//! looked for behind one comparison, since definitions are mostly written without.

use super::block::{BLOCK, end_of_plain};
use super::{NO_KEY, NONE, Node, Shape, Span};
use crate::limits::MAX_NESTING;

/// Why and where reading stopped.
pub(super) struct Stopped {
    pub(super) at: usize,
    /// What was expected.
    pub(super) what: &'static str,
}

type Step<T> = Result<T, Stopped>;

/// Reads a document into a list of values, which is empty.
pub(super) fn read(text: &str, nodes: &mut Vec<Node>) -> Step<()> {
    let bytes = text.as_bytes();
    nodes.reserve(bytes.len() / 20 + 8);
    let mut holder = Holder { at: NONE, shape: Shape::Null };
    let mut key = NO_KEY;
    let mut depth = 0;
    let mut at = blanks(bytes, 0);
    loop {
        let (shape, end) = value(bytes, at, key, holder.at, nodes)?;
        at = end;
        if matches!(shape, Shape::Object | Shape::Array) {
            depth += 1;
            if depth > MAX_NESTING {
                return Err(Stopped { at, what: "nested too deeply" });
            }
            holder = Holder { at: nodes.len() as u32 - 1, shape };
            at = blanks(bytes, at);
            if byte(bytes, at) != closing(shape) {
                (key, at) = member_key(bytes, at, holder, nodes)?;
                continue;
            }
        }
        // Closes what ends here.
        loop {
            at = blanks(bytes, at);
            if holder.at == NONE {
                return ended(bytes, at);
            }
            match byte(bytes, at) {
                b',' => break,
                it if it == closing(holder.shape) => {}
                _ => return Err(Stopped { at, what: "expected `,` or a closing bracket" }),
            }
            at += 1;
            depth -= 1;
            holder = close(holder, at, nodes);
        }
        at = blanks(bytes, at + 1);
        (key, at) = member_key(bytes, at, holder, nodes)?;
    }
}

fn ended(bytes: &[u8], at: usize) -> Step<()> {
    if at == bytes.len() {
        Ok(())
    } else {
        Err(Stopped { at, what: "something follows the document" })
    }
}

/// The container that values are read into.
#[derive(Clone, Copy)]
struct Holder {
    at: u32,
    shape: Shape,
}

/// Closes a container that ends before an offset; what holds it.
#[inline(always)]
fn close(holder: Holder, end: usize, nodes: &mut [Node]) -> Holder {
    let after = nodes.len() as u32;
    let node = &mut nodes[holder.at as usize];
    node.end = after;
    node.len = end as u32 - node.start;
    let at = node.parent;
    Holder { at, shape: nodes.get(at as usize).map_or(Shape::Null, |it| it.shape) }
}

fn closing(shape: Shape) -> u8 {
    if shape == Shape::Object { b'}' } else { b']' }
}

/// The name of the next member, or the index of the next element; and where the value begins.
#[inline(always)]
fn member_key(bytes: &[u8], at: usize, holder: Holder, nodes: &mut [Node]) -> Step<(Span, usize)> {
    if holder.shape == Shape::Array {
        let node = &mut nodes[holder.at as usize];
        node.len += 1;
        return Ok((Span { len: node.len - 1, ..NO_KEY }, at));
    }
    if byte(bytes, at) != b'"' {
        return Err(Stopped { at, what: "expected a member name" });
    }
    let (key, at) = string(bytes, at)?;
    let at = blanks(bytes, at);
    if byte(bytes, at) != b':' {
        return Err(Stopped { at, what: "expected `:`" });
    }
    Ok((key, blanks(bytes, at + 1)))
}

/// Reads a scalar or opens a container; what it is, and where the reader goes on.
#[inline(always)]
fn value(
    bytes: &[u8],
    at: usize,
    key: Span,
    parent: u32,
    nodes: &mut Vec<Node>,
) -> Step<(Shape, usize)> {
    let opened = |shape| (shape, Span { start: at as u32, len: 0, escaped: false }, at + 1);
    let (shape, span, end) = match byte(bytes, at) {
        b'"' => {
            let (span, end) = string(bytes, at)?;
            (Shape::Text, span, end)
        }
        b'{' => opened(Shape::Object),
        b'[' => opened(Shape::Array),
        first => scalar(bytes, at, first)?,
    };
    let after = nodes.len() as u32 + 1;
    nodes.push(Node {
        key_start: key.start,
        key_len: key.len,
        start: span.start,
        len: span.len,
        end: after,
        parent,
        shape,
        key_escaped: key.escaped,
        escaped: span.escaped,
    });
    Ok((shape, end))
}

fn scalar(bytes: &[u8], at: usize, first: u8) -> Step<(Shape, Span, usize)> {
    let (shape, end) = match first {
        b't' => (Shape::Bool, word(bytes, at, "true")?),
        b'f' => (Shape::Bool, word(bytes, at, "false")?),
        b'n' => (Shape::Null, word(bytes, at, "null")?),
        b'-' | b'0'..=b'9' => (Shape::Number, number(bytes, at)?),
        _ => return Err(Stopped { at, what: "expected a value" }),
    };
    Ok((shape, Span { start: at as u32, len: (end - at) as u32, escaped: false }, end))
}

fn word(bytes: &[u8], at: usize, word: &str) -> Step<usize> {
    if bytes[at..].starts_with(word.as_bytes()) {
        return Ok(at + word.len());
    }
    Err(Stopped { at, what: "expected a value" })
}

fn number(bytes: &[u8], start: usize) -> Step<usize> {
    let mut at = start + usize::from(bytes[start] == b'-');
    at = if byte(bytes, at) == b'0' { at + 1 } else { digits(bytes, at)? };
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if matches!(byte(bytes, at), b'e' | b'E') {
        at += 1;
        at = digits(bytes, at + usize::from(matches!(byte(bytes, at), b'+' | b'-')))?;
    }
    Ok(at)
}

fn digits(bytes: &[u8], start: usize) -> Step<usize> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    if at > start { Ok(at) } else { Err(Stopped { at, what: "expected a digit" }) }
}

/// Reads a string from its first quote on; the span is what stands between the quotes.
#[inline(always)]
fn string(bytes: &[u8], quote: usize) -> Step<(Span, usize)> {
    let start = quote + 1;
    let mut end = plain_until(bytes, start);
    let escaped = byte(bytes, end) != b'"';
    if escaped {
        end = escaped_until(bytes, end)?;
    }
    Ok((Span { start: start as u32, len: (end - start) as u32, escaped }, end + 1))
}

/// Reads on from where the plain part of a string ends to its last quote.
#[inline(never)]
fn escaped_until(bytes: &[u8], mut at: usize) -> Step<usize> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = escape(bytes, at)?,
            Some(_) => return Err(Stopped { at, what: "control character in a string" }),
            None => return Err(Stopped { at, what: "a string does not end" }),
        }
        at = plain_until(bytes, at);
    }
}

fn escape(bytes: &[u8], at: usize) -> Step<usize> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let digits = bytes.get(at + 2..at + 6).unwrap_or(b"");
            if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err(Stopped { at, what: "broken \\u escape" });
            }
            Ok(at + 6)
        }
        _ => Err(Stopped { at, what: "unknown escape" }),
    }
}

/// The byte at an offset; 0 at the end, which is nothing's beginning.
#[inline(always)]
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// Where the next byte stands that is no blank.
#[inline(always)]
fn blanks(bytes: &[u8], at: usize) -> usize {
    if byte(bytes, at) > b' ' { at } else { after_blanks(bytes, at) }
}

#[inline(never)]
fn after_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// Offset of the next quote, back-slash or control character, or of the end.
#[inline(always)]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if let Some(end) = end_of_plain(block) {
            return at + end;
        }
        at += BLOCK;
    }
    tail_until(bytes, at)
}

/// As [`plain_until`], for what is left at the end of a document.
#[inline(never)]
fn tail_until(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | 0..b' ');
    at + rest.iter().take_while(plain).count()
}
