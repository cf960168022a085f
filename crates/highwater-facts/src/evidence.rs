//! Evidence: the tables that facts are asked of, by name, with the types that the snapshot declares.
//!
//! Guarantees that all tables exist with all their columns: what was not given is empty, a column that
//! was not given is NULL, what has another type is an error. Reads lazily; judges nothing.

use std::collections::BTreeMap;
use std::path::Path;

use highwater_snapshot::{TABLES, Table, Type};
use polars::prelude::*;

use crate::Error;

/// Every evidence table as a lazy frame.
#[derive(Clone)]
pub struct Evidence {
    frames: BTreeMap<&'static str, LazyFrame>,
    /// Whether a table is scanned from its file because it is too large to keep.
    scanned: bool,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence").field("tables", &self.frames.len()).finish()
    }
}

impl Evidence {
    /// Nothing was told: every table is there and empty.
    pub fn empty() -> Self {
        let frames = TABLES.iter().map(|table| (table.name, empty(table).lazy())).collect();
        Self { frames, scanned: false }
    }

    /// The frames given, in their tables' types; tables that are not given are empty. They are taken to be
    /// small unless [`Evidence::large`] says otherwise.
    ///
    /// # Errors
    /// [`Error::UnknownTable`] for a name that is no table, [`Error::Column`] for a column of another
    /// type, [`Error::Frame`] when a frame cannot be opened.
    pub fn from_frames<N: AsRef<str>>(
        frames: impl IntoIterator<Item = (N, LazyFrame)>,
    ) -> Result<Self, Error> {
        let mut evidence = Self::empty();
        for (name, frame) in frames {
            let table = known(name.as_ref())?;
            evidence.frames.insert(table.name, conform(table, frame)?);
        }
        Ok(evidence)
    }

    /// The tables of a folder of Parquet files, one `<table>.parquet` each. Files of up to 4 MiB are
    /// read into memory, larger ones are scanned when they are asked.
    ///
    /// # Errors
    /// [`Error::Frame`] when a file cannot be read, [`Error::Column`] when it has another type.
    pub fn from_parquet(folder: &Path) -> Result<Self, Error> {
        let (mut frames, mut scanned) = (Vec::new(), false);
        for table in TABLES {
            let path = folder.join(format!("{}.parquet", table.name));
            if let Ok(about) = std::fs::metadata(&path) {
                frames.push((table.name, open(table, &path, about.len())?));
                scanned |= about.len() > SMALL;
            }
        }
        Ok(Self { scanned, ..Self::from_frames(frames)? })
    }

    /// The same evidence, said to be large: only what pays is kept of what is made of it.
    #[must_use]
    pub const fn large(mut self) -> Self {
        self.scanned = true;
        self
    }

    /// Whether all of it is in memory, so that what is made of it may be kept there too.
    pub(crate) const fn is_small(&self) -> bool {
        !self.scanned
    }

    /// One table.
    ///
    /// # Errors
    /// [`Error::UnknownTable`].
    pub fn table(&self, name: &str) -> Result<LazyFrame, Error> {
        Ok(self.frames[known(name)?.name].clone())
    }

    /// The same evidence with one table replaced.
    ///
    /// # Errors
    /// As [`Evidence::from_frames`].
    pub fn with(mut self, name: &str, frame: DataFrame) -> Result<Self, Error> {
        let table = known(name)?;
        self.frames.insert(table.name, conform(table, frame.lazy())?);
        Ok(self)
    }
}

/// Columns that every table has besides its own: where a row comes from and when it was read.
const ROW_COLUMNS: [(&str, Type); 3] =
    [("source_id", Type::Text), ("record_no", Type::Int), ("observed_at", Type::Time)];

/// Files up to this size are read at once.
const SMALL: u64 = 4 << 20;

fn known(name: &str) -> Result<&'static Table, Error> {
    highwater_snapshot::table(name).ok_or_else(|| Error::UnknownTable {
        name: name.to_owned(),
        hint: crate::error::hint(name, TABLES.iter().map(|table| table.name)),
    })
}

fn open(table: &Table, path: &Path, bytes: u64) -> Result<LazyFrame, Error> {
    let failed = |error: &PolarsError| Error::frame(table.name, error);
    if bytes <= SMALL {
        let file = std::fs::File::open(path).map_err(|error| failed(&error.into()))?;
        return ParquetReader::new(file)
            .finish()
            .map(IntoLazy::lazy)
            .map_err(|error| failed(&error));
    }
    let text = path.to_str().ok_or_else(|| Error::Frame {
        table: table.name.to_owned(),
        message: "the path is not UTF-8".to_owned(),
    })?;
    LazyFrame::scan_parquet(PlRefPath::new(text), ScanArgsParquet::default())
        .map_err(|error| failed(&error))
}

/// All columns of a table with their stored types, row columns last.
pub(crate) fn columns(table: &Table) -> impl Iterator<Item = (&'static str, DataType)> + use<'_> {
    let own = table.columns.iter().map(|column| (column.name, column.kind));
    own.chain(ROW_COLUMNS).map(|(name, kind)| (name, stored(kind)))
}

/// A table without rows.
fn empty(table: &Table) -> DataFrame {
    let columns = columns(table).map(|(name, kind)| Column::new_empty(name.into(), &kind));
    DataFrame::new(0, columns.collect()).unwrap_or_default()
}

fn stored(kind: Type) -> DataType {
    match kind {
        Type::Text => DataType::String,
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::Float => DataType::Float64,
        Type::Time => DataType::Datetime(TimeUnit::Microseconds, None),
        Type::List => DataType::List(Box::new(DataType::String)),
    }
}

/// The frame with exactly the columns of its table; a column without type or not given is all NULL.
fn conform(table: &'static Table, mut frame: LazyFrame) -> Result<LazyFrame, Error> {
    let schema = frame.collect_schema().map_err(|error| Error::frame(table.name, &error))?;
    let due: Vec<(&str, DataType)> = columns(table).collect();
    let same = schema.len() == due.len()
        && schema.iter().zip(&due).all(|((name, found), (due, kind))| name == due && found == kind);
    if same {
        return Ok(frame);
    }
    let mut select = Vec::with_capacity(due.len());
    for (name, kind) in due {
        select.push(match schema.get(name) {
            Some(found) if *found == kind => col(name),
            None | Some(DataType::Null) => lit(NULL).cast(kind).alias(name),
            Some(found) => {
                return Err(Error::Column {
                    table: table.name.to_owned(),
                    column: name.to_owned(),
                    found: found.to_string(),
                    expected: kind.to_string(),
                });
            }
        });
    }
    Ok(frame.select(select))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_given_is_empty_or_null() {
        let apps = df!["environment_id" => ["e1"], "stranger" => [1i64]].unwrap();
        let evidence = Evidence::empty().with("apps", apps).unwrap();
        let found = evidence.table("apps").unwrap().collect().unwrap();
        assert_eq!(found.height(), 1);
        assert_eq!(found.column("app_id").unwrap().null_count(), 1);
        assert_eq!(found.column("shared_users").unwrap().dtype(), &DataType::Int64);
        assert!(found.column("stranger").is_err());
        assert_eq!(evidence.table("vms").unwrap().collect().unwrap().height(), 0);
    }

    #[test]
    fn another_type_is_an_error_that_names_it() {
        let apps = df!["shared_users" => ["many"]].unwrap();
        let error = Evidence::empty().with("apps", apps).unwrap_err().to_string();
        assert!(error.starts_with("table `apps`, column `shared_users`: str where i64"), "{error}");
        assert!(
            Evidence::empty()
                .with("app", DataFrame::empty())
                .unwrap_err()
                .to_string()
                .contains("`apps`")
        );
    }
}
