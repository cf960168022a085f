//! Reader: the text of a `$filter` becomes the conditions that it states.

use jiff::Timestamp;
use serde_json::Value;

use super::{Comparison, Filter};

/// Reads a filter; `None` where it is not understood.
pub(super) fn read(text: &str) -> Option<Filter> {
    let mut reader = Reader { words: words(text)?, at: 0, variable: None };
    let filter = reader.either()?;
    (reader.at == reader.words.len()).then_some(filter)
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    Mark(char),
    Name(String),
    Literal(Value),
}

fn words(text: &str) -> Option<Vec<Word>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '(' | ')' | ',' | ':' => {
                found.push(Word::Mark(first));
                1
            }
            '\'' => {
                let (value, length) = quoted(rest)?;
                found.push(Word::Literal(Value::String(value)));
                length
            }
            _ => {
                let length = rest
                    .find(|letter: char| {
                        letter.is_whitespace() || matches!(letter, '(' | ')' | ',' | '\'')
                    })
                    .unwrap_or(rest.len());
                // A colon inside a moment belongs to it; after a variable it does not.
                let length = match rest[..length].split_once(':') {
                    Some((name, _)) if name.chars().all(char::is_alphabetic) => name.len(),
                    _ => length,
                };
                found.push(word(&rest[..length]));
                length
            }
        };
        rest = rest.get(taken..)?.trim_start();
    }
    Some(found)
}

fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '\'' {
            value.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == '\'') {
            value.push('\'');
            letters.next();
        } else {
            return Some((value, at + 1));
        }
    }
    None
}

fn word(text: &str) -> Word {
    match text {
        "true" => Word::Literal(Value::Bool(true)),
        "false" => Word::Literal(Value::Bool(false)),
        "null" => Word::Literal(Value::Null),
        _ if text.parse::<f64>().is_ok() => {
            serde_json::from_str(text).map_or_else(|_| Word::Name(text.to_owned()), Word::Literal)
        }
        _ if text.parse::<Timestamp>().is_ok() || is_guid(text) => {
            Word::Literal(Value::String(text.to_owned()))
        }
        _ => Word::Name(text.to_owned()),
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

struct Reader {
    words: Vec<Word>,
    at: usize,
    variable: Option<String>,
}

impl Reader {
    fn either(&mut self) -> Option<Filter> {
        let mut filter = self.both()?;
        while self.name("or") {
            filter = Filter::Either(Box::new(filter), Box::new(self.both()?));
        }
        Some(filter)
    }

    fn both(&mut self) -> Option<Filter> {
        let mut filter = self.single()?;
        while self.name("and") {
            filter = Filter::Both(Box::new(filter), Box::new(self.single()?));
        }
        Some(filter)
    }

    fn single(&mut self) -> Option<Filter> {
        if self.name("not") {
            return Some(Filter::Not(Box::new(self.single()?)));
        }
        if self.mark('(') {
            let filter = self.either()?;
            return self.mark(')').then_some(filter);
        }
        let Word::Name(name) = self.next()? else { return None };
        match name.to_ascii_lowercase().as_str() {
            "contains" | "startswith" | "endswith" => self.function(&name),
            lower if lower.ends_with("/any") => self.any(&name[..name.len() - 4]),
            _ => self.comparison(&name),
        }
    }

    fn function(&mut self, name: &str) -> Option<Filter> {
        let opened = self.mark('(');
        let (Word::Name(path), true) = (self.next()?, opened && self.mark(',')) else {
            return None;
        };
        let Word::Literal(Value::String(part)) = self.next()? else { return None };
        let path = self.path(&path);
        self.mark(')').then(|| Filter::Text(name.to_ascii_lowercase(), path, part))
    }

    fn any(&mut self, list: &str) -> Option<Filter> {
        let opened = self.mark('(');
        let (Word::Name(variable), true) = (self.next()?, opened && self.mark(':')) else {
            return None;
        };
        let list = self.path(list);
        let outer = self.variable.replace(variable);
        let inner = self.either()?;
        self.variable = outer;
        self.mark(')').then(|| Filter::Any(list, Box::new(inner)))
    }

    fn comparison(&mut self, name: &str) -> Option<Filter> {
        let path = self.path(name);
        let Word::Name(how) = self.next()? else { return None };
        if how == "in" {
            return self.one_of(&path);
        }
        let how = match how.as_str() {
            "eq" => Comparison::Equal,
            "ne" => Comparison::Unequal,
            "gt" => Comparison::Greater,
            "ge" => Comparison::AtLeast,
            "lt" => Comparison::Less,
            "le" => Comparison::AtMost,
            _ => return None,
        };
        let Word::Literal(value) = self.next()? else { return None };
        Some(Filter::Compare(path, how, value))
    }

    fn one_of(&mut self, path: &[String]) -> Option<Filter> {
        let mut found: Option<Filter> = None;
        let mut open = self.mark('(');
        while open {
            let Word::Literal(value) = self.next()? else { return None };
            let one = Filter::Compare(path.to_vec(), Comparison::Equal, value);
            found = Some(match found {
                Some(before) => Filter::Either(Box::new(before), Box::new(one)),
                None => one,
            });
            open = self.mark(',');
        }
        self.mark(')').then_some(found?)
    }

    /// The segments of a path; the variable of a lambda in front of it is left out.
    fn path(&self, text: &str) -> Vec<String> {
        let parts = text.split('/').map(str::to_owned);
        parts
            .enumerate()
            .filter(|(at, part)| *at > 0 || Some(part) != self.variable.as_ref())
            .map(|(_, part)| part)
            .collect()
    }

    fn next(&mut self) -> Option<Word> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn mark(&mut self, mark: char) -> bool {
        let found = self.words.get(self.at) == Some(&Word::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn name(&mut self, name: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Name(told)) if told.eq_ignore_ascii_case(name));
        self.at += usize::from(found);
        found
    }
}
