//! Plan: where the cells of a sheet go in the records of a shape, found once for all its rows.
//!
//! Guarantees the record that [`Shape::record`] makes of the same row. There is a plan only where the columns
//! of a sheet do not say where a row was read: such rows are looked at one by one.

use highwater_snapshot::{Json, Value};

use crate::lookups::Lookups;
use crate::place;
use crate::shapes::{Field, Shape, Take, field, is_set, label};
use crate::values::{self, object};

/// The way from the cells of a row to its record.
#[derive(Debug)]
pub(crate) struct Plan {
    members: Vec<Member>,
    /// Columns that mark rows which are gone.
    gone: Vec<Columns>,
    /// Cells of a row.
    width: usize,
}

/// One member of an object: the first value that is told, else an object of members.
#[derive(Debug)]
struct Member {
    key: &'static str,
    values: Vec<Told>,
    members: Vec<Self>,
}

/// One field of a shape, with the columns that tell it.
#[derive(Debug)]
struct Told {
    field: Field,
    cells: Columns,
    labels: Columns,
}

/// Columns of one name: the first that is not empty counts.
#[derive(Debug)]
struct Columns(Vec<usize>);

impl Plan {
    /// The plan for a sheet with these columns; none where they say where a row was read.
    pub(crate) fn of(shape: &Shape, names: &[&str]) -> Option<Self> {
        let placed =
            |name: &&str| place::COLUMNS.iter().any(|other| other.eq_ignore_ascii_case(name));
        if names.is_empty() || names.iter().any(placed) {
            return None;
        }
        let told = |field: Field| Some(Told::of(field, names)).filter(Told::may_tell);
        let mut members = Vec::new();
        for (field, value) in shape.fields.iter().filter_map(|it| Some((it, told(*it)?))) {
            grow(&mut members, field.to, value);
        }
        let mut kept = Vec::new();
        for column in shape.keep {
            told(field(column, column))
                .into_iter()
                .for_each(|value| grow(&mut kept, column, value));
        }
        members.push(Member { key: "row", values: Vec::new(), members: kept });
        let gone = shape.gone.iter().map(|column| Columns::of(column, names)).collect();
        Some(Self { members, gone, width: names.len() })
    }

    /// The records of rows, given their cells with null for those that are empty, and how many rows are gone.
    pub(crate) fn records<'a>(
        &self,
        cells: &'a [Value<'a>],
        lookups: &'a Lookups,
    ) -> (Vec<Value<'a>>, u64) {
        let rows = cells.chunks_exact(self.width);
        let all = rows.len();
        let records: Vec<_> = rows.filter_map(|cells| self.record(cells, lookups)).collect();
        let gone = (all - records.len()) as u64;
        (records, gone)
    }

    /// The record of a row; none where the row is gone.
    fn record<'a>(&self, cells: &'a [Value<'a>], lookups: &'a Lookups) -> Option<Value<'a>> {
        let gone = self.gone.iter().any(|column| is_set(column.first(cells)));
        (!gone).then(|| object(told(&self.members, cells, lookups)))
    }
}

/// Puts a value at a dotted path, behind those that stand there already.
fn grow(members: &mut Vec<Member>, path: &'static str, value: Told) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let at = members.iter().position(|member| member.key == key).unwrap_or_else(|| {
        members.push(Member { key, values: Vec::new(), members: Vec::new() });
        members.len() - 1
    });
    match rest {
        Some(rest) => grow(&mut members[at].members, rest, value),
        None => members[at].values.push(value),
    }
}

/// The members that a row tells.
fn told<'a>(
    members: &[Member],
    cells: &'a [Value<'a>],
    lookups: &'a Lookups,
) -> Vec<highwater_snapshot::Member<'a>> {
    let mut found = Vec::with_capacity(members.len());
    for member in members {
        let value = member.values.iter().find_map(|value| value.of_row(cells, lookups));
        let value = value.or_else(|| {
            let inner = told(&member.members, cells, lookups);
            (!inner.is_empty()).then(|| object(inner))
        });
        found.extend(value.map(|value| values::member(member.key, value)));
    }
    found
}

impl Told {
    fn of(field: Field, names: &[&str]) -> Self {
        let labels = match field.take {
            Take::Choice(_) => Columns::named(&label(field.from), names),
            _ => Vec::new(),
        };
        Self { field, cells: Columns::of(field.from, names), labels: Columns(labels) }
    }

    /// Whether any row can tell it.
    fn may_tell(&self) -> bool {
        !self.cells.0.is_empty() || matches!(self.field.take, Take::Always(_))
    }

    fn of_row<'a>(&self, cells: &'a [Value<'a>], lookups: &'a Lookups) -> Option<Value<'a>> {
        self.field.taken(self.cells.first(cells), || self.labels.first(cells), lookups)
    }
}

impl Columns {
    /// The columns of a logical name; `x>` is a lookup, which the web API calls `_x_value`.
    fn of(name: &str, names: &[&str]) -> Self {
        Self(match name.strip_suffix('>') {
            Some(lookup) => {
                let api = Self::named(&format!("_{lookup}_value"), names);
                [api, Self::named(lookup, names)].concat()
            }
            None => Self::named(name, names),
        })
    }

    /// The column of exactly that name, then those that differ in case.
    fn named(name: &str, names: &[&str]) -> Vec<usize> {
        let alike = |at: &usize| names[*at] != name && names[*at].eq_ignore_ascii_case(name);
        let exact = names.iter().position(|other| *other == name);
        exact.into_iter().chain((0..names.len()).filter(alike)).collect()
    }

    fn first<'a>(&self, cells: &'a [Value<'a>]) -> Json<'a> {
        let mut cells = self.0.iter().filter_map(|at| cells.get(*at));
        cells.find(|cell| !matches!(cell, Value::Null)).map_or(Json::NULL, Json::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{automation_kit, coe, known_sheets, lake};

    const ID: &str = "00000000-0000-0000-0000-000000000201";
    const CELLS: [&str; 9] =
        ["", "", "Yes", "0", "597910001", "Canvas", "2026-01-02T00:00:00Z", ID, "@{a=1}"];

    fn shapes() -> impl Iterator<Item = &'static Shape> {
        [coe::SHAPES, lake::SHAPES, automation_kit::SHAPES, known_sheets::SCRIPTS]
            .into_iter()
            .flatten()
    }

    #[test]
    fn columns_that_say_where_a_row_was_read_have_no_plan() {
        for shape in shapes() {
            assert!(Plan::of(shape, &["admin_flowid", "ENVIRONMENTID"]).is_none());
            assert!(Plan::of(shape, &["admin_flowid"]).is_some());
        }
    }

    proptest! {
        #[test]
        fn a_planned_record_is_the_shapes_own(choice in proptest::collection::vec((0..CELLS.len(), any::<bool>()), 200)) {
            let lookups = Lookups::default();
            for shape in shapes() {
                let mut names = shape.columns();
                names.retain(|name| !place::COLUMNS.iter().any(|other| other.eq_ignore_ascii_case(name)));
                names.sort();
                names.dedup();
                let names: Vec<String> = names.into_iter().zip(choice.iter().cycle())
                    .flat_map(|(name, (_, twice))| if *twice { vec![name.to_uppercase(), name] } else { vec![name] })
                    .collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let cells: Vec<Value<'_>> = names.iter().zip(choice.iter().rev().cycle())
                    .map(|(_, (at, _))| if CELLS[*at].is_empty() { Value::Null } else { Value::from(CELLS[*at].to_owned()) })
                    .collect();
                let members = names.iter().zip(&cells).filter(|(_, cell)| !matches!(cell, Value::Null));
                let row = object(members.map(|(name, cell)| values::member(name, cell.clone())).collect());
                let planned = Plan::of(shape, &names).unwrap().record(&cells, &lookups);
                let gone = shape.class(Some(Json::new(&row))).unused.is_some();
                let own = (!gone).then(|| shape.record(Json::new(&row), &lookups));
                prop_assert_eq!(
                    serde_json::to_string(&planned).unwrap(),
                    serde_json::to_string(&own).unwrap(),
                    "{}", shape.source
                );
            }
        }
    }
}
