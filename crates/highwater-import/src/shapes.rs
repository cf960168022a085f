//! Shapes: rows of foreign tables become records as the services would have told them, by declaration.
//!
//! A [`Shape`] says by which columns a row is known, and under which path each column stands in the record
//! that tables read. Guarantees that a column that is missing, empty or of another kind is not told, and
//! that a lookup is followed only where the row it points to was imported too. Deliberately does not
//! translate: columns are known by their logical names, whatever the language of the people.

use std::borrow::Cow;

use highwater_snapshot::{Json, List, Member, Object, Value};

use crate::index::is_guid;
use crate::kinds::{Class, Hand, Whole};
use crate::lookups::Lookups;
use crate::values::{member, object};

/// How the rows of one foreign table become records.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Source id of the records.
    pub(crate) source: &'static str,
    /// Names of the set in `@odata.context`.
    pub(crate) sets: &'static [&'static str],
    /// Columns by which rows are known, any of these lists in full.
    pub(crate) known_by: &'static [&'static [&'static str]],
    /// Columns that rows of other tables have as well as these.
    pub(crate) lacks: &'static [&'static str],
    /// A flag or a moment that marks rows which are gone; such rows give no record.
    pub(crate) gone: &'static [&'static str],
    /// What becomes of the columns; where several lead to one path, the first that is told counts.
    pub(crate) fields: &'static [Field],
    /// Columns that are kept beside, under `row`.
    pub(crate) keep: &'static [&'static str],
    /// What a list of rows proves.
    pub(crate) whole: Whole,
}

/// Where one column goes, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) to: &'static str,
    pub(crate) from: &'static str,
    pub(crate) take: Take,
}

/// How a column becomes a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Take {
    /// As it stands.
    As,
    /// A flag.
    Flag,
    /// This text, where a flag or a moment is set.
    If(&'static str),
    /// Null, which says "there is none", where a flag is not set.
    NullUnless,
    /// An option by number or by a part of its label.
    Choice(&'static [(i64, &'static str, &'static str)]),
    /// The id of the row that a lookup points to.
    Row,
    /// The environment that is named, or that a lookup points to.
    Environment,
    /// The environment of the flow that a lookup points to.
    FlowEnvironment,
    /// The id of the flow that a lookup points to.
    Flow,
    /// The connector that a lookup points to.
    Connector,
    /// This text, whatever the row says.
    Always(&'static str),
}

/// What a field takes of a row.
#[derive(Debug)]
pub(crate) enum Taken<'a> {
    Text(Cow<'a, str>),
    /// Anything else, or a text of the row as it stands.
    Value(Value<'a>),
}

/// A field that is taken as it stands.
pub(crate) const fn field(to: &'static str, from: &'static str) -> Field {
    Field { to, from, take: Take::As }
}

/// A field that is taken in another way.
pub(crate) const fn taken(to: &'static str, from: &'static str, take: Take) -> Field {
    Field { to, from, take }
}

/// A text that every record has.
pub(crate) const fn always(to: &'static str, text: &'static str) -> Field {
    Field { to, from: "", take: Take::Always(text) }
}

pub(crate) const GONE: &str = "rows that are marked as deleted";

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Shape {}

impl Shape {
    /// Whether a row of these columns is one of the table's.
    pub(crate) fn knows(&self, row: Json<'_>) -> bool {
        let has = |column: &&str| column_of(row, column).is_present();
        self.known_by.iter().any(|columns| columns.iter().all(&has)) && !self.lacks.iter().any(has)
    }

    /// What a row of the table is.
    pub(crate) fn class(&'static self, row: Option<Json<'_>>) -> Class {
        if row.is_some_and(|row| self.is_gone(row)) {
            return Class::unread(self.source, GONE);
        }
        Class::of(self.source, "", self.whole).hand(Hand::Shaped(self))
    }

    fn is_gone(&self, row: Json<'_>) -> bool {
        self.gone.iter().any(|column| is_set(column_of(row, column)))
    }

    /// The columns of a sheet that make its records.
    pub(crate) fn columns(&self) -> Vec<String> {
        let fields = self.fields.iter().map(|field| field.from);
        let all = fields.chain(self.keep.iter().copied()).chain(self.gone.iter().copied());
        let names = |name: &str| {
            let bare = name.strip_suffix('>').unwrap_or(name);
            [bare.to_owned(), format!("_{bare}_value"), label(name)]
        };
        all.flat_map(names).collect()
    }

    /// The record that a row stands for.
    pub(crate) fn record<'a>(&self, row: Json<'a>, lookups: &'a Lookups) -> Value<'a> {
        let mut record = Vec::with_capacity(self.fields.len());
        for field in self.fields {
            if let Some(value) = field.value(row, lookups) {
                insert(&mut record, field.to, value);
            }
        }
        let kept: Vec<Member<'a>> = self
            .keep
            .iter()
            .filter_map(|column| {
                let told = column_of(row, column);
                Some(member(column, told.value().filter(|_| is_told(told))?.clone()))
            })
            .collect();
        if !kept.is_empty() {
            insert(&mut record, "row", object(kept));
        }
        object(record)
    }
}

impl Field {
    fn value<'a>(&self, row: Json<'a>, lookups: &'a Lookups) -> Option<Value<'a>> {
        let label = || row.key(&label(self.from));
        Some(match self.taken(column_of(row, self.from), label, lookups)? {
            Taken::Value(value) => value,
            Taken::Text(text) => Value::from(text),
        })
    }

    /// What a column tells, and what it is called where it is an option, in the record.
    pub(crate) fn taken<'a>(
        &self,
        told: Json<'a>,
        label: impl FnOnce() -> Json<'a>,
        lookups: &'a Lookups,
    ) -> Option<Taken<'a>> {
        if !matches!(self.take, Take::Always(_)) && !is_told(told) {
            return None;
        }
        let id = || told.id().filter(|id| !id.is_empty());
        match self.take {
            Take::Always(text) => Some(Taken::from(text)),
            Take::As => told.value().cloned().map(Taken::Value),
            Take::Flag => flag(told).map(|flag| Taken::Value(Value::Bool(flag))),
            Take::If(text) => is_set(told).then_some(Taken::from(text)),
            Take::NullUnless => (flag(told) == Some(false)).then_some(Taken::Value(Value::Null)),
            Take::Choice(options) => choice(told, label(), options).map(Taken::Text),
            Take::Row => id().filter(|id| is_guid(id)).map(Taken::Text),
            Take::Environment => {
                let id = id()?;
                let found = lookups.environment(&id).map(Cow::Borrowed);
                // A lookup that leads nowhere is not the environment's own id.
                found.or_else(|| (!self.from.ends_with('>')).then_some(id)).map(Taken::Text)
            }
            Take::FlowEnvironment => {
                lookups.flow(&id()?).map(|flow| Taken::from(flow.environment.as_str()))
            }
            Take::Flow => {
                let id = id()?;
                let found = lookups.flow(&id).map(|flow| Cow::Borrowed(flow.id.as_str()));
                Some(Taken::Text(found.unwrap_or(id)))
            }
            Take::Connector => lookups.connector(&id()?).map(Taken::from),
        }
    }
}

impl<'a> From<&'a str> for Taken<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// A column by its logical name; `x>` is a lookup, which the web API calls `_x_value`.
pub(crate) fn column_of<'v>(row: Json<'v>, name: &str) -> Json<'v> {
    let Some(lookup) = name.strip_suffix('>') else { return row.key(name) };
    let is_value = |key: &str| {
        let bare = key.strip_prefix('_').and_then(|rest| rest.len().checked_sub("_value".len()));
        bare == Some(lookup.len())
    };
    // Most rows have no column of that length.
    let told = if row.entries().any(|(key, _)| is_value(key)) {
        row.key(&format!("_{lookup}_value"))
    } else {
        Json::NULL
    };
    if told.is_present() { told } else { row.key(lookup) }
}

pub(crate) fn is_told(told: Json<'_>) -> bool {
    let empty = matches!(told.value(), Some(Value::Str(text)) if is_empty(text));
    told.is_told() && !empty
}

/// Whether a text holds nothing but spaces; most start otherwise.
fn is_empty(text: &str) -> bool {
    !matches!(text.as_bytes(), [b'!'..=b'~', ..]) && text.trim_start().is_empty()
}

/// A flag of a table: also as the number of its option.
fn flag(told: Json<'_>) -> Option<bool> {
    told.flag().or_else(|| match told.int()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    })
}

/// A flag that is set, or a moment that is told.
pub(crate) fn is_set(told: Json<'_>) -> bool {
    flag(told).unwrap_or_else(|| told.time().is_some())
}

/// The word of an option: by its number, else by what its label holds.
fn choice<'v>(
    told: Json<'v>,
    label: Json<'v>,
    options: &'static [(i64, &'static str, &'static str)],
) -> Option<Cow<'v, str>> {
    if let Some(number) = told.int() {
        let known = options.iter().find(|(value, ..)| *value == number);
        if let Some((.., word)) = known {
            return Some(Cow::Borrowed(word));
        }
    }
    let label = label.word().or_else(|| told.word())?;
    let squashed: String = label.chars().filter(|letter| letter.is_alphanumeric()).collect();
    options
        .iter()
        .find(|(_, part, _)| squashed.contains(part))
        .map(|(.., word)| Cow::Borrowed(*word))
}

/// The column in which the web API writes what an option is called.
pub(crate) fn label(column: &str) -> String {
    format!("{column}@OData.Community.Display.V1.FormattedValue")
}

/// Puts a value at a dotted path, unless something stands there already.
fn insert<'a>(into: &mut Vec<Member<'a>>, path: &'static str, value: Value<'a>) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let known = into.iter().position(|member| *member.name == *name);
    let Some(rest) = rest else {
        if known.is_none() {
            into.push(member(name, value));
        }
        return;
    };
    let at = known.unwrap_or(into.len());
    if known.is_none() {
        into.push(member(name, object(Vec::new())));
    }
    if let Value::Object(Object(List::Made(inner))) = &mut into[at].value {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::{automation_kit, coe, known_sheets, lake, place};

    const KINDS: &[(i64, &str, &str)] =
        &[(597_910_000, "canvas", "c"), (597_910_001, "model", "m")];

    static SHAPE: Shape = Shape {
        source: "tags",
        sets: &[],
        known_by: &[&["x_id"]],
        lacks: &["x_other"],
        gone: &["x_deleted"],
        fields: &[
            field("name", "x_id"),
            taken("properties.owner.id", "x_owner>", Take::Row),
            taken("properties.kind", "x_kind", Take::Choice(KINDS)),
            taken("properties.link", "x_hascds", Take::NullUnless),
            field("properties.link.url", "x_url"),
        ],
        keep: &["x_roi"],
        whole: Whole::List,
    };

    fn shaped(text: &str) -> String {
        let row: Value<'_> = serde_json::from_str(text).unwrap();
        assert!(SHAPE.knows(Json::new(&row)), "{text}");
        serde_json::to_string(&SHAPE.record(Json::new(&row), &Lookups::default())).unwrap()
    }

    #[test]
    fn the_forms_of_one_row_become_one_record() {
        let id = "00000000-0000-0000-0000-000000000201";
        let wanted = format!(
            r#"{{"name":"a","properties":{{"owner":{{"id":"{id}"}},"kind":"m"}},"row":{{"x_roi":"7"}}}}"#
        );
        let api = format!(
            r#"{{"x_id": "a", "_x_owner_value": "{id}", "x_kind": 597910001, "x_roi": "7", "x_url": null}}"#
        );
        assert_eq!(shaped(&api), wanted);
        let sheet = format!(
            r#"{{"x_id": "a", "x_owner": "{id}", "x_kind": "Model Driven", "x_roi": "7"}}"#
        );
        assert_eq!(shaped(&sheet), wanted);
    }

    #[test]
    fn what_is_not_told_stays_away() {
        assert_eq!(
            shaped(r#"{"x_id": "a", "x_owner": "Ada Lovelace", "x_kind": 5, "x_hascds": "maybe"}"#),
            r#"{"name":"a"}"#
        );
        assert_eq!(
            shaped(r#"{"x_id": "a", "x_hascds": "No"}"#),
            r#"{"name":"a","properties":{"link":null}}"#
        );
    }

    /// A row with one text in all its columns.
    fn row<'a>(names: &'a [String], cell: &'a str, asked: impl Fn(&str) -> bool) -> Value<'a> {
        let names = names.iter().map(String::as_str).filter(|name| asked(name));
        object(names.map(|name| member(name, Value::from(cell))).collect())
    }

    #[test]
    fn columns_that_are_not_asked_for_change_nothing() {
        let shapes = [coe::SHAPES, lake::SHAPES, automation_kit::SHAPES, known_sheets::SCRIPTS];
        let shapes = || shapes.into_iter().flatten();
        let id = "00000000-0000-0000-0000-000000000201";
        let path = format!("/providers/x/environments/{id}/apps/a");
        let mut names: Vec<String> = shapes().flat_map(Shape::columns).collect();
        names.extend(place::COLUMNS.iter().map(|name| (*name).to_owned()));
        names.extend(["admin_other", "properties", "links", "scope"].map(str::to_owned));
        names.sort();
        names.dedup();
        let lookups = Lookups::default();
        for cell in ["Yes", "0", "597910001", "Canvas", "2026-01-02T00:00:00Z", id, path.as_str()] {
            let all = row(&names, cell, |_| true);
            for shape in shapes() {
                let columns = shape.columns();
                let asked = |name: &str| {
                    let mut other =
                        columns.iter().map(String::as_str).chain(place::COLUMNS.iter().copied());
                    other.any(|other| other.eq_ignore_ascii_case(name))
                };
                let few = row(&names, cell, asked);
                let (all, few) = (Json::new(&all), Json::new(&few));
                assert_eq!(shape.record(all, &lookups), shape.record(few, &lookups), "{shape:?}");
                assert_eq!(shape.is_gone(all), shape.is_gone(few), "{shape:?}");
                assert_eq!(place::environment(all), place::environment(few));
                assert_eq!(place::parent(shape.source, all), place::parent(shape.source, few));
            }
        }
    }

    #[test]
    fn rows_that_are_gone_are_no_records() {
        let class = |text: &str| {
            let row: Value<'_> = serde_json::from_str(text).unwrap();
            SHAPE.class(Some(Json::new(&row)))
        };
        assert!(class(r#"{"x_id": "a", "x_deleted": "Yes"}"#).unused.is_some());
        assert!(class(r#"{"x_id": "a", "x_deleted": "2026-01-02T00:00:00Z"}"#).unused.is_some());
        assert!(class(r#"{"x_id": "a", "x_deleted": false}"#).unused.is_none());
        assert!(class(r#"{"x_id": "a", "x_deleted": ""}"#).unused.is_none());
    }
}
