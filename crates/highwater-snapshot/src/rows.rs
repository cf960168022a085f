//! Rows: the typed rows of one table while records stream by.
//!
//! Guarantees that a row which lacks a required column is rejected and counted, that personal cells
//! are pseudonymised before they are stored, and that a cell never changes its type on the way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::*;

use crate::boundary::{DROPPED, Pseudonyms, looks_secret};
use crate::table::{Made, Privacy, Type};
use crate::{Origin, Table, Time};

/// Rows of one table, in the order in which they were read.
pub struct Rows {
    table: &'static Table,
    builders: Vec<Builder>,
    source_ids: StringChunkedBuilder,
    record_nos: PrimitiveChunkedBuilder<Int64Type>,
    observed: PrimitiveChunkedBuilder<Int64Type>,
    ranks: PrimitiveChunkedBuilder<UInt32Type>,
    people: Arc<Pseudonyms>,
    origin: Origin,
    /// Whether the rows that come next are told by Dataverse.
    from_dataverse: bool,
    rank: u32,
    len: usize,
    rejected: BTreeMap<&'static str, u64>,
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
        Self {
            table,
            builders: table
                .columns
                .iter()
                .map(|column| Builder::new(column.name, column.kind))
                .collect(),
            source_ids: StringChunkedBuilder::new("source_id".into(), 0),
            record_nos: PrimitiveChunkedBuilder::new("record_no".into(), 0),
            observed: PrimitiveChunkedBuilder::new("observed_at".into(), 0),
            ranks: PrimitiveChunkedBuilder::new(RANK.into(), 0),
            people,
            origin: Origin { source: String::new(), record_no: 0, observed_at: Time(0) },
            from_dataverse: false,
            rank: 0,
            len: 0,
            rejected: BTreeMap::new(),
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
        let mut row: Vec<Cell<'v>> = Vec::with_capacity(self.table.columns.len());
        let mut next = 0;
        for (name, cell) in cells {
            let Some(at) = self.position(name, next) else {
                debug_assert!(false, "table {} has no column {name}", self.table.name);
                continue;
            };
            next = at + 1;
            if let Some(known) = row.get_mut(at) {
                *known = cell;
            } else {
                row.resize_with(at, || Cell::Null);
                row.push(cell);
            }
        }
        row.resize_with(self.table.columns.len(), || Cell::Null);
        let missing = |at: &usize| {
            let column = &self.table.columns[*at];
            column.required && column.made != Made::Derived && row[*at] == Cell::Null
        };
        if let Some(at) = (0..self.table.columns.len()).find(missing) {
            *self.rejected.entry(self.table.columns[at].name).or_default() += 1;
            return;
        }
        for (at, cell) in row.into_iter().enumerate() {
            self.store(at, cell);
        }
        self.source_ids.append_value(&self.origin.source);
        self.record_nos.append_value(self.origin.record_no);
        self.observed.append_value(self.origin.observed_at.0);
        self.ranks.append_value(self.rank);
        self.len += 1;
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many rows were rejected.
    pub(crate) fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Rejected rows by the required column that was missing.
    pub(crate) fn rejected_by_name(&self) -> BTreeMap<String, u64> {
        self.rejected.iter().map(|(column, rows)| ((*column).to_owned(), *rows)).collect()
    }

    /// The rows as a frame with the table's columns, the row columns and the rank.
    pub(crate) fn into_frame(self) -> PolarsResult<DataFrame> {
        let mut columns: Vec<Column> = Vec::with_capacity(self.builders.len() + 4);
        for builder in self.builders {
            columns.push(builder.finish()?.into());
        }
        columns.push(self.source_ids.finish().into_series().into());
        columns.push(self.record_nos.finish().into_series().into());
        columns.push(moments(self.observed)?.into());
        columns.push(self.ranks.finish().into_series().into());
        DataFrame::new(self.len, columns)
    }

    fn position(&self, name: &str, hint: usize) -> Option<usize> {
        let columns = self.table.columns;
        if columns.get(hint).is_some_and(|column| column.name == name) {
            return Some(hint);
        }
        columns.iter().position(|column| column.name == name)
    }

    fn store(&mut self, at: usize, cell: Cell<'_>) {
        let (column, builder) = (&self.table.columns[at], &mut self.builders[at]);
        match cell {
            Cell::Null => builder.push_null(),
            Cell::Text(text) | Cell::Plain(text) if looks_secret(&text) => {
                builder.push(DROPPED.into(), self.table.name, column.name);
            }
            Cell::Text(text) if column.privacy == Privacy::Personal => {
                let hide = !(self.from_dataverse && column.made == Made::DataverseUser);
                let text = if hide { self.people.hide(text) } else { text };
                builder.push(Cell::Text(text), self.table.name, column.name);
            }
            cell => builder.push(cell, self.table.name, column.name),
        }
    }
}

/// Name of the column that holds the trust order until rows are merged.
pub(crate) const RANK: &str = "__rank";

enum Builder {
    Text(StringChunkedBuilder),
    Bool(BooleanChunkedBuilder),
    Int(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Time(PrimitiveChunkedBuilder<Int64Type>),
    List(ListStringChunkedBuilder),
}

impl Builder {
    fn new(name: &'static str, kind: Type) -> Self {
        match kind {
            Type::Text => Self::Text(StringChunkedBuilder::new(name.into(), 0)),
            Type::Bool => Self::Bool(BooleanChunkedBuilder::new(name.into(), 0)),
            Type::Int => Self::Int(PrimitiveChunkedBuilder::new(name.into(), 0)),
            Type::Float => Self::Float(PrimitiveChunkedBuilder::new(name.into(), 0)),
            Type::Time => Self::Time(PrimitiveChunkedBuilder::new(name.into(), 0)),
            Type::List => Self::List(ListStringChunkedBuilder::new(name.into(), 0, 0)),
        }
    }

    fn push(&mut self, cell: Cell<'_>, table: &str, column: &str) {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text) | Cell::Plain(text)) => {
                builder.append_value(text.as_ref());
            }
            (Self::Bool(builder), Cell::Bool(flag)) => builder.append_value(flag),
            (Self::Int(builder), Cell::Int(number)) => builder.append_value(number),
            (Self::Float(builder), Cell::Float(number)) if number.is_finite() => {
                builder.append_value(number);
            }
            (Self::Time(builder), Cell::Time(time)) => builder.append_value(time.0),
            (Self::List(builder), Cell::List(list)) => {
                builder.append_values_iter(list.iter().map(String::as_str));
            }
            (builder, cell) => {
                debug_assert!(
                    cell == Cell::Null || matches!(cell, Cell::Float(_)),
                    "{table}.{column} cannot hold {cell:?}"
                );
                builder.push_null();
            }
        }
    }

    fn push_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Bool(builder) => builder.append_null(),
            Self::Int(builder) | Self::Time(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::List(builder) => builder.append_null(),
        }
    }

    fn finish(self) -> PolarsResult<Series> {
        Ok(match self {
            Self::Text(builder) => builder.finish().into_series(),
            Self::Bool(builder) => builder.finish().into_series(),
            Self::Int(builder) => builder.finish().into_series(),
            Self::Float(builder) => builder.finish().into_series(),
            Self::Time(builder) => moments(builder)?,
            Self::List(mut builder) => builder.finish().into_series(),
        })
    }
}

fn moments(builder: PrimitiveChunkedBuilder<Int64Type>) -> PolarsResult<Series> {
    builder.finish().into_series().cast(&DataType::Datetime(TimeUnit::Microseconds, None))
}

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
