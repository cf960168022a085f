//! Parquet: tables as files.
//!
//! Guarantees that the groups of a file depend on how many rows there are and not on the pieces in which
//! they came, and that rows wait for their group alone. Knows no table.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;

/// Rows of a group of the files of a snapshot: as many are in memory while a large table is written.
pub(crate) const GROUP: usize = 1 << 17;

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
