//! Spill: rows that wait on disk when too many wait in memory.
//!
//! Guarantees that rows which waited on disk are merged as if all had waited in memory: runs are sorted by
//! key, all rows of one key are merged together, and merged rows come in the order of their keys. How many rows
//! are in memory while they are merged does not depend on how many there are. Owns a folder of the staging
//! folder, which is gone when a snapshot is complete. Does not know how rows are merged.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use crate::frames::{self, Frames, Large};
use crate::merge::{self, sorted};
use crate::parquet::{self, Groups};
use crate::{Error, Rows, Table};

/// Rows of all tables together that wait in memory; beyond that the largest table waits on disk.
pub(crate) const ROOM: usize = 500_000;

/// Rows of a large table that are worked on at once.
const STEP: usize = 1 << 17;

/// Rows that are read of a run at once, at least where there is room.
const FEW: usize = 1024;

/// The rows of all tables that wait on disk.
pub(crate) struct Spill {
    folder: PathBuf,
    /// Rows that may be in memory.
    pub(crate) room: usize,
    runs: BTreeMap<&'static str, Runs>,
}

/// Rows of one table on disk, in runs that are sorted by key.
struct Runs {
    table: &'static Table,
    key: &'static [&'static str],
    folder: PathBuf,
    room: usize,
    files: Vec<Run>,
}

struct Run {
    path: PathBuf,
    rows: usize,
}

impl Spill {
    /// Nothing waits on disk; the folder is made when something does.
    pub(crate) fn new(staging: &Path, room: usize) -> Self {
        Self { folder: staging.join("waiting"), room: room.max(1), runs: BTreeMap::new() }
    }

    /// Rows of a table that wait from now on.
    pub(crate) fn add(&mut self, table: &'static Table, frame: DataFrame) -> Result<(), Error> {
        let mut runs = self.runs.remove(table.name).unwrap_or_else(|| self.runs(table, table.key));
        runs.add(frame)?;
        self.runs.insert(table.name, runs);
        Ok(())
    }

    /// Whether rows of a table wait on disk.
    pub(crate) fn holds(&self, table: &Table) -> bool {
        self.runs.contains_key(table.name)
    }

    /// Merges the rows of a table, those in memory and those on disk. `merge` is given all rows of some keys at
    /// a time, in the order of keys where they were on disk.
    pub(crate) fn merge(
        &mut self,
        mut rows: Rows,
        frames: &mut Frames,
        merge: impl FnMut(DataFrame) -> Result<DataFrame, Error>,
    ) -> Result<(), Error> {
        let table = rows.table();
        let frame = rows.take_frame().map_err(Error::table(table.name))?;
        drop(rows);
        self.merge_frame(table, frame, frames, merge)
    }

    /// As [`Self::merge`], for rows that are a frame already.
    pub(crate) fn merge_frame(
        &mut self,
        table: &'static Table,
        frame: DataFrame,
        frames: &mut Frames,
        mut merge: impl FnMut(DataFrame) -> Result<DataFrame, Error>,
    ) -> Result<(), Error> {
        if !self.holds(table) && frame.height() <= self.room {
            frames.insert(table.name, merge(frame)?);
            return Ok(());
        }
        if frame.height() > 0 {
            self.add(table, frame)?;
        }
        if let Some(runs) = self.runs.remove(table.name) {
            frames.insert_large(runs.merged(merge)?);
        }
        Ok(())
    }

    /// Brings the rows of a table on disk into another order.
    pub(crate) fn reorder(
        &self,
        table: &'static Table,
        key: &'static [&'static str],
        frames: &mut Frames,
    ) -> Result<(), Error> {
        let mut runs = self.runs(table, key);
        for rows in frames.batches(table.name, &frames::all(table)) {
            runs.add(rows.map_err(Error::table(table.name))?)?;
        }
        frames.remove(table.name);
        let sort = |rows| sorted(key, rows).map_err(Error::table(table.name));
        frames.insert_large(runs.merged(sort)?);
        Ok(())
    }

    fn runs(&self, table: &'static Table, key: &'static [&'static str]) -> Runs {
        Runs { table, key, folder: self.folder.clone(), room: self.room, files: Vec::new() }
    }

    /// Removes everything that waited.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.folder)(error))
            }
            _ => Ok(()),
        }
    }
}

impl Runs {
    /// Writes rows as one more run.
    fn add(&mut self, frame: DataFrame) -> Result<(), Error> {
        let wrap = || Error::table(self.table.name);
        std::fs::create_dir_all(&self.folder).map_err(Error::io("create", &self.folder))?;
        let frame = sorted(self.key, frame).map_err(wrap())?;
        let path = self.folder.join(format!("{}-{}.parquet", self.table.name, self.files.len()));
        let mut file = file(&path, frame.schema(), self.room.min(FEW * 8)).map_err(wrap())?;
        let rows = frame.height();
        file.push(frame).and_then(|()| file.finish()).map_err(wrap())?;
        self.files.push(Run { path, rows });
        Ok(())
    }

    /// Merges all runs into one file. `merge` is given all rows of some keys at a time, in the order of keys.
    fn merged(
        self,
        mut merge: impl FnMut(DataFrame) -> Result<DataFrame, Error>,
    ) -> Result<Large, Error> {
        let table = self.table;
        let path = self.folder.join(format!("{}.parquet", table.name));
        let is_kept = crate::table(table.name).is_some();
        let (file, rows) = if is_kept {
            let file = parquet::keep(&path, table, |merged| self.give(merged, &mut merge))?;
            let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
            (Some(file), rows)
        } else {
            let shape = merge::empty(table);
            let merged = file(&path, shape.schema(), FEW * 8).map_err(Error::table(table.name));
            let mut merged = merged?;
            self.give(&mut merged, &mut merge)?;
            (None, merged.finish().map_err(Error::table(table.name))?)
        };
        for run in &self.files {
            std::fs::remove_file(&run.path).map_err(Error::io("remove", &run.path))?;
        }
        Ok(Large { table, path, file, rows, step: self.room.min(STEP), made: BTreeMap::new() })
    }

    /// Merges all runs into a file.
    fn give<W: Write>(
        &self,
        merged: &mut Groups<W>,
        mut merge: impl FnMut(DataFrame) -> Result<DataFrame, Error>,
    ) -> Result<(), Error> {
        let wrap = || Error::table(self.table.name);
        let few = (self.room / self.files.len().max(1)).max(FEW.min(self.room));
        let mut heads = Heads::new(self.key, &self.files, few).map_err(wrap())?;
        while let Some(rows) = heads.next(self.room.min(STEP)).map_err(wrap())? {
            merged.push(merge(rows)?).map_err(wrap())?;
        }
        Ok(())
    }
}

/// A file of rows that wait: written fast, and not for long.
fn file(path: &Path, schema: &Schema, group: usize) -> PolarsResult<Groups<BufWriter<File>>> {
    let writer = ParquetWriter::new(BufWriter::new(File::create(path)?))
        .with_compression(ParquetCompression::Uncompressed)
        .with_statistics(StatisticsOptions::empty());
    Groups::new(writer, schema, group)
}

/// The rows of a run that come next.
struct Head<'r> {
    run: &'r Run,
    /// Rows that were read of the run.
    read: usize,
    frame: DataFrame,
    keys: Keys,
    /// The first row of the frame that was not given away.
    from: usize,
}

impl<'r> Head<'r> {
    fn new(key: &[&str], run: &'r Run) -> PolarsResult<Self> {
        let frame = parquet::read(&run.path, None, 0, 0)?;
        let keys = Keys::of(key, &frame)?;
        Ok(Self { run, read: 0, frame, keys, from: 0 })
    }

    /// Whether rows of the run were not read yet.
    const fn goes_on(&self) -> bool {
        self.read < self.run.rows
    }

    /// Rows that were read and not given away.
    fn len(&self) -> usize {
        self.frame.height() - self.from
    }

    /// Reads more of the run.
    fn read(&mut self, key: &[&str], rows: usize) -> PolarsResult<()> {
        let rows = rows.min(self.run.rows - self.read);
        let more = parquet::read(&self.run.path, None, self.read, rows)?;
        self.frame = self.frame.slice(parquet::offset(self.from), self.len());
        self.frame.vstack_mut_owned(more)?.rechunk_mut_par();
        self.keys = Keys::of(key, &self.frame)?;
        self.from = 0;
        self.read += rows;
        Ok(())
    }

    /// How many rows come before the last row of another head.
    fn before(&self, other: &Self) -> usize {
        let end = other.frame.height() - 1;
        self.keys.first(self.from..self.frame.height(), &other.keys, end) - self.from
    }

    fn give(&mut self, rows: usize) -> DataFrame {
        let given = self.frame.slice(parquet::offset(self.from), rows);
        self.from += rows;
        given
    }
}

/// The rows of all runs that come next.
struct Heads<'r> {
    key: &'static [&'static str],
    heads: Vec<Head<'r>>,
    /// Rows that are read of a run at once.
    few: usize,
}

impl<'r> Heads<'r> {
    fn new(key: &'static [&'static str], runs: &'r [Run], few: usize) -> PolarsResult<Self> {
        let heads = runs.iter().map(|run| Head::new(key, run)).collect::<PolarsResult<_>>()?;
        Ok(Self { key, heads, few })
    }

    /// All rows of the keys that come next, as many rows at least unless the end comes first.
    fn next(&mut self, rows: usize) -> PolarsResult<Option<DataFrame>> {
        let mut next = DataFrame::default();
        while next.height() < rows && self.fill()? {
            self.give(&mut next)?;
        }
        Ok(Some(next).filter(|next| next.height() > 0))
    }

    /// Reads on where all rows were given away; whether there are rows.
    fn fill(&mut self) -> PolarsResult<bool> {
        for head in self.heads.iter_mut().filter(|head| head.len() == 0 && head.goes_on()) {
            head.read(self.key, self.few)?;
        }
        self.heads.retain(|head| head.len() > 0);
        Ok(!self.heads.is_empty())
    }

    /// Gives away the rows of keys of which no run can hold more, or reads more of the run that may.
    fn give(&mut self, to: &mut DataFrame) -> PolarsResult<()> {
        let last = |at: &usize| (&self.heads[*at].keys, self.heads[*at].frame.height() - 1);
        // Rows of a key may follow in a run until a larger key was read of it.
        let open = (0..self.heads.len()).filter(|at| self.heads[*at].goes_on());
        let bound = open.min_by(|one, other| {
            let ((one, one_at), (other, other_at)) = (last(one), last(other));
            one.cmp(one_at, other, other_at)
        });
        let bound = bound.and_then(|at| self.heads.get(at).map(|head| (at, head)));
        let rows = |head: &Head<'r>| bound.map_or(head.len(), |(_, bound)| head.before(bound));
        let rows: Vec<usize> = self.heads.iter().map(rows).collect();
        let stuck = bound.map(|(at, _)| at).filter(|_| rows.iter().all(|rows| *rows == 0));
        if let Some(head) = stuck.and_then(|at| self.heads.get_mut(at)) {
            return head.read(self.key, self.few);
        }
        for (head, rows) in self.heads.iter_mut().zip(rows).filter(|(_, rows)| *rows > 0) {
            to.vstack_mut_owned(head.give(rows))?;
        }
        Ok(())
    }
}

/// Where the rows of the last key begin, in rows that are sorted by it.
pub(crate) fn last_begins(key: &[&str], frame: &DataFrame) -> PolarsResult<usize> {
    let keys = Keys::of(key, frame)?;
    let end = frame.height().saturating_sub(1);
    Ok(keys.first(0..end, &keys, end))
}

/// The keys of the rows of a frame.
struct Keys(Vec<Key>);

enum Key {
    Text(StringChunked),
    Number(Int64Chunked),
}

impl Keys {
    fn of(key: &[&str], frame: &DataFrame) -> PolarsResult<Self> {
        let told = |name: &&str| {
            let column = frame.column(name)?;
            Ok(match column.dtype() {
                DataType::String => Key::Text(column.str()?.clone()),
                _ => Key::Number(column.cast(&DataType::Int64)?.i64()?.clone()),
            })
        };
        key.iter().map(told).collect::<PolarsResult<_>>().map(Self)
    }

    /// The first of some rows that does not come before a row.
    fn first(&self, rows: Range<usize>, other: &Self, other_at: usize) -> usize {
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low.midpoint(high);
            if self.cmp(middle, other, other_at) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Compares the keys of two rows; what is not told comes first.
    fn cmp(&self, at: usize, other: &Self, other_at: usize) -> Ordering {
        let keys = self.0.iter().zip(&other.0).map(|keys| match keys {
            (Key::Text(one), Key::Text(other)) => one.get(at).cmp(&other.get(other_at)),
            (Key::Number(one), Key::Number(other)) => one.get(at).cmp(&other.get(other_at)),
            _ => Ordering::Equal,
        });
        keys.fold(Ordering::Equal, Ordering::then)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::flows;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn rows_on_disk_are_merged_like_rows_in_memory(
            flows_told in proptest::collection::vec(
                (0_u8..3, 0_u8..5, 0_u32..3, proptest::option::of(0_u8..2), proptest::option::of(0_u8..2)),
                1..40,
            ),
            run in 1_usize..12,
            room in 1_usize..12,
        ) {
            let table = crate::table("cloud_flows").unwrap();
            let wanted = merge::merge_and_count(table, flows(&flows_told, 0)).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let (mut spill, mut frames) = (Spill::new(folder.path(), room), Frames::new());
            let mut before = 0;
            for run in flows_told.chunks(run) {
                spill.add(table, flows(run, before)).unwrap();
                before += i64::try_from(run.len()).unwrap();
            }
            let mut conflicts = 0;
            let merge = |frame| {
                let (merged, more) = merge::merge_and_count(table, frame)?;
                conflicts += more;
                Ok(merged)
            };
            spill.merge_frame(table, merge::empty(table), &mut frames, merge).unwrap();
            let found = frames.columns(table.name, &frames::all(table)).unwrap().unwrap();
            prop_assert!(found.equals_missing(&wanted.0), "{found} is not {}", wanted.0);
            prop_assert_eq!(conflicts, wanted.1);
            prop_assert_eq!(std::fs::read_dir(&spill.folder).unwrap().count(), 1, "runs are left");
            spill.clear().unwrap();
            prop_assert!(!spill.folder.exists());
        }
    }
}
