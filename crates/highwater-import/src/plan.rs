//! Plan: where the cells of a sheet go in the records of a shape, found once for all its rows.
//!
//! Guarantees the record that [`Shape::record`] makes of the same row, laid into an arena under names that were
//! judged once. There is a plan only where the columns of a sheet do not say where a row was read: such rows are
//! looked at one by one.

use std::borrow::Cow;

use bumpalo::Bump;
use highwater_snapshot::{Json, Known, List, Member as Laid, Name, Names, Object, Text, Value};

use crate::lookups::Lookups;
use crate::place;
use crate::shapes::{Field, Shape, Take, Taken, field, is_set, is_told, label};

/// The way from the cells of a row to its record.
#[derive(Debug)]
pub(crate) struct Plan<'n> {
    members: Vec<Member<'n>>,
    /// Columns that mark rows which are gone.
    gone: Vec<Columns>,
}

/// One member of an object: the first value that is told, else an object of members.
#[derive(Debug)]
struct Member<'n> {
    name: &'n Known<'n>,
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

/// Where the records of rows are laid, and what rows point to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) arena: &'a Bump,
    pub(crate) lookups: &'a Lookups,
}

/// One row on its way into the arena.
struct Row<'a, C> {
    /// What the cell of a column tells; none where it is empty.
    cell: C,
    ground: Ground<'a>,
}

impl<'n> Plan<'n> {
    /// The plan for a sheet with these columns; none where they say where a row was read. Names that are not
    /// remembered lie in the arena.
    pub(crate) fn of<'v: 'n>(
        shape: &Shape,
        columns: &[&str],
        names: &mut Names<'v>,
        arena: &'n Bump,
    ) -> Option<Self> {
        let placed =
            |name: &&str| place::COLUMNS.iter().any(|other| other.eq_ignore_ascii_case(name));
        if columns.iter().any(placed) {
            return None;
        }
        let told = |field: Field| Some(Told::of(field, columns)).filter(Told::may_tell);
        let mut name = |text: &str| names.meet(text, arena);
        let mut members = Vec::new();
        for (field, value) in shape.fields.iter().filter_map(|it| Some((it, told(*it)?))) {
            grow(&mut members, field.to, value, &mut name);
        }
        let mut kept = Vec::new();
        for column in shape.keep {
            let value = told(field(column, column));
            kept.extend(value.map(|value| Member::of(name(column), value)));
        }
        members.push(Member { name: name("row"), values: Vec::new(), members: kept });
        let gone = shape.gone.iter().map(|column| Columns::of(column, columns)).collect();
        Some(Self { members, gone })
    }

    /// The records of rows, given what a cell of a row tells (none where it is empty), and how many rows are gone.
    pub(crate) fn records<'a, R: Copy>(
        &self,
        rows: impl Iterator<Item = R>,
        cell: impl Fn(R, usize) -> Option<Text<'a>>,
        ground: Ground<'a>,
    ) -> (Vec<Value<'a>>, u64)
    where
        'n: 'a,
    {
        let (mut records, mut gone) = (Vec::new(), 0);
        for row in rows {
            let row = Row { cell: |at| cell(row, at), ground };
            match self.record(&row) {
                Some(record) => records.push(record),
                None => gone += 1,
            }
        }
        (records, gone)
    }

    /// The record of a row; none where the row is gone.
    fn record<'a>(&self, row: &Row<'a, impl Fn(usize) -> Option<Text<'a>>>) -> Option<Value<'a>>
    where
        'n: 'a,
    {
        let gone = self.gone.iter().any(|columns| is_set(row.first(columns)));
        (!gone).then(|| Value::Object(row.object(&self.members)))
    }
}

impl<'a, C: Fn(usize) -> Option<Text<'a>>> Row<'a, C> {
    /// The object of the members that the row tells.
    fn object<'n: 'a>(&self, members: &[Member<'n>]) -> Object<'a> {
        let mut laid =
            bumpalo::collections::Vec::with_capacity_in(members.len(), self.ground.arena);
        for Member { name, values, members } in members {
            let name = Name::from(*name);
            if let Some(value) = values.iter().find_map(|value| self.value(value)) {
                laid.push(Laid { name, value });
            } else if !members.is_empty() {
                let object = self.object(members);
                if !object.is_empty() {
                    laid.push(Laid { name, value: Value::Object(object) });
                }
            }
        }
        Object(List::Read(laid.into_bump_slice()))
    }

    /// What one field takes of the row.
    #[inline]
    fn value(&self, told: &Told) -> Option<Value<'a>> {
        if matches!(told.field.take, Take::As) {
            let value = Value::Str(self.text(&told.cells)?);
            return is_told(Json::new(&value)).then_some(value);
        }
        let label = || self.first(&told.labels);
        Some(match told.field.taken(self.first(&told.cells), label, self.ground.lookups)? {
            Taken::Value(value) => value,
            Taken::Text(Cow::Borrowed(text)) => Value::from(text),
            Taken::Text(Cow::Owned(text)) => Value::from(self.laid(&text)),
        })
    }

    /// The first of some columns that is not empty.
    #[inline]
    fn first(&self, columns: &Columns) -> Json<'a> {
        let lay = |text| &*self.ground.arena.alloc(Value::Str(text));
        self.text(columns).map(lay).map_or(Json::NULL, Json::new)
    }

    #[inline]
    fn text(&self, columns: &Columns) -> Option<Text<'a>> {
        let text = columns.0.iter().find_map(|at| (self.cell)(*at))?;
        Some(match text {
            Text::Made(text) => Text::read(self.laid(&text), false),
            text => text,
        })
    }

    /// A text that lasts as long as the arena, which leaves nothing behind.
    #[inline(never)]
    fn laid(&self, text: &str) -> &'a str {
        self.ground.arena.alloc_str(text)
    }
}

/// Puts a value at a dotted path, behind those that stand there already.
fn grow<'n>(
    members: &mut Vec<Member<'n>>,
    path: &'static str,
    value: Told,
    name: &mut impl FnMut(&str) -> &'n Known<'n>,
) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let at = members.iter().position(|member| member.name.text() == key).unwrap_or_else(|| {
        members.push(Member { name: name(key), values: Vec::new(), members: Vec::new() });
        members.len() - 1
    });
    match rest {
        Some(rest) => grow(&mut members[at].members, rest, value, name),
        None => members[at].values.push(value),
    }
}

impl<'n> Member<'n> {
    /// A member of one value.
    fn of(name: &'n Known<'n>, value: Told) -> Self {
        Self { name, values: vec![value], members: Vec::new() }
    }
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
    const fn may_tell(&self) -> bool {
        !self.cells.0.is_empty() || matches!(self.field.take, Take::Always(_))
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::values::{member, object};
    use crate::{automation_kit, coe, known_sheets, lake};

    const ID: &str = "00000000-0000-0000-0000-000000000201";
    const CELLS: [&str; 10] = [
        "",
        "",
        "Yes",
        "0",
        "597910001",
        "Canvas",
        "2026-01-02T00:00:00Z",
        ID,
        "{00000000-0000-0000-0000-0000000002AB}",
        "@{a=1}",
    ];

    fn shapes() -> impl Iterator<Item = &'static Shape> {
        [coe::SHAPES, lake::SHAPES, automation_kit::SHAPES, known_sheets::SCRIPTS]
            .into_iter()
            .flatten()
    }

    #[test]
    fn columns_that_say_where_a_row_was_read_have_no_plan() {
        let arena = Bump::new();
        let mut names = Names::new(&arena);
        for shape in shapes() {
            let mut planned =
                |columns: &[&str]| Plan::of(shape, columns, &mut names, &arena).is_some();
            assert!(!planned(&["admin_flowid", "ENVIRONMENTID"]));
            assert!(planned(&["admin_flowid"]));
        }
    }

    proptest! {
        #[test]
        fn a_planned_record_is_the_shapes_own(choice in proptest::collection::vec((0..CELLS.len(), any::<bool>()), 200)) {
            let (lookups, arena) = (Lookups::default(), Bump::new());
            let mut known = Names::new(&arena);
            for shape in shapes() {
                let mut names = shape.columns();
                names.retain(|name| !place::COLUMNS.iter().any(|other| other.eq_ignore_ascii_case(name)));
                names.sort();
                names.dedup();
                let names: Vec<String> = names.into_iter().zip(choice.iter().cycle())
                    .flat_map(|(name, (_, twice))| if *twice { vec![name.to_uppercase(), name] } else { vec![name] })
                    .collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let cells: Vec<Option<&str>> = names.iter().zip(choice.iter().rev().cycle())
                    .map(|(_, (at, _))| Some(CELLS[*at]).filter(|cell| !cell.is_empty()))
                    .collect();
                let members = names.iter().zip(&cells).filter_map(|(name, cell)| Some(member(name, Value::from((*cell)?))));
                let row = object(members.collect());
                let plan = Plan::of(shape, &names, &mut known, &arena).unwrap();
                let ground = Ground { arena: &arena, lookups: &lookups };
                let told = |(), at: usize| cells[at].map(|cell| Text::read(cell, false));
                let (planned, left) = plan.records(std::iter::once(()), told, ground);
                let gone = shape.class(Some(Json::new(&row))).unused.is_some();
                prop_assert_eq!((planned.len(), left), if gone { (0, 1) } else { (1, 0) });
                let own = (!gone).then(|| shape.record(Json::new(&row), &lookups));
                prop_assert_eq!(
                    serde_json::to_string(&planned.first()).unwrap(),
                    serde_json::to_string(&own).unwrap(),
                    "{}", shape.source
                );
            }
        }
    }
}
