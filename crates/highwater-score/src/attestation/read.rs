//! The strict reader of `attestations.toml`.
//!
//! Walks the syntax tree by hand, so that every mistake of a file is found at once, with its line.

use std::collections::BTreeMap;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Attestations, Reply, Statement};
use crate::error::{Problem, line_of};
use crate::rulebook::Rulebook;

/// A value with its place.
type Value<'a> = Spanned<DeValue<'a>>;

pub(super) fn read(
    file: &str,
    text: &str,
    rulebook: &Rulebook,
) -> Result<Attestations, Vec<Problem>> {
    let mut reader = Reader { file, text, rulebook, problems: Vec::new() };
    let statements = match DeTable::parse(text) {
        Ok(table) => reader.document(table.get_ref()),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            reader.problems.push(Problem::new(file, line, error.message().to_owned()));
            Vec::new()
        }
    };
    reader.problems.sort();
    if reader.problems.is_empty() { Ok(Attestations { statements }) } else { Err(reader.problems) }
}

/// What is read, and what was found wrong so far.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    rulebook: &'a Rulebook,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: usize, reason: impl Into<String>) {
        let line = line_of(self.text, at);
        self.problems.push(Problem::new(self.file, line, reason));
    }

    fn document(&mut self, table: &DeTable<'_>) -> Vec<Statement> {
        self.unknown_keys(table, &["format", "attestation"]);
        match table.get("format") {
            None => self.problems.push(Problem::new(
                self.file,
                0,
                "`format = 1` is missing; add it as the first line",
            )),
            Some(format) if integer(format) != Some(1) => {
                self.wrong(format.span().start, "`format` must be 1");
            }
            Some(_) => {}
        }
        let Some(entries) = table.get("attestation") else { return Vec::new() };
        let Some(array) = entries.get_ref().as_array() else {
            self.wrong(
                entries.span().start,
                "`attestation` must be a list; write `[[attestation]]`",
            );
            return Vec::new();
        };
        let mut statements = Vec::new();
        for entry in array {
            match entry.get_ref().as_table() {
                Some(table) => statements.extend(
                    self.statement(table, entry.span().start).map(|s| (s, entry.span().start)),
                ),
                None => self.wrong(
                    entry.span().start,
                    "each attestation must be a table; write `[[attestation]]`",
                ),
            }
        }
        self.conflicts(&statements);
        statements.into_iter().map(|(statement, _)| statement).collect()
    }

    fn statement(&mut self, table: &DeTable<'_>, at: usize) -> Option<Statement> {
        self.unknown_keys(
            table,
            &["indicators", "answer", "by", "on", "expires", "evidence", "note"],
        );
        let indicators =
            self.required(table, "indicators", at).and_then(|value| self.indicators(value));
        let answer = self.required(table, "answer", at).and_then(|value| self.answer(value));
        let by = self.required(table, "by", at).and_then(|value| self.words("by", value));
        let on = self.required(table, "on", at).and_then(|value| self.date("on", value));
        let expires =
            table.get("expires").map(|value| (self.date("expires", value), value.span().start));
        if let (Some(on), Some((Some(expires), place))) = (on, expires)
            && expires <= on
        {
            self.wrong(place, "`expires` must be later than `on`");
        }
        let evidence = table
            .get("evidence")
            .and_then(|value| self.list("evidence", value))
            .unwrap_or_default();
        let note = table.get("note").and_then(|value| self.words("note", value));
        Some(Statement {
            indicators: indicators?,
            answer: answer?,
            by: by?,
            on: on?,
            expires: expires.and_then(|(date, _)| date),
            evidence: evidence.into_iter().map(|(text, _)| text).collect(),
            note,
        })
    }

    fn unknown_keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let list = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            self.wrong(
                key.span().start,
                format!("unknown key `{}`; known are {list}", key.get_ref()),
            );
        }
    }

    fn required<'v, 'i>(
        &mut self,
        table: &'v DeTable<'i>,
        key: &str,
        at: usize,
    ) -> Option<&'v Value<'i>> {
        let value = table.get(key);
        if value.is_none() {
            let advice = match key {
                "indicators" => "list the ids of the indicators that it is about",
                "answer" => "write not, partly, largely or fully",
                "by" => "a statement needs somebody who makes it",
                _ => "a statement needs the date on which it was made",
            };
            self.wrong(at, format!("`{key}` is missing; {advice}"));
        }
        value
    }

    fn indicators(&mut self, value: &Value<'_>) -> Option<Vec<String>> {
        let listed = self.list("indicators", value)?;
        if listed.is_empty() {
            self.wrong(
                value.span().start,
                "`indicators` must not be empty; list the ids that the statement is about",
            );
        }
        let mut ids: Vec<String> = Vec::new();
        for (id, at) in listed {
            match self.rulebook.indicator(&id) {
                None => self.wrong(
                    at,
                    format!(
                        "{id} is no indicator of the models in use; see the list of indicators"
                    ),
                ),
                Some(indicator) if !indicator.is_rated() => {
                    self.wrong(
                        at,
                        format!(
                            "{id} is a heading; make the statement about its parts, {}",
                            indicator.rule.indicators().join(", ")
                        ),
                    );
                }
                Some(_) if ids.contains(&id) => {
                    self.wrong(at, format!("{id} is named twice; once is enough"));
                }
                Some(_) => ids.push(id),
            }
        }
        Some(ids)
    }

    fn answer(&mut self, value: &Value<'_>) -> Option<Reply> {
        let found =
            Reply::ALL.into_iter().find(|reply| value.get_ref().as_str() == Some(reply.word()));
        if found.is_none() {
            self.wrong(
                value.span().start,
                "`answer` must be \"not\", \"partly\", \"largely\" or \"fully\"",
            );
        }
        found
    }

    fn words(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        match value.get_ref().as_str().map(str::trim) {
            Some("") => self.wrong(value.span().start, format!("`{key}` must not be empty")),
            Some(text) => return Some(text.to_owned()),
            None => self.wrong(value.span().start, format!("`{key}` must be a text in quotes")),
        }
        None
    }

    fn date(&mut self, key: &str, value: &Value<'_>) -> Option<Date> {
        let date = value
            .get_ref()
            .as_datetime()
            .filter(|time| time.time.is_none() && time.offset.is_none());
        let date = date.and_then(|time| time.date).and_then(|date| {
            let (year, month, day) = (
                i16::try_from(date.year).ok()?,
                i8::try_from(date.month).ok()?,
                i8::try_from(date.day).ok()?,
            );
            Date::new(year, month, day).ok()
        });
        if date.is_none() {
            self.wrong(
                value.span().start,
                format!(
                    "`{key}` must be a date such as 2026-10-01, without quotes and time of day"
                ),
            );
        }
        date
    }

    fn list(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<(String, usize)>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(value.span().start, format!("`{key}` must be a list of texts in quotes"));
            return None;
        };
        let each = array
            .iter()
            .map(|entry| (self.words(key, entry), entry.span().start))
            .collect::<Vec<_>>();
        Some(each.into_iter().filter_map(|(text, at)| text.map(|text| (text, at))).collect())
    }

    /// Two statements of one day about one indicator must not differ: neither is the later one.
    fn conflicts(&mut self, statements: &[(Statement, usize)]) {
        let mut first: BTreeMap<(&str, Date), &Statement> = BTreeMap::new();
        for (statement, at) in statements {
            for id in &statement.indicators {
                let earlier = *first.entry((id, statement.on)).or_insert(statement);
                if (earlier.answer, earlier.expires, earlier.has_link())
                    != (statement.answer, statement.expires, statement.has_link())
                {
                    self.wrong(
                        *at,
                        format!(
                            "{id} has another statement of {} that says otherwise; keep one",
                            statement.on
                        ),
                    );
                }
            }
        }
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    let integer = value.get_ref().as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
