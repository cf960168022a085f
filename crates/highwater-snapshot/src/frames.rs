//! Frames: all tables of a snapshot while it is finished, small ones in memory and large ones on disk.
//!
//! Guarantees that a step reads the columns that it names and no others of a large table, and that a column
//! which a step makes is seen by all that come after. A made column stays in memory until its table is
//! written. Asks nothing itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use polars::prelude::*;
use polars::sql::SQLContext;

use crate::manifest::FileEntry;
use crate::{Error, Table, parquet};

/// All tables of a snapshot, by name.
#[derive(Default)]
pub(crate) struct Frames {
    tables: BTreeMap<&'static str, Kept>,
}

/// Where a table is.
enum Kept {
    Held(DataFrame),
    Large(Large),
}

/// A merged table on disk.
pub(crate) struct Large {
    pub(crate) table: &'static Table,
    pub(crate) path: PathBuf,
    /// The file, where it is what a snapshot holds.
    pub(crate) file: Option<FileEntry>,
    pub(crate) rows: usize,
    /// Rows that are read at once.
    pub(crate) step: usize,
    /// Columns that were made since.
    pub(crate) made: BTreeMap<String, Column>,
}

/// Frames one after the other.
pub(crate) type Batches<'f> = Box<dyn Iterator<Item = PolarsResult<DataFrame>> + 'f>;

impl Frames {
    /// No tables.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A table in memory.
    pub(crate) fn insert(&mut self, name: &'static str, frame: DataFrame) {
        self.tables.insert(name, Kept::Held(frame));
    }

    /// A table on disk.
    pub(crate) fn insert_large(&mut self, large: Large) {
        self.tables.insert(large.table.name, Kept::Large(large));
    }

    /// Whether there is such a table.
    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// Whether a table is on disk.
    pub(crate) fn is_large(&self, name: &str) -> bool {
        matches!(self.tables.get(name), Some(Kept::Large(_)))
    }

    /// Rows of a table.
    pub(crate) fn height(&self, name: &str) -> usize {
        match self.tables.get(name) {
            Some(Kept::Held(frame)) => frame.height(),
            Some(Kept::Large(large)) => large.rows,
            None => 0,
        }
    }

    /// Gives the memory or the disk of a table back.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(Kept::Large(large)) = self.tables.remove(name) {
            // What cannot be removed goes with the folder.
            let _ = std::fs::remove_file(large.path);
        }
    }

    /// All rows of a table, with these columns at least; nothing where there is no such table.
    pub(crate) fn columns(&self, name: &str, columns: &[&str]) -> PolarsResult<Option<DataFrame>> {
        match self.tables.get(name) {
            None => Ok(None),
            Some(Kept::Held(frame)) => Ok(Some(frame.clone())),
            Some(Kept::Large(large)) => large.read(columns, 0, large.rows).map(Some),
        }
    }

    /// The rows of a table one batch after the other, with these columns at least.
    pub(crate) fn batches<'f>(&'f self, name: &str, columns: &'f [&'f str]) -> Batches<'f> {
        match self.tables.get(name) {
            None => Box::new(std::iter::empty()),
            Some(Kept::Held(frame)) => Box::new(std::iter::once(Ok(frame.clone()))),
            Some(Kept::Large(large)) => {
                let starts = (0..large.rows).step_by(large.step);
                Box::new(starts.map(move |from| large.read(columns, from, large.step)))
            }
        }
    }

    /// Sets a column of a table, in the order of its rows.
    pub(crate) fn set(&mut self, name: &str, column: Column) -> PolarsResult<()> {
        match self.tables.get_mut(name) {
            None => {}
            Some(Kept::Held(frame)) => {
                frame.with_column(column)?;
            }
            Some(Kept::Large(large)) => {
                large.made.insert(column.name().to_string(), column);
            }
        }
        Ok(())
    }

    /// Moves the file of a large table that nothing was made of since.
    pub(crate) fn give(&self, name: &str, to: &Path) -> Result<Option<FileEntry>, Error> {
        match self.tables.get(name) {
            Some(Kept::Large(large)) if large.made.is_empty() && large.file.is_some() => {
                std::fs::rename(&large.path, to).map_err(Error::io("move", &large.path))?;
                Ok(large.file.clone())
            }
            _ => Ok(None),
        }
    }

    /// What answers a question: the tables that it names, without one that it is asked of in batches.
    pub(crate) fn context(&self, sql: &str, without: &str) -> PolarsResult<SQLContext> {
        let context = SQLContext::new();
        for (name, kept) in self.tables.iter().filter(|(name, _)| **name != without) {
            if times_asked(name, sql) == 0 {
                continue;
            }
            let frame = match kept {
                Kept::Held(frame) => frame.clone(),
                Kept::Large(large) => large.read(&named(large.table, sql), 0, large.rows)?,
            };
            context.register(name, frame.lazy());
        }
        Ok(context)
    }
}

/// The columns of a table and of all rows.
pub(crate) fn all(table: &'static Table) -> Vec<&'static str> {
    let columns = table.columns.iter().map(|column| column.name);
    columns.chain(["source_id", "record_no", "observed_at"]).collect()
}

/// The columns of a table that a question may name, and its key.
pub(crate) fn named(table: &'static Table, sql: &str) -> Vec<&'static str> {
    let is_named = |name: &&'static str| table.key.contains(name) || sql.contains(*name);
    all(table).into_iter().filter(is_named).collect()
}

/// How often a question reads a table.
pub(crate) fn times_asked(table: &str, sql: &str) -> usize {
    // Most questions name few tables.
    if !sql.contains(table) {
        return 0;
    }
    let words = sql.split_whitespace();
    let pairs = words.clone().zip(words.skip(1));
    let asks = |(before, word): &(&str, &str)| {
        matches!(*before, "FROM" | "JOIN") && word.trim_end_matches(')') == table
    };
    pairs.filter(asks).count()
}

impl Large {
    /// Columns of so many rows, from a row on.
    fn read(&self, columns: &[&str], from: usize, rows: usize) -> PolarsResult<DataFrame> {
        let rows = rows.min(self.rows - from);
        let is_made = |name: &&&str| self.made.contains_key(**name);
        let (made, told): (Vec<&str>, Vec<&str>) = columns.iter().partition(is_made);
        let told: Vec<String> = told.into_iter().map(ToOwned::to_owned).collect();
        let mut read = match told.is_empty() {
            true => Vec::new(),
            false => parquet::read(&self.path, Some(told), from, rows)?.into_columns(),
        };
        let made = made.iter().filter_map(|name| self.made.get(*name));
        read.extend(made.map(|column| column.slice(parquet::offset(from), rows)));
        DataFrame::new(rows, read)?.select(columns.iter().copied())
    }
}

#[cfg(test)]
impl Frames {
    /// A table in memory.
    pub(crate) fn get(&self, name: &str) -> Option<&DataFrame> {
        match self.tables.get(name) {
            Some(Kept::Held(frame)) => Some(frame),
            _ => None,
        }
    }
}

#[cfg(test)]
impl std::ops::Index<&str> for Frames {
    type Output = DataFrame;

    fn index(&self, name: &str) -> &DataFrame {
        self.get(name).unwrap()
    }
}

#[cfg(test)]
impl FromIterator<(&'static str, DataFrame)> for Frames {
    fn from_iter<I: IntoIterator<Item = (&'static str, DataFrame)>>(tables: I) -> Self {
        let held = |(name, frame)| (name, Kept::Held(frame));
        Self { tables: tables.into_iter().map(held).collect() }
    }
}
