//! Store: where snapshots live, and the one step that makes a snapshot visible.
//!
//! Guarantees that a reader sees a whole snapshot or none: folders are written under a temporary name
//! and renamed. Owns the layout `tenant=<id>/snapshot=<moment>/`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
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

/// The lines of a compressed file.
pub(crate) fn lines(
    path: &Path,
) -> Result<impl Iterator<Item = io::Result<String>> + use<>, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let decoder = zstd::Decoder::new(file).map_err(Error::io("read", path))?;
    Ok(BufReader::new(decoder).lines())
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
        let aside = store.join(aside(&written.manifest.tenant.id, written.manifest.taken_at));
        clear(&aside)?;
        std::fs::rename(&home, &aside).map_err(Error::io("move aside", &home))?;
        std::fs::rename(&written.folder, &home).map_err(Error::io("publish", &home))?;
        std::fs::remove_dir_all(&aside).map_err(Error::io("remove", &aside))?;
        return Ok(home);
    }
    sync_folder(&written.folder)?;
    std::fs::rename(&written.folder, &home).map_err(Error::io("publish", &home))?;
    Ok(home)
}

/// Name of the folder in which a snapshot waits while another takes its place.
fn aside(tenant: &str, taken_at: Time) -> String {
    format!(".replaced-{tenant}-{}", taken_at.folder())
}

/// A snapshot that a store holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The moment for which it stands, as in its folder's name.
    pub id: String,
    /// Tenant id.
    pub tenant: String,
    /// Its folder.
    pub folder: PathBuf,
}

impl Held {
    /// The moment for which it stands.
    pub fn moment(&self) -> Time {
        moment(&self.id)
    }
}

/// The moment that the name of a snapshot tells; the beginning of time where it tells none.
pub fn moment(id: &str) -> Time {
    let (date, time) = id.split_once('T').unwrap_or((id, ""));
    Time::parse(&format!("{date}T{}", time.replace('-', ":"))).unwrap_or(Time::NEVER)
}

/// The snapshots of a store, the oldest first; of one tenant or of all. What is half written, or half removed, is none.
pub fn held(store: &Path, tenant: Option<&str>) -> Result<Vec<Held>, Error> {
    let mut found = Vec::new();
    for home in folders(store, "tenant=")? {
        let Some(theirs) = rest(&home, "tenant=").filter(|it| tenant.is_none_or(|of| of == it))
        else {
            continue;
        };
        for folder in folders(&home, "snapshot=")? {
            if let Some(id) = rest(&folder, "snapshot=")
                && folder.join("manifest.json").is_file()
            {
                found.push(Held { id, tenant: theirs.clone(), folder });
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The newest snapshot of a store, over all tenants.
pub fn newest(store: &Path) -> Result<PathBuf, Error> {
    held(store, None)?.pop().map(|it| it.folder).ok_or_else(|| Error::Missing(store.to_owned()))
}

/// Takes a snapshot away: out of sight at once, then from the disk.
pub fn remove(store: &Path, snapshot: &Held) -> Result<(), Error> {
    let away = store.join(format!(".removed-{}-{}", snapshot.tenant, snapshot.id));
    clear(&away)?;
    std::fs::rename(&snapshot.folder, &away).map_err(Error::io("remove", &snapshot.folder))?;
    clear(&away)
}

/// Ends what processes that were killed left of one tenant: a snapshot that waited for another to take its place comes
/// back, and what was half written (by a writer whose mark begins with `mark`) or half removed goes. Nobody else may
/// write this tenant's snapshots meanwhile.
pub fn recover(store: &Path, tenant: &str, mark: &str) -> Result<(), Error> {
    let replaced = format!(".replaced-{tenant}-");
    for waiting in folders(store, &replaced)? {
        let Some(id) = rest(&waiting, &replaced) else { continue };
        let home = store.join(format!("tenant={tenant}")).join(format!("snapshot={id}"));
        if home.join("manifest.json").is_file() {
            clear(&waiting)?;
        } else {
            std::fs::rename(&waiting, &home).map_err(Error::io("bring back", &waiting))?;
        }
    }
    let left = [format!(".removed-{tenant}-"), format!(".partial-{mark}")];
    for start in &left {
        folders(store, start)?.iter().try_for_each(|folder| clear(folder))?;
    }
    Ok(())
}

/// Asks the system to write everything of a snapshot to the disk, its name included.
pub fn sync(home: &Path) -> Result<(), Error> {
    let open = |path: &Path| {
        File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("sync", path))
    };
    for part in ["tables", "raw", ""] {
        let folder = home.join(part);
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            if path.is_file() {
                open(&path)?;
            }
        }
        if cfg!(unix) {
            open(&folder)?;
        }
    }
    match home.parent().filter(|_| cfg!(unix)) {
        Some(parent) => open(parent),
        None => Ok(()),
    }
}

/// Removes a folder, if there is one.
fn clear(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

/// What follows the beginning of a folder's name.
fn rest(folder: &Path, start: &str) -> Option<String> {
    Some(folder.file_name()?.to_str()?.strip_prefix(start)?.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(store: &Path, folder: &str) {
        std::fs::create_dir_all(store.join(folder)).unwrap();
        std::fs::write(store.join(folder).join("manifest.json"), folder).unwrap();
    }

    #[test]
    fn snapshots_are_listed_by_their_moment_and_half_ones_are_none() {
        let store = tempfile::tempdir().unwrap();
        for id in ["2026-11-02T06-00-00Z", "2026-11-01T06-00-00Z"] {
            snapshot(store.path(), &format!("tenant=a/snapshot={id}"));
        }
        snapshot(store.path(), "tenant=ab/snapshot=2026-11-03T06-00-00Z");
        std::fs::create_dir_all(store.path().join("tenant=a/snapshot=2026-11-04T06-00-00Z"))
            .unwrap();
        let found = held(store.path(), Some("a")).unwrap();
        let ids: Vec<&str> = found.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["2026-11-01T06-00-00Z", "2026-11-02T06-00-00Z"]);
        assert_eq!(found[0].moment(), Time::parse("2026-11-01T06:00:00Z").unwrap());
        assert_eq!(held(store.path(), None).unwrap().len(), 3);
        remove(store.path(), &found[0]).unwrap();
        assert_eq!(held(store.path(), Some("a")).unwrap().len(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_ended() {
        let store = tempfile::tempdir().unwrap();
        snapshot(store.path(), ".replaced-a-2026-11-01T06-00-00Z");
        snapshot(store.path(), ".replaced-a-2026-11-02T06-00-00Z");
        snapshot(store.path(), "tenant=a/snapshot=2026-11-02T06-00-00Z");
        snapshot(store.path(), ".removed-a-2026-10-01T06-00-00Z");
        snapshot(store.path(), ".partial-run-a-7");
        snapshot(store.path(), ".partial-run-b-7");
        recover(store.path(), "a", "run-a-").unwrap();
        let ids: Vec<String> =
            held(store.path(), Some("a")).unwrap().into_iter().map(|it| it.id).collect();
        assert_eq!(ids, ["2026-11-01T06-00-00Z", "2026-11-02T06-00-00Z"]);
        let mut left: Vec<String> = std::fs::read_dir(store.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".partial-run-b-7", "tenant=a"]);
    }
}
