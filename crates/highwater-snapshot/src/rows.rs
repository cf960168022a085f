//! Rows: the typed rows of one table while records stream by.
//!
//! Guarantees that a row which lacks a required column is rejected and counted, that personal cells
//! are pseudonymised before they are stored, and that a cell never changes its type on the way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::*;

use crate::boundary::{DROPPED, Pseudonyms, looks_secret};
use crate::cells::{self, Cells, Texts};
use crate::names::same;
use crate::table::{Made, Privacy};
use crate::{Origin, Table, Time};

/// Rows of one table, in the order in which they were read.
pub struct Rows {
    table: &'static Table,
    cells: Vec<Cells>,
    /// Places of the columns without which there is no row.
    required: Vec<usize>,
    /// Who told rows: most are told by the one who told the row before.
    origins: Vec<Told>,
    /// The place in `origins` and the record of each row.
    told: Vec<(u32, i64)>,
    people: Arc<Pseudonyms>,
    origin: Origin,
    /// Whether the rows that come next are told by Dataverse.
    from_dataverse: bool,
    rank: u32,
    rejected: BTreeMap<&'static str, u64>,
    /// Rows whose texts are in memory, rejected ones included.
    held: usize,
}

/// Who told some rows.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    source: String,
    observed_at: Time,
    rank: u32,
}

/// One cell on its way into a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'v> {
    /// Not told.
    Null,
    /// Text; pseudonymised where the column is personal.
    Text(Cow<'v, str>),
    /// Text that names no person although the column may: a group, an application, a word.
    Plain(Cow<'v, str>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite real number.
    Float(f64),
    /// A moment.
    Time(Time),
    /// A list of text.
    List(Vec<String>),
}

/// A named cell, the unit in which readings write rows.
pub type Named<'v> = (&'static str, Cell<'v>);

/// A named cell from whatever a record tells.
pub fn cell<'v>(name: &'static str, value: impl Into<Cell<'v>>) -> Named<'v> {
    (name, value.into())
}

/// A named text cell that is not pseudonymised even in a personal column.
pub fn plain<'v>(name: &'static str, value: Option<Cow<'v, str>>) -> Named<'v> {
    (name, value.map_or(Cell::Null, Cell::Plain))
}

impl Rows {
    /// No rows yet.
    pub(crate) fn new(table: &'static Table, people: Arc<Pseudonyms>) -> Self {
        let required = |at: &usize| {
            let column = &table.columns[*at];
            column.required && column.made != Made::Derived
        };
        Self {
            table,
            cells: no_cells(table),
            required: (0..table.columns.len()).filter(required).collect(),
            origins: Vec::new(),
            told: Vec::new(),
            people,
            origin: Origin { source: String::new(), record_no: 0, observed_at: Time(0) },
            from_dataverse: false,
            rank: 0,
            rejected: BTreeMap::new(),
            held: 0,
        }
    }

    /// Says whose rows come next. `rank` is the trust order: 0 wins over 1.
    pub(crate) fn begin(&mut self, origin: &Origin, rank: u32) {
        if self.origin.source != origin.source {
            self.origin.source.clone_from(&origin.source);
            self.from_dataverse = origin.source.starts_with("dv.");
        }
        (self.origin.record_no, self.origin.observed_at) = (origin.record_no, origin.observed_at);
        self.rank = rank;
    }

    /// Adds a row; columns that are not named are not told. A row without a required column is
    /// rejected and counted.
    pub fn push<'v>(&mut self, cells: impl IntoIterator<Item = Named<'v>>) {
        let mut next = 0;
        for (name, cell) in cells {
            let Some(at) = self.position(name, next) else {
                debug_assert!(false, "table {} has no column {name}", self.table.name);
                continue;
            };
            next = at + 1;
            // Nothing is told, and nothing was told before.
            if matches!(cell, Cell::Null) && self.cells[at].len() <= self.len() {
                continue;
            }
            self.store(at, cell);
        }
        self.held += 1;
        let row = self.len();
        if let Some(at) = self.required.iter().find(|at| self.cells[**at].len() <= row) {
            *self.rejected.entry(self.table.columns[*at].name).or_default() += 1;
            self.cells.iter_mut().for_each(|cells| cells.untell(row));
            return;
        }
        let origin = self.origin_of_row();
        self.told.push((origin, self.origin.record_no));
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.told.len()
    }

    /// Rows that take memory: a text of a row that was rejected is not given back before all are taken.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// Whether there are no rows so far.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// How many rows were rejected.
    pub(crate) fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Rejected rows by the required column that was missing.
    pub(crate) fn rejected_by_name(&self) -> BTreeMap<String, u64> {
        self.rejected.iter().map(|(column, rows)| ((*column).to_owned(), *rows)).collect()
    }

    /// The table whose rows these are.
    pub(crate) const fn table(&self) -> &'static Table {
        self.table
    }

    /// Takes the rows as a frame with the table's columns, the row columns and the rank.
    pub(crate) fn take_frame(&mut self) -> PolarsResult<DataFrame> {
        let (told, origins) = (std::mem::take(&mut self.told), std::mem::take(&mut self.origins));
        let cells = std::mem::replace(&mut self.cells, no_cells(self.table));
        let rows = told.len();
        self.held = 0;
        let mut columns: Vec<Column> = Vec::with_capacity(cells.len() + 4);
        for (column, cells) in self.table.columns.iter().zip(cells) {
            columns.push(cells.finish(column.name, rows)?);
        }
        let by = || told.iter().filter_map(|(at, _)| origins.get(usize::try_from(*at).ok()?));
        let mut sources = Texts::new();
        by().enumerate().for_each(|(row, told)| sources.tell(row, &told.source));
        columns.push(Cells::Text(sources).finish("source_id", rows)?);
        let records: Vec<i64> = told.iter().map(|(_, record)| *record).collect();
        columns.push(Column::new("record_no".into(), records));
        columns.push(cells::moments("observed_at", by().map(|told| told.observed_at))?);
        let ranks: Vec<u32> = by().map(|told| told.rank).collect();
        columns.push(Column::new(RANK.into(), ranks));
        DataFrame::new(rows, columns)
    }

    /// The place of the origin of the row that comes next.
    fn origin_of_row(&mut self) -> u32 {
        let is_last = self.origins.last().is_some_and(|last| {
            last.rank == self.rank
                && last.observed_at == self.origin.observed_at
                && last.source == self.origin.source
        });
        if !is_last {
            let Origin { source, observed_at, .. } = self.origin.clone();
            self.origins.push(Told { source, observed_at, rank: self.rank });
        }
        u32::try_from(self.origins.len() - 1).unwrap_or(u32::MAX)
    }

    /// The place of a column: mostly a little behind the one before, and its name the very text of the reading's.
    #[inline]
    fn position(&self, name: &str, hint: usize) -> Option<usize> {
        let behind = self.table.columns.get(hint..)?;
        let near = behind.iter().position(|column| std::ptr::eq(column.name, name));
        near.map(|at| hint + at).or_else(|| self.named(name))
    }

    #[inline(never)]
    fn named(&self, name: &str) -> Option<usize> {
        self.table.columns.iter().position(|column| same(column.name.as_bytes(), name.as_bytes()))
    }

    /// Tells a cell of the row that comes next.
    fn store(&mut self, at: usize, cell: Cell<'_>) {
        let row = self.told.len();
        let cells = &mut self.cells[at];
        cells.untell(row);
        match (cells, cell) {
            (Cells::Text(texts), Cell::Text(text)) => {
                let column = &self.table.columns[at];
                let personal = column.privacy == Privacy::Personal;
                let hide = personal && !(self.from_dataverse && column.made == Made::DataverseUser);
                let people = hide.then_some(self.people.as_ref());
                tell(texts, row, text, people);
            }
            (Cells::Text(texts), Cell::Plain(text)) => tell(texts, row, text, None),
            (Cells::Bool(flags), Cell::Bool(flag)) => cells::tell(flags, row, flag),
            (Cells::Int(numbers), Cell::Int(number)) => numbers.tell(row, number),
            (Cells::Time(numbers), Cell::Time(time)) => numbers.tell(row, time.0),
            (Cells::Float(numbers), Cell::Float(number)) if number.is_finite() => {
                cells::tell(numbers, row, number);
            }
            (Cells::List(lists), Cell::List(list)) => lists.tell(row, &list),
            (_, cell) => debug_assert!(
                matches!(cell, Cell::Null | Cell::Float(_)),
                "{}.{} cannot hold {cell:?}",
                self.table.name,
                self.table.columns[at].name
            ),
        }
    }
}

fn no_cells(table: &Table) -> Vec<Cells> {
    table.columns.iter().map(|column| Cells::new(column.kind)).collect()
}

/// Tells a text unless it looks like a secret, and as a pseudonym where it names one of `people`.
fn tell(texts: &mut Texts, row: usize, text: Cow<'_, str>, people: Option<&Pseudonyms>) {
    let Some(people) = people else {
        // What stands there already was looked at.
        if !texts.tell_again(row, &text) {
            texts.tell(row, if looks_secret(&text) { DROPPED } else { &text });
        }
        return;
    };
    // There are far fewer people than things that are theirs.
    if !texts.tell_met(row, &text) {
        let met = text.clone();
        let hidden = if looks_secret(&text) { DROPPED.into() } else { people.hide(text) };
        texts.tell(row, &hidden);
        texts.remember(&met);
    }
}

/// Name of the column that holds the trust order until rows are merged.
pub(crate) const RANK: &str = "__rank";

impl<'v> From<Option<Cow<'v, str>>> for Cell<'v> {
    fn from(value: Option<Cow<'v, str>>) -> Self {
        value.map_or(Cell::Null, Cell::Text)
    }
}

impl<'v> From<Cow<'v, str>> for Cell<'v> {
    fn from(value: Cow<'v, str>) -> Self {
        Cell::Text(value)
    }
}

impl<'v> From<&'v str> for Cell<'v> {
    fn from(value: &'v str) -> Self {
        Cell::Text(Cow::Borrowed(value))
    }
}

impl<'v> From<Option<&'v str>> for Cell<'v> {
    fn from(value: Option<&'v str>) -> Self {
        value.map_or(Cell::Null, |text| Cell::Text(Cow::Borrowed(text)))
    }
}

impl From<String> for Cell<'_> {
    fn from(value: String) -> Self {
        Cell::Text(Cow::Owned(value))
    }
}

impl From<Option<String>> for Cell<'_> {
    fn from(value: Option<String>) -> Self {
        value.map_or(Cell::Null, |text| Cell::Text(Cow::Owned(text)))
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Cell::Bool(value)
    }
}

impl From<Option<bool>> for Cell<'_> {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Cell::Null, Cell::Bool)
    }
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Cell::Int(value)
    }
}

impl From<Option<i64>> for Cell<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Cell::Null, Cell::Int)
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Cell::Float(value)
    }
}

impl From<Option<f64>> for Cell<'_> {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Cell::Null, Cell::Float)
    }
}

impl From<Time> for Cell<'_> {
    fn from(value: Time) -> Self {
        Cell::Time(value)
    }
}

impl From<Option<Time>> for Cell<'_> {
    fn from(value: Option<Time>) -> Self {
        value.map_or(Cell::Null, Cell::Time)
    }
}

impl From<Option<Vec<String>>> for Cell<'_> {
    fn from(value: Option<Vec<String>>) -> Self {
        value.map_or(Cell::Null, Cell::List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The owners of flows that were told by sources in turn.
    fn owners(told: &[(&str, &str)]) -> Vec<Option<String>> {
        let table = crate::table("cloud_flows").unwrap();
        let mut rows = Rows::new(table, Arc::new(Pseudonyms::keyed(*b"key")));
        for (number, (source, owner)) in (1..).zip(told) {
            rows.begin(
                &Origin { source: (*source).into(), record_no: number, observed_at: Time(0) },
                0,
            );
            rows.push([
                cell("environment_id", "e1"),
                cell("flow_id", number.to_string()),
                cell("owner_id", *owner),
                cell("created_at", Time(0)),
                cell("modified_at", Time(0)),
            ]);
        }
        let frame = rows.take_frame().unwrap();
        let owners = frame.column("owner_id").unwrap().str().unwrap();
        owners.iter().map(|owner| owner.map(ToOwned::to_owned)).collect()
    }

    #[test]
    fn a_person_is_hidden_beside_a_row_of_dataverse_with_the_same_id() {
        let found =
            owners(&[("dv.workflows", "u1"), ("flow.admin_flows", "u1"), ("coe.flows", "u1")]);
        let hidden = Pseudonyms::keyed(*b"key").hide("u1".into()).into_owned();
        assert_eq!(found, [Some("u1".into()), Some(hidden.clone()), Some(hidden)]);
    }

    #[test]
    fn a_row_without_a_required_cell_leaves_nothing_behind() {
        let table = crate::table("cloud_flows").unwrap();
        let mut rows = Rows::new(table, Arc::new(Pseudonyms::plain()));
        let times = || [cell("created_at", Time(1)), cell("modified_at", Time(2))];
        let keys = |id: &'static str| [cell("environment_id", "e1"), cell("flow_id", id)];
        rows.push(keys("gone").into_iter().chain([cell("state", "started")]));
        rows.push(keys("f1").into_iter().chain(times()));
        // Cells in another order, and one that is told twice: the last counts.
        rows.push(times().into_iter().chain(keys("f3")).chain([cell("flow_id", "f2")]));
        rows.push(keys("f3").into_iter().chain(times()).chain([cell("flow_id", Cell::Null)]));
        assert_eq!((rows.len(), rows.rejected_total(), rows.held()), (2, 2, 4));
        let frame = rows.take_frame().unwrap();
        assert_eq!((rows.len(), rows.rejected_total(), rows.held()), (0, 2, 0));
        let text = |name: &str| -> Vec<Option<String>> {
            let column = frame.column(name).unwrap().str().unwrap();
            column.iter().map(|text| text.map(ToOwned::to_owned)).collect()
        };
        assert_eq!(text("flow_id"), [Some("f1".into()), Some("f2".into())]);
        assert_eq!(text("state"), [None, None]);
    }
}
