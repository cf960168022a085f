//! Lexer: a script becomes lines, a line becomes tokens. A statement is a line, except inside text literals and
//! inside the braces of `@INPUT`, `@OUTPUT` and `SET`. Guarantees: linear; any text is accepted; an unfinished literal
//! ends with its line, or with the script if it is one that may span lines.
//! Deliberately not here: what a statement means.

use std::borrow::Cow;

/// The store of UI elements that copying from the designer appends.
const ELEMENT_STORE: &str = "# [ControlRepository]";

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LineKind {
    Statement,
    Annotation,
    Comment,
}

/// A statement, annotation or comment, with its text and its first line (from 1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    pub(super) kind: LineKind,
    pub(super) text: &'t str,
    pub(super) line: u32,
}

/// The script proper: without NULs and without the appended store of UI elements.
pub(super) fn proper(script: &str) -> Cow<'_, str> {
    let script = crate::text::unmarked(script);
    let script = script.get(..store_start(script)).unwrap_or(script);
    if memchr::memchr(0, script.as_bytes()).is_some() {
        return Cow::Owned(script.replace('\0', ""));
    }
    Cow::Borrowed(script)
}

fn store_start(script: &str) -> usize {
    let found = memchr::memmem::find_iter(script.as_bytes(), ELEMENT_STORE);
    let begins_line =
        |at: &usize| *at == 0 || matches!(script.as_bytes()[at - 1], b'\n' | b'\r' | 0);
    found.into_iter().find(begins_line).unwrap_or(script.len())
}

/// The lines of a script.
pub(super) fn lines(script: &str) -> Vec<Line<'_>> {
    let mut lexer = Lexer { script, at: 0, line: 1, braces_end: true, found: Vec::new() };
    while lexer.at < script.len() {
        lexer.next();
    }
    lexer.found
}

struct Lexer<'t> {
    script: &'t str,
    at: usize,
    line: u32,
    /// No brace was left open up to the end of the script so far.
    braces_end: bool,
    found: Vec<Line<'t>>,
}

impl Lexer<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.script.as_bytes().get(at).copied().unwrap_or(b'\n')
    }

    fn next(&mut self) {
        while self.at < self.script.len()
            && matches!(self.byte(self.at), b' ' | b'\t' | b'\r' | b'\n')
        {
            self.line += u32::from(self.byte(self.at) == b'\n');
            self.at += 1;
        }
        let rest = &self.script[self.at..];
        if let Some(comment) = rest.strip_prefix("/#") {
            let length = comment.find("#/").map_or(rest.len(), |end| end + 4);
            self.take(LineKind::Comment, length);
        } else if rest.starts_with('#') || rest.starts_with("**") {
            self.take(LineKind::Comment, line_length(rest));
        } else if rest.starts_with("@@") {
            let length = self.statement_length(false);
            self.take(LineKind::Annotation, length);
        } else if !rest.is_empty() {
            let braces = self.braces_end && may_span(rest);
            let length = self.statement_length(braces);
            self.take(LineKind::Statement, length);
        }
    }

    fn take(&mut self, kind: LineKind, length: usize) {
        let text = &self.script[self.at..self.at + length];
        self.found.push(Line { kind, text: text.trim_end(), line: self.line });
        self.line += memchr::memchr_iter(b'\n', text.as_bytes()).count() as u32;
        self.at += length;
    }

    /// Length of the statement at the current place; with `braces`, line ends inside of braces belong to it.
    fn statement_length(&mut self, braces: bool) -> usize {
        let rest = &self.script[self.at..];
        let (mut at, mut depth) = (0, 0u32);
        let mut first_end = None;
        while at < rest.len() {
            let byte = rest.as_bytes()[at];
            match byte {
                b'\n' if depth == 0 => return at,
                b'\n' => first_end = first_end.or(Some(at)),
                b'{' if braces => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            at = if byte == b'\'' { literal_end(rest, at) } else { at + 1 };
        }
        if depth == 0 {
            return rest.len();
        }
        self.braces_end = false;
        first_end.unwrap_or(rest.len())
    }
}

fn line_length(rest: &str) -> usize {
    memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())
}

/// Whether a statement may go on inside of braces.
fn may_span(rest: &str) -> bool {
    ["@INPUT", "@OUTPUT", "SET ", "DISABLE SET "]
        .iter()
        .any(|start| crate::text::starts_with_ignore_case(rest, start))
}

/// Offset after the literal whose first quote stands at the given offset.
fn literal_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut end, long) =
        if text[at..].starts_with("'''") { (at + 3, true) } else { (at + 1, false) };
    while end < bytes.len() {
        match bytes[end] {
            b'\\' => end += 1,
            b'\'' if long && text.as_bytes()[end..].starts_with(b"'''") => return end + 3,
            b'\'' if !long => return end + 1,
            b'\n' if !long => return end,
            _ => {}
        }
        end += 1;
    }
    bytes.len()
}

/// A part of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'t> {
    /// Letters, digits, `_` and `.`.
    Word(&'t str),
    /// A text literal, as written between its quotes.
    Literal(&'t str),
    /// Any other character.
    Sign(char),
}

impl<'t> Token<'t> {
    pub(super) fn word(self) -> Option<&'t str> {
        if let Token::Word(word) = self { Some(word) } else { None }
    }

    pub(super) fn literal(self) -> Option<&'t str> {
        if let Token::Literal(literal) = self { Some(literal) } else { None }
    }

    /// Whether the token is that keyword.
    pub(super) fn is(self, keyword: &str) -> bool {
        self.word().is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }
}

/// The tokens of a statement. `$` before a literal is dropped.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let start = at;
        at += character.len_utf8();
        match character {
            '\'' => {
                at = literal_end(text, start);
                found.push(Token::Literal(unquoted(&text[start..at])));
            }
            '$' if text[at..].starts_with('\'') => {}
            _ if is_word(character) => {
                at =
                    start + text[start..].find(|next| !is_word(next)).unwrap_or(text.len() - start);
                found.push(Token::Word(&text[start..at]));
            }
            _ if character.is_whitespace() => {}
            _ => found.push(Token::Sign(character)),
        }
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.')
}

fn unquoted(literal: &str) -> &str {
    let inner = literal.strip_prefix("'''").map(|it| it.strip_suffix("'''").unwrap_or(it));
    inner.unwrap_or_else(|| {
        let it = literal.strip_prefix('\'').unwrap_or(literal);
        it.strip_suffix('\'').unwrap_or(it)
    })
}

/// A literal's text without its escapes.
pub(super) fn unescaped(literal: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', literal.as_bytes()).is_none() {
        return Cow::Borrowed(literal);
    }
    let mut out = String::with_capacity(literal.len());
    let mut characters = literal.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(script: &str) -> Vec<(u32, &str)> {
        let statements = lines(script).into_iter().filter(|line| line.kind == LineKind::Statement);
        statements.map(|line| (line.line, line.text)).collect()
    }

    #[test]
    fn literals_and_braces_span_lines() {
        let script = "SET A TO $'''x\nEND\n\\'''y'''\n# note\n/# CALL\nB #/\n@INPUT I : { 'D': '''a\n}''',\n 'E': 'z' }\nWAIT 1";
        let lines: Vec<u32> = statements(script).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 7, 10]);
    }

    #[test]
    fn what_does_not_end_ends_somewhere() {
        assert_eq!(statements("SET A TO {\nWAIT 1\nSET B TO {\nWAIT 2").len(), 4);
        assert_eq!(statements("SET A TO 'x\nWAIT 1").len(), 2);
        assert_eq!(statements("SET A TO $'''x\nWAIT 1").len(), 1);
        assert_eq!(statements("/# x\nWAIT 1").len(), 0);
        assert_eq!(statements("SET A TO 'x\\").len(), 1);
    }

    #[test]
    fn tokens_are_words_literals_and_signs() {
        let found = tokens("File.Copy Files: $'''a\\'b''' To=> X");
        let expected = [
            Token::Word("File.Copy"),
            Token::Word("Files"),
            Token::Sign(':'),
            Token::Literal("a\\'b"),
            Token::Word("To"),
            Token::Sign('='),
            Token::Sign('>'),
            Token::Word("X"),
        ];
        assert_eq!(found, expected);
        assert_eq!(unescaped("a\\'b\\\\c"), "a'b\\c");
    }

    #[test]
    fn the_store_of_elements_is_cut_off() {
        assert_eq!(proper("WAIT 1\n# [ControlRepository][X]\n{"), "WAIT 1\n");
        assert_eq!(proper("W\0A\0"), "WA");
        assert_eq!(
            proper("SET A TO 'x # [ControlRepository]'"),
            "SET A TO 'x # [ControlRepository]'"
        );
    }
}
