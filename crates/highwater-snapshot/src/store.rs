//! Store: where snapshots live, and the one step that makes a snapshot visible.
//!
//! Guarantees that a reader sees a whole snapshot or none: folders are written under a temporary name
//! and renamed. Owns the layout `tenant=<id>/snapshot=<moment>/`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::boundary::hex;
use crate::writer::Written;
use crate::{Error, Time};

/// Temporary folder for a snapshot that is being written. `mark` tells concurrent writers apart.
pub fn staging(store: &Path, mark: &str) -> PathBuf {
    store.join(format!(".partial-{mark}"))
}

/// The folder of a tenant's snapshot of a moment.
pub fn home(store: &Path, tenant: &str, taken_at: Time) -> PathBuf {
    store.join(format!("tenant={tenant}")).join(format!("snapshot={}", taken_at.folder()))
}

/// Gives a written snapshot its name. The same snapshot again is fine; a different one of the same
/// moment is refused unless `replace`.
pub fn publish(store: &Path, written: &Written, replace: bool) -> Result<PathBuf, Error> {
    let home = home(store, &written.manifest.tenant.id, written.manifest.taken_at);
    if let Some(parent) = home.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    }
    if home.join("manifest.json").is_file() {
        if same_manifest(&home, &written.folder)? {
            std::fs::remove_dir_all(&written.folder)
                .map_err(Error::io("remove", &written.folder))?;
            return Ok(home);
        }
        if !replace {
            std::fs::remove_dir_all(&written.folder)
                .map_err(Error::io("remove", &written.folder))?;
            return Err(Error::Exists(home));
        }
        let aside = store.join(format!(".replaced-{}", written.manifest.taken_at.folder()));
        std::fs::rename(&home, &aside).map_err(Error::io("move aside", &home))?;
        std::fs::rename(&written.folder, &home).map_err(Error::io("publish", &home))?;
        std::fs::remove_dir_all(&aside).map_err(Error::io("remove", &aside))?;
        return Ok(home);
    }
    sync_folder(&written.folder)?;
    std::fs::rename(&written.folder, &home).map_err(Error::io("publish", &home))?;
    Ok(home)
}

/// The newest snapshot of a store, over all tenants.
pub fn newest(store: &Path) -> Result<PathBuf, Error> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for tenant in folders(store, "tenant=")? {
        for snapshot in folders(&tenant, "snapshot=")? {
            if snapshot.join("manifest.json").is_file()
                && let Some(name) = snapshot.file_name().and_then(|name| name.to_str())
            {
                found.push((name.to_owned(), snapshot));
            }
        }
    }
    found.sort();
    found.pop().map(|(_, path)| path).ok_or_else(|| Error::Missing(store.to_owned()))
}

fn folders(parent: &Path, prefix: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", parent)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("list", parent))?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn same_manifest(left: &Path, right: &Path) -> Result<bool, Error> {
    let read = |folder: &Path| {
        let path = folder.join("manifest.json");
        std::fs::read(&path).map_err(Error::io("read", &path))
    };
    Ok(read(left)? == read(right)?)
}

/// Asks the system to write the folder's files to the disk before the name becomes visible.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    let path = folder.join("manifest.json");
    File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io("sync", &path))
}

/// Size and digest of a file, read in pieces.
pub(crate) fn digest_file(path: &Path) -> Result<(u64, String), Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut hashing = Hashing::new(io::sink());
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if read == 0 {
            return Ok(hashing.finish());
        }
        hashing.write_all(&buffer[..read]).map_err(Error::io("read", path))?;
    }
}

/// A writer that counts and digests what passes through.
pub(crate) struct Hashing<W> {
    inner: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, digest: Sha256::new(), bytes: 0 }
    }

    pub(crate) fn finish(self) -> (u64, String) {
        (self.bytes, hex(&self.digest.finalize()))
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
