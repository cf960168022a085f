//! Writer: records come in, a verified snapshot folder comes out.
//!
//! Owns the order of things: raw record and rows while records stream by; then merging, coverage,
//! derived columns, Parquet and the manifest. Nothing is visible under the snapshot's name before
//! [`crate::publish`]. Does not know where records come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assets;
use crate::coverage::{Covered, Said};
use crate::fold::FOLDS;
use crate::frames::{self, Frames};
use crate::loader;
use crate::manifest::{FORMAT, FileEntry, Manifest, SourceEntry, TableEntry, Tenant, Tool};
use crate::names::Made;
use crate::reach::{Lines, Stretch};
use crate::scrub::scrub;
use crate::spill::{ROOM, Spill};
use crate::store::Hashing;
use crate::table::Scope;
use crate::{
    Claim, Config, Error, Json, Origin, Place, Pseudonyms, Record, Rows, Status, TABLES, Table,
    Time, Value, derive, fold, merge, parquet, pattern_class,
};

/// What a snapshot is about, before the first record.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Directory id of the tenant, lower-case, or `unknown`.
    pub tenant: String,
    /// The moment for which the snapshot stands.
    pub taken_at: Time,
    /// Cloud such as `public`; `import` where files were read.
    pub cloud: String,
    /// Ids of the identity that read, or the kinds of the imported files.
    pub identity: String,
}

/// A snapshot being written.
pub struct Writer {
    folder: PathBuf,
    subject: Subject,
    config: Config,
    people: Arc<Pseudonyms>,
    rows: Vec<Rows>,
    /// Rows that take memory.
    waiting: usize,
    spill: Spill,
    sources: Vec<Source>,
    /// The places of sources by their names.
    named: BTreeMap<String, usize>,
    /// The place of the source that told the last record.
    last: usize,
    names: Made,
    lines: Lines,
    said: Said,
}

/// What was written, for the summary that ends an import or a collection.
#[derive(Debug)]
pub struct Written {
    /// The folder, still under its temporary name.
    pub folder: PathBuf,
    /// The manifest as written.
    pub manifest: Manifest,
    /// Cells of which several sources told different values, by table; the most trusted source won.
    pub conflicts: BTreeMap<&'static str, u64>,
}

impl Written {
    /// Adds what collecting cost, with the requests that were sent for each source.
    ///
    /// # Errors
    ///
    /// The manifest cannot be written.
    pub fn collected(
        &mut self,
        summary: serde_json::Value,
        calls: &BTreeMap<String, u64>,
    ) -> Result<(), Error> {
        for (source, sent) in calls {
            if let Some(entry) = self.manifest.sources.get_mut(source) {
                entry.calls = *sent;
            }
        }
        self.manifest.collection = Some(summary);
        write_manifest(&self.folder, &self.manifest)
    }
}

/// One source: who reads it, and what it told so far.
struct Source {
    routes: Vec<Route>,
    /// The newest record's.
    origin: Origin,
    /// The newest records of one scope.
    stretch: Option<Stretch>,
    /// None before the first record.
    raw: Option<RawFile>,
}

/// One reading of one table, found by its source.
struct Route {
    table: usize,
    rank: u32,
    read: fn(&Record<'_>, &mut Rows),
}

struct RawFile {
    encoder: zstd::Encoder<'static, Hashing<BufWriter<File>>>,
    /// Records that wait for the compressor.
    pending: Vec<u8>,
    records: u64,
}

impl Writer {
    /// Starts a snapshot in a new folder.
    pub fn new(
        folder: &Path,
        subject: Subject,
        config: Config,
        people: Pseudonyms,
    ) -> Result<Self, Error> {
        for name in ["tables", "raw"] {
            let path = folder.join(name);
            std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        }
        let people = Arc::new(people);
        let rows = read_tables().map(|table| Rows::new(table, Arc::clone(&people))).collect();
        let mut writer = Self {
            folder: folder.to_owned(),
            subject,
            config,
            people,
            rows,
            waiting: 0,
            spill: Spill::new(folder, ROOM),
            sources: Vec::new(),
            named: BTreeMap::new(),
            last: 0,
            names: Made::default(),
            lines: Lines::default(),
            said: Said::default(),
        };
        for (table, definition) in read_tables().enumerate() {
            for (rank, reading) in (0..).zip(definition.readings) {
                let at = writer.place(reading.source);
                writer.sources[at].routes.push(Route { table, rank, read: reading.read });
            }
        }
        Ok(writer)
    }

    /// Whether any table reads the source.
    pub fn knows(&self, source: &str) -> bool {
        self.named.get(source).is_some_and(|at| !self.sources[*at].routes.is_empty())
    }

    /// The place of a source, also of one that no table reads.
    fn place(&mut self, source: &str) -> usize {
        // Most records are of the source of the record before.
        if self.sources.get(self.last).is_some_and(|last| last.origin.source == source) {
            return self.last;
        }
        self.last = self.named.get(source).copied().unwrap_or_else(|| {
            self.sources.push(Source::new(source));
            self.named.insert(source.to_owned(), self.sources.len() - 1);
            self.sources.len() - 1
        });
        self.last
    }

    /// Takes one record of a source, read in a scope (empty for the whole tenant). Returns the number of
    /// rows that it gave.
    pub fn record(
        &mut self,
        source: &str,
        scope: &str,
        place: &Place,
        observed_at: Time,
        value: &Value<'_>,
    ) -> Result<usize, Error> {
        let at = self.place(source);
        let path = || self.folder.join(raw_name(source));
        let of = &mut self.sources[at];
        if of.raw.is_none() {
            of.raw = Some(RawFile::create(&path())?);
        }
        let Some(raw) = &mut of.raw else { return Err(Error::Missing(path())) };
        raw.keep(source, value, &self.people, &mut self.names)
            .map_err(|error| Error::io("write", &path())(error))?;
        let number = raw.records;
        of.origin.record_no = i64::try_from(number).unwrap_or(i64::MAX);
        of.origin.observed_at = observed_at;
        of.count(scope, place, number, &mut self.said, &mut self.lines);
        let record = Record::new(Json::new(value), place);
        let mut given = 0;
        for route in &of.routes {
            let rows = &mut self.rows[route.table];
            let (rows_before, rejected_before) = (rows.len(), rows.rejected_total());
            let held_before = rows.held();
            rows.begin(&of.origin, route.rank);
            (route.read)(&record, rows);
            given += rows.len() - rows_before;
            self.waiting += rows.held() - held_before;
            if rows.rejected_total() > rejected_before {
                let name = kept_as(route.table);
                let scopes = [Some(scope.to_owned()), place.environment.clone()];
                for scope in scopes.into_iter().flatten() {
                    self.said.rejected.insert((name, scope, source.to_owned()));
                }
            }
        }
        if self.waiting > self.spill.room {
            self.make_room()?;
        }
        Ok(given)
    }

    /// Lets the rows of the largest tables wait on disk.
    fn make_room(&mut self) -> Result<(), Error> {
        while self.waiting > self.spill.room / 2 {
            let Some(rows) = self.rows.iter_mut().max_by_key(|rows| rows.held()) else { break };
            self.waiting -= rows.held();
            let table = rows.table();
            let frame = rows.take_frame().map_err(Error::table(table.name))?;
            if frame.height() > 0 {
                self.spill.add(table, frame)?;
            }
        }
        Ok(())
    }

    /// Notes how far a source was read in a scope.
    pub fn claim(&mut self, claim: Claim) {
        self.said.claim(claim);
    }

    /// Merges, covers, derives and writes everything; the folder is complete afterwards.
    pub fn finish(mut self) -> Result<Written, Error> {
        let rejected: Vec<BTreeMap<String, u64>> =
            self.rows.iter().map(Rows::rejected_by_name).collect();
        for source in &mut self.sources {
            source.settle(&mut self.said, &mut self.lines);
        }
        let mut rows = std::mem::take(&mut self.rows);
        let events = rows.split_off(TABLES.len());
        let (mut frames, conflicts) = merged(rows, &mut self.spill)?;
        fold::fold(&mut frames, events, &mut self.spill, self.subject.taken_at)?;
        loader::add_peaks(&mut frames, self.subject.taken_at)?;
        loader::apply_patterns(&mut frames, &self.config)?;
        loader::add_config(&mut frames, &self.config)?;
        assets::collapse(&mut self.said, &frames)?;
        self.said.rows = loader::rows_by_scope(&frames)?;
        let due = loader::due(&frames, &self.config)?;
        let environments = due.environments.clone();
        let covered = crate::coverage::cover(&self.said, due, &self.config);
        loader::add_coverage(
            &mut frames,
            &covered,
            &environments,
            &self.config,
            self.subject.taken_at,
        )?;
        derive::derive(&mut frames)?;
        pattern_class::classify(&mut frames)?;
        loader::add_clock(&mut frames, self.subject.taken_at)?;
        let mut files = BTreeMap::new();
        for table in TABLES {
            let name = table_name(table.name);
            let entry = write_parquet(&self.folder.join(&name), table, &frames)?;
            // A table that was written is not needed any more.
            frames.remove(table.name);
            files.insert(name, entry);
        }
        self.spill.clear()?;
        for of in std::mem::take(&mut self.sources) {
            let Some(file) = of.raw else { continue };
            let name = raw_name(&of.origin.source);
            let path = self.folder.join(&name);
            files.insert(name, file.finish(&path)?);
        }
        let (name, entry) = self.lines.write(&self.folder, &self.said, self.subject.taken_at)?;
        files.insert(name, entry);
        let manifest = self.manifest(&covered, rejected, files);
        write_manifest(&self.folder, &manifest)?;
        Ok(Written { folder: self.folder, manifest, conflicts })
    }

    fn manifest(
        &self,
        covered: &[Covered],
        rejected: Vec<BTreeMap<String, u64>>,
        files: BTreeMap<String, FileEntry>,
    ) -> Manifest {
        let tables = TABLES
            .iter()
            .zip(rejected)
            .filter(|(table, _)| table.scope != Scope::Snapshot)
            .map(|(table, rejected)| {
                let rows = files.get(&table_name(table.name)).map_or(0, |file| file.rows);
                (
                    table.name.to_owned(),
                    TableEntry { rows, status: overall(table.name, covered), rejected },
                )
            })
            .collect();
        Manifest {
            format: FORMAT,
            tool: Tool { name: "highwater".into(), version: env!("CARGO_PKG_VERSION").into() },
            tenant: Tenant { id: self.subject.tenant.clone(), name: None },
            cloud: self.subject.cloud.clone(),
            identity: self.subject.identity.clone(),
            taken_at: self.subject.taken_at,
            people: if self.people.hides() { "pseudonyms" } else { "plain" }.into(),
            sources: self.sources(),
            tables,
            collection: None,
            files,
        }
    }

    fn sources(&self) -> BTreeMap<String, SourceEntry> {
        let mut sources: BTreeMap<String, SourceEntry> = BTreeMap::new();
        for ((source, _), records) in &self.said.records {
            let entry = sources.entry(source.clone()).or_default();
            entry.records += records;
            entry.status = Status::Partial;
        }
        let mut stated: BTreeMap<&str, Status> = BTreeMap::new();
        for ((source, _), claim) in &self.said.claims {
            let entry = sources.entry(source.clone()).or_default();
            entry.pages += claim.pages;
            entry.expected = match (entry.expected, claim.expected) {
                (Some(sum), Some(more)) => Some(sum + more),
                (sum, more) => sum.or(more),
            };
            // The reason goes with the worst status, whichever scope it was said of.
            let worst = stated.entry(source).or_insert(Status::Full);
            if claim.status > *worst || (claim.status == *worst && entry.gap.is_none()) {
                entry.gap.clone_from(&claim.reason);
            }
            *worst = (*worst).max(claim.status);
            entry.status = *worst;
        }
        sources
    }
}

impl Source {
    fn new(name: &str) -> Self {
        let origin = Origin { source: name.to_owned(), record_no: 0, observed_at: Time(0) };
        Self { routes: Vec::new(), origin, stretch: None, raw: None }
    }

    /// Counts the newest record: most have the scope of the record before.
    fn count(
        &mut self,
        scope: &str,
        place: &Place,
        number: u64,
        said: &mut Said,
        lines: &mut Lines,
    ) {
        let at = self.origin.observed_at;
        let goes_on = self.stretch.as_mut().is_some_and(|stretch| stretch.add(scope, place, at));
        if !goes_on {
            self.settle(said, lines);
            self.stretch = Some(Stretch::of(scope, place, number, at));
        }
    }

    /// Says what was counted and not said yet.
    fn settle(&mut self, said: &mut Said, lines: &mut Lines) {
        let Some(stretch) = self.stretch.take() else { return };
        let source = &self.origin.source;
        lines.add(source, &stretch);
        *said.records.entry((source.clone(), stretch.scope)).or_default() += stretch.records;
    }
}

impl RawFile {
    fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(Error::io("create", path))?;
        let mut encoder = zstd::Encoder::new(Hashing::new(BufWriter::new(file)), 1)
            .map_err(Error::io("write", path))?;
        encoder.window_log(Self::WINDOW).map_err(Error::io("write", path))?;
        Ok(Self { encoder, pending: Vec::with_capacity(Self::BLOCK * 2), records: 0 })
    }

    /// Bytes that are handed to the compressor at once: it is slow at small pieces.
    const BLOCK: usize = 128 << 10;

    /// As much is looked back upon (as a power of two): one compressor a source stays in memory.
    const WINDOW: u32 = 17;

    /// Keeps a record as it may be kept.
    fn keep(
        &mut self,
        source: &str,
        value: &Value<'_>,
        people: &Pseudonyms,
        names: &mut Made,
    ) -> std::io::Result<()> {
        scrub(source, value, people, names, &mut self.pending)?;
        self.pending.push(b'\n');
        self.records += 1;
        if self.pending.len() >= Self::BLOCK { self.compress() } else { Ok(()) }
    }

    fn compress(&mut self) -> std::io::Result<()> {
        self.encoder.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<FileEntry, Error> {
        self.compress().map_err(Error::io("write", path))?;
        let mut hashing = self.encoder.finish().map_err(Error::io("write", path))?;
        hashing.flush().map_err(Error::io("write", path))?;
        let (bytes, sha256) = hashing.finish();
        Ok(FileEntry { rows: self.records, bytes, sha256 })
    }
}

/// Path of a table inside the folder.
fn table_name(table: &str) -> String {
    format!("tables/{table}.parquet")
}

/// Path of a source's raw records inside the folder.
pub(crate) fn raw_name(source: &str) -> String {
    format!("raw/{source}.ndjson.zst")
}

/// Writes the manifest last: a folder without one is not a snapshot.
pub(crate) fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
    let path = folder.join("manifest.json");
    let mut text = serde_json::to_string_pretty(manifest)
        .map_err(|error| Error::invalid(&path, error.to_string()))?;
    text.push('\n');
    std::fs::write(&path, text).map_err(Error::io("write", &path))
}

/// The tables that are kept, then the events that are folded into some of them.
fn read_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().copied().chain(FOLDS.iter().map(|fold| fold.events))
}

/// Name of the table in which the rows of the table at that place end up.
fn kept_as(place: usize) -> &'static str {
    let folded = place.checked_sub(TABLES.len()).and_then(|place| FOLDS.get(place));
    let kept = folded.map(|fold| fold.into).or_else(|| TABLES.get(place).copied());
    kept.map_or("", |table| table.name)
}

/// Cells of which sources told different values, by table.
type Conflicts = BTreeMap<&'static str, u64>;

/// All tables merged, users resolved first because other tables name them.
fn merged(rows: Vec<Rows>, spill: &mut Spill) -> Result<(Frames, Conflicts), Error> {
    let (mut frames, mut conflicts) = (Frames::new(), Conflicts::new());
    let is_users = |rows: &Rows| rows.table().name == merge::USERS;
    let (users, rows): (Vec<Rows>, Vec<Rows>) = rows.into_iter().partition(is_users);
    for rows in users {
        let table = rows.table();
        spill.merge(rows, &mut frames, |frame| merge::merge(table, frame))?;
    }
    let users = frames.columns(merge::USERS, merge::USER_COLUMNS);
    let users = users.map_err(Error::table(merge::USERS))?.unwrap_or_default();
    for rows in rows {
        let table = rows.table();
        spill.merge(rows, &mut frames, |frame| {
            let resolved = merge::resolve_users(table, frame, &users)?;
            let (merged, differing) = merge::merge_and_count(table, resolved)?;
            if differing > 0 {
                *conflicts.entry(table.name).or_default() += differing;
            }
            Ok(merged)
        })?;
    }
    Ok((frames, conflicts))
}

fn write_parquet(path: &Path, table: &'static Table, frames: &Frames) -> Result<FileEntry, Error> {
    if let Some(entry) = frames.give(table.name, path)? {
        return Ok(entry);
    }
    parquet::keep(path, table, |file| {
        let columns = frames::all(table);
        let mut rows = frames.batches(table.name, &columns);
        rows.try_for_each(|rows| file.push(rows?)).map_err(Error::table(table.name))
    })
}

/// The status of a table over all its scopes: full where all are, partial where some of it was read, else
/// the word for why nothing was.
fn overall(table: &str, covered: &[Covered]) -> Status {
    let rows: Vec<&Covered> = covered.iter().filter(|row| row.table == table).collect();
    let any = |wanted: Status| rows.iter().any(|row| row.status == wanted);
    if rows.iter().all(|row| row.status == Status::Full) {
        return if rows.is_empty() { Status::None } else { Status::Full };
    }
    let some = any(Status::Full) || any(Status::Partial) || any(Status::Truncated);
    match () {
        () if some
            && rows.iter().all(|row| matches!(row.status, Status::Full | Status::Truncated)) =>
        {
            Status::Truncated
        }
        () if some => Status::Partial,
        () if any(Status::Denied) => Status::Denied,
        () if any(Status::Failed) => Status::Failed,
        () => Status::None,
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{claim, push_any};

    /// A row: of which table, told by which of its sources, and what stands in it.
    type Told = (usize, usize, u64);

    fn told_by(seed: u64) -> Told {
        let seed = (seed ^ (seed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let seed = (seed ^ (seed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let part = |bits: u32| usize::try_from(seed.rotate_right(bits) & 0xffff).unwrap();
        (part(0), part(16), seed ^ (seed >> 32))
    }

    fn tell(writer: &mut Writer, number: i64, (table, source, seed): Told) {
        let tables: Vec<usize> = (0..writer.rows.len())
            .filter(|at| writer.rows[*at].table().scope != Scope::Snapshot)
            .collect();
        let rows = &mut writer.rows[tables[table % tables.len()]];
        push_any(rows, source, number, seed, 4);
        writer.waiting += 1;
        if writer.waiting > writer.spill.room {
            writer.make_room().unwrap();
        }
    }

    /// What is written of rows that wait in so much room.
    fn written(told: &[Told], room: usize, folder: &Path) -> Written {
        let subject = Subject {
            tenant: "t0".into(),
            taken_at: Time(300 * 24 * Time::HOUR),
            cloud: "public".into(),
            identity: "test".into(),
        };
        let mut writer =
            Writer::new(folder, subject, Config::default(), Pseudonyms::plain()).unwrap();
        writer.spill.room = room;
        for (number, told) in (1..).zip(told) {
            tell(&mut writer, number, *told);
        }
        for table in TABLES.iter().step_by(2) {
            for source in table.complete.iter().flat_map(|sources| sources.iter()) {
                writer.claim(claim(source, "", Status::Full));
            }
        }
        writer.claim(claim("flow.runs", "e1/a", Status::Denied));
        writer.finish().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, ..ProptestConfig::default() })]

        #[test]
        fn rows_that_waited_on_disk_make_the_same_snapshot(
            seed in any::<u64>(),
            rows in 400..800_u64,
            room in 2_usize..12,
        ) {
            let told: Vec<Told> = (0..rows).map(|row| told_by(seed.wrapping_add(row))).collect();
            let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let wanted = written(&told, usize::MAX, one.path());
            let found = written(&told, room, other.path());
            for (name, entry) in &wanted.manifest.files {
                let same = found.manifest.files.get(name).is_some_and(|file| file.sha256 == entry.sha256);
                let read = |folder: &Path| {
                    ParquetReader::new(File::open(folder.join(name)).unwrap()).finish().unwrap()
                };
                prop_assert!(same, "{name}: {} is not {}", read(other.path()), read(one.path()));
            }
            prop_assert_eq!(&found.manifest.tables, &wanted.manifest.tables);
            prop_assert_eq!(&found.manifest.files.len(), &wanted.manifest.files.len());
            prop_assert_eq!(&found.conflicts, &wanted.conflicts);
            let left: Vec<_> = std::fs::read_dir(other.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            prop_assert_eq!(left.len(), std::fs::read_dir(one.path()).unwrap().count(), "{:?}", left);
        }
    }
}
