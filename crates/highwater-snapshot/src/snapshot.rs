//! Snapshot: reading one, from a folder, a packed bundle or a store.
//!
//! Guarantees that what is read is what the manifest says (`verify`), and that a bundle cannot write
//! outside its own temporary folder nor unpack without bound. Changes nothing on disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use crate::frames::Frames;
use crate::manifest::{FORMAT, Manifest};
use crate::store::{digest_file, lines, newest};
use crate::writer::raw_name;
use crate::{Error, TABLES, Table, Time, bundle, loader, merge};

/// Tables whose files are smaller than this are read into memory, larger ones are scanned.
const SMALL: u64 = 4 << 20;

/// One snapshot, opened.
#[derive(Debug)]
pub struct Snapshot {
    folder: PathBuf,
    manifest: Manifest,
    digest: String,
    unpacked: Option<tempfile::TempDir>,
}

impl Snapshot {
    /// Opens a snapshot folder, a packed bundle (`.zip`), or the newest snapshot of a store folder.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_file() {
            let unpacked = bundle::unpack(path)?;
            let folder = unpacked.path().to_owned();
            return Self::read(folder, Some(unpacked));
        }
        if path.join("manifest.json").is_file() {
            return Self::read(path.to_owned(), None);
        }
        if path.is_dir() {
            Self::read(newest(path)?, None)
        } else {
            Err(Error::Missing(path.to_owned()))
        }
    }

    fn read(folder: PathBuf, unpacked: Option<tempfile::TempDir>) -> Result<Self, Error> {
        let path = folder.join("manifest.json");
        let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
            Error::invalid(
                &path,
                format!("{error}; the file is damaged or was edited: take the snapshot again"),
            )
        })?;
        if manifest.format > FORMAT {
            let problem = format!(
                "format {} is newer than this program reads ({FORMAT}): update highwater",
                manifest.format
            );
            return Err(Error::invalid(&path, problem));
        }
        for name in manifest.files.keys() {
            bundle::check_name(Path::new(name))
                .map_err(|problem| Error::invalid(&path, problem))?;
        }
        let (_, digest) = digest_file(&path)?;
        Ok(Self { folder, manifest, digest, unpacked })
    }

    /// What the snapshot says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The folder that is read; a temporary one for a bundle.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the snapshot came from a packed bundle.
    pub const fn is_packed(&self) -> bool {
        self.unpacked.is_some()
    }

    /// Digest of the manifest, which holds the digests of everything else.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// One table, lazily; an empty one where the snapshot, of an older program, does not hold it.
    pub fn table(&self, table: &'static Table) -> Result<LazyFrame, Error> {
        let name = format!("tables/{}.parquet", table.name);
        let Some(entry) = self.manifest.files.get(&name) else {
            return Ok(merge::empty(table).lazy());
        };
        let path = self.folder.join(&name);
        let wrap = Error::table(table.name);
        if entry.bytes < SMALL {
            let file = File::open(&path).map_err(Error::io("read", &path))?;
            return ParquetReader::new(file).finish().map(IntoLazy::lazy).map_err(wrap);
        }
        let text = path
            .to_str()
            .ok_or_else(|| Error::invalid(&path, "the path is not UTF-8: move the store"))?;
        LazyFrame::scan_parquet(PlRefPath::new(text), ScanArgsParquet::default()).map_err(wrap)
    }

    /// Whether a table is so large that it is scanned from its file instead of being read at once.
    pub fn is_large(&self) -> bool {
        let mut files = self.manifest.files.iter();
        files.any(|(name, entry)| name.starts_with("tables/") && entry.bytes >= SMALL)
    }

    /// All tables, seen from the snapshot's own moment or from another.
    pub fn tables(&self, as_of: Option<Time>) -> Result<BTreeMap<&'static str, LazyFrame>, Error> {
        let mut tables = BTreeMap::new();
        for table in TABLES {
            tables.insert(table.name, self.table(table)?);
        }
        if let Some(as_of) = as_of.filter(|as_of| *as_of != self.manifest.taken_at) {
            let mut known = Frames::new();
            for name in ["dlp_policies", "config_lists", "audit_events"] {
                if let (Some(table), Some(frame)) = (crate::table(name), tables.get(name)) {
                    known.insert(table.name, frame.clone().collect().map_err(Error::table(name))?);
                }
            }
            for (name, frame) in loader::clock_frames(&known, as_of)? {
                tables.insert(name, frame.lazy());
            }
        }
        Ok(tables)
    }

    /// The raw record behind a row, as one line of JSON.
    pub fn raw(&self, source: &str, record_no: i64) -> Result<Option<String>, Error> {
        let path = self.folder.join(raw_name(source));
        let Some(index) = usize::try_from(record_no).ok().and_then(|number| number.checked_sub(1))
        else {
            return Ok(None);
        };
        if !path.is_file() {
            return Ok(None);
        }
        lines(&path)?.nth(index).transpose().map_err(Error::io("read", &path))
    }

    /// Checks size and digest of every file of the manifest; returns the names that differ or are missing,
    /// and files that the manifest does not know.
    pub fn verify(&self) -> Result<Vec<String>, Error> {
        let mut wrong = Vec::new();
        for (name, entry) in &self.manifest.files {
            let path = self.folder.join(name);
            if !path.is_file() {
                wrong.push(format!("{name} is missing"));
                continue;
            }
            let (bytes, sha256) = digest_file(&path)?;
            if sha256 != entry.sha256 {
                wrong.push(format!("{name} differs: {bytes} bytes, sha256 {sha256}; the manifest says {} bytes, {}", entry.bytes, entry.sha256));
            }
        }
        for kind in ["tables", "raw"] {
            wrong.extend(self.strangers(kind)?);
        }
        Ok(wrong)
    }

    fn strangers(&self, kind: &str) -> Result<Vec<String>, Error> {
        let folder = self.folder.join(kind);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let entry = entry.map_err(Error::io("list", &folder))?;
            let name = format!("{kind}/{}", entry.file_name().to_string_lossy());
            if !self.manifest.files.contains_key(&name) {
                found.push(format!("{name} is not in the manifest"));
            }
        }
        found.sort();
        Ok(found)
    }

    /// Writes the snapshot as one `.zip` bundle, with files beside it: those that a bundle may hold, by name.
    pub fn pack(&self, to: &Path, beside: &[(String, Vec<u8>)]) -> Result<(), Error> {
        bundle::pack(&self.folder, &self.manifest, beside, to)
    }
}
