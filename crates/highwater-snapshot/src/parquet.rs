//! Parquet: tables as files.
//!
//! Guarantees that the groups of a file depend on how many rows there are and not on the pieces in which
//! they came, and that rows wait for their group alone. Knows no table.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use polars::io::parquet::write::BatchedWriter;
use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::*;

use crate::manifest::FileEntry;
use crate::store::{Hashing, digest_file};
use crate::{Error, Table, merge};

/// Rows of a group of the files of a snapshot: as many are in memory while a large table is written.
const GROUP: usize = 1 << 17;

/// Writes the file of a table as a snapshot holds it; `fill` gives its rows.
pub(crate) fn keep(
    path: &Path,
    table: &'static Table,
    fill: impl FnOnce(&mut Groups<&mut Hashing<BufWriter<File>>>) -> Result<(), Error>,
) -> Result<FileEntry, Error> {
    let wrap = || Error::table(table.name);
    let file = File::create(path).map_err(Error::io("create", path))?;
    let mut hashing = Hashing::new(BufWriter::new(file));
    let level = ZstdLevel::try_new(1).map_err(wrap())?;
    let writer = ParquetWriter::new(&mut hashing)
        .with_compression(ParquetCompression::Zstd(Some(level)))
        .with_statistics(StatisticsOptions::default());
    let shape = merge::empty(table);
    let mut groups = Groups::new(writer, shape.schema(), GROUP).map_err(wrap())?;
    fill(&mut groups)?;
    let rows = groups.finish().map_err(wrap())? as u64;
    hashing.flush().map_err(Error::io("write", path))?;
    let (bytes, sha256) = hashing.finish();
    debug_assert_eq!(digest_file(path).ok().map(|(bytes, _)| bytes), Some(bytes));
    Ok(FileEntry { rows, bytes, sha256 })
}

/// A file that is being written.
pub(crate) struct Groups<W: Write> {
    writer: BatchedWriter<W>,
    /// Rows that wait for their group.
    waiting: DataFrame,
    /// Rows of a group.
    size: usize,
    /// Rows so far.
    rows: usize,
}

impl<W: Write> Groups<W> {
    /// A file of frames of that shape.
    pub(crate) fn new(
        writer: ParquetWriter<W>,
        schema: &Schema,
        size: usize,
    ) -> PolarsResult<Self> {
        let writer = writer.batched(schema)?;
        Ok(Self { writer, waiting: DataFrame::default(), size: size.max(1), rows: 0 })
    }

    /// Rows that come next.
    pub(crate) fn push(&mut self, frame: DataFrame) -> PolarsResult<()> {
        self.rows += frame.height();
        if self.waiting.height() == 0 {
            self.waiting = frame;
        } else {
            self.waiting.vstack_mut_owned(frame)?;
        }
        let whole = self.waiting.height() - self.waiting.height() % self.size;
        for from in (0..whole).step_by(self.size) {
            self.write(self.waiting.slice(offset(from), self.size))?;
        }
        if whole > 0 {
            self.waiting = self.waiting.slice(offset(whole), self.size);
        }
        Ok(())
    }

    /// Ends the file; says how many rows it has.
    pub(crate) fn finish(mut self) -> PolarsResult<usize> {
        let rest = std::mem::take(&mut self.waiting);
        self.write(rest)?;
        self.writer.finish()?;
        Ok(self.rows)
    }

    fn write(&mut self, mut group: DataFrame) -> PolarsResult<()> {
        if group.height() == 0 {
            return Ok(());
        }
        // One chunk is one group.
        group.rechunk_mut_par();
        self.writer.write_batch(&group)
    }
}

/// Columns of so many rows of a file, from a row on.
pub(crate) fn read(
    path: &Path,
    columns: Option<Vec<String>>,
    from: usize,
    rows: usize,
) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?)
        .with_columns(columns)
        .with_slice(Some((from, rows)))
        .finish()
}

/// A place in a frame, as the engine counts it.
pub(crate) fn offset(row: usize) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}
