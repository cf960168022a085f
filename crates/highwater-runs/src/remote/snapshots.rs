//! Snapshots on object storage: published, brought, taken away.
//!
//! Guarantees that a reader sees a whole snapshot or none: files go first and are created, never replaced; the manifest
//! goes last, after everything was seen to be what was sent, and it too is created. Two writers of the same snapshot
//! cannot mix: the slower one finds a file that is not its own and stops. What a writer that was killed left is no
//! snapshot, and is swept away when it is old.

use std::collections::BTreeMap;
use std::path::Path as Folder;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStoreExt as _, UpdateVersion, WriteMultipart,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Remote;
use crate::Error;

/// Files under way at once.
const AT_ONCE: usize = 8;
/// Files from this size on are sent in parts.
const LARGE: u64 = 64 << 20;
/// Size of a part.
const PART: usize = 16 << 20;
/// The commit mark of a snapshot.
const MANIFEST: &str = "manifest.json";

/// What came of publishing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is there now.
    New,
    /// It was there already, the same.
    Known,
}

/// The part of a manifest that moving a snapshot needs.
#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, File>,
}

/// A file of a manifest.
#[derive(Deserialize)]
struct File {
    sha256: String,
}

impl Remote {
    /// Snapshots of a tenant whose manifest stands, the oldest first.
    pub async fn snapshots(&self, tenant: &str) -> Result<Vec<String>, Error> {
        let found = self.objects(tenant).await?;
        Ok(found.into_iter().filter(|(_, files)| committed(files)).map(|(id, _)| id).collect())
    }

    /// Writes a snapshot; `still` is asked before it becomes visible whether that may still be done.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another writer's files stand there; whatever `still` says.
    pub async fn publish(
        &self,
        tenant: &str,
        id: &str,
        folder: &Folder,
        still: impl Fn() -> Result<(), Error>,
    ) -> Result<Published, Error> {
        let base = format!("tenant={tenant}/snapshot={id}");
        let manifest = read(&folder.join(MANIFEST)).await?;
        let commit = format!("{base}/{MANIFEST}");
        if let Some(theirs) = self.get(&commit).await? {
            let same = theirs == manifest;
            return if same {
                Ok(Published::Known)
            } else {
                Err(Error::Conflict { place: commit })
            };
        }
        let names = files(&manifest, &commit)?;
        let sent: BTreeMap<String, Option<String>> = stream::iter(names.keys())
            .map(|name| self.send(&base, name, folder))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let listed = self.objects(tenant).await?.remove(id).unwrap_or_default();
        for (name, sent) in &sent {
            let place = format!("{base}/{name}");
            let found = listed.iter().find(|meta| meta.location.as_ref().ends_with(&place));
            if found.is_none_or(|meta| tag(&meta.e_tag) != tag(sent)) {
                return Err(Error::Conflict { place });
            }
        }
        still()?;
        match self.create(&commit, manifest.clone()).await? {
            Some(_) => Ok(Published::New),
            None if self.get(&commit).await? == Some(manifest) => Ok(Published::Known),
            None => Err(Error::Conflict { place: commit }),
        }
    }

    /// Brings a snapshot into a folder that does not exist yet, checked against its manifest.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a file is not what the manifest says.
    pub async fn fetch(&self, tenant: &str, id: &str, to: &Folder) -> Result<(), Error> {
        let base = format!("tenant={tenant}/snapshot={id}");
        let commit = format!("{base}/{MANIFEST}");
        let missing = || Error::Damaged { place: commit.clone() };
        let manifest = self.get(&commit).await?.ok_or_else(missing)?;
        let names = files(&manifest, &commit)?;
        stream::iter(names.iter())
            .map(|(name, file)| self.bring(&base, name, &file.sha256, to))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        write(&to.join(MANIFEST), &manifest).await
    }

    /// Takes a snapshot away: out of sight first.
    pub async fn remove(&self, tenant: &str, id: &str) -> Result<(), Error> {
        self.delete(&format!("tenant={tenant}/snapshot={id}/{MANIFEST}")).await?;
        self.delete_all(&format!("tenant={tenant}/snapshot={id}")).await
    }

    /// Takes away what writers that were killed left of a tenant: files without a manifest of which none is younger
    /// than `before` (seconds since 1970). Returns the snapshots that never were.
    pub async fn sweep(&self, tenant: &str, before: i64) -> Result<Vec<String>, Error> {
        let mut swept = Vec::new();
        for (id, files) in self.objects(tenant).await? {
            let young = files.iter().any(|meta| meta.last_modified.timestamp() >= before);
            if !committed(&files) && !young {
                self.delete_all(&format!("tenant={tenant}/snapshot={id}")).await?;
                swept.push(id);
            }
        }
        Ok(swept)
    }

    /// Objects of a tenant's snapshots, committed or not, by snapshot.
    async fn objects(&self, tenant: &str) -> Result<BTreeMap<String, Vec<ObjectMeta>>, Error> {
        let below = format!("tenant={tenant}");
        let start = format!("{}/", self.path(&below));
        let mut found: BTreeMap<String, Vec<ObjectMeta>> = BTreeMap::new();
        for meta in self.listed(&below).await? {
            let rest = meta.location.as_ref().strip_prefix(&start);
            let id = rest.and_then(|it| it.strip_prefix("snapshot=")?.split_once('/'));
            if let Some((id, _)) = id {
                found.entry(id.to_owned()).or_default().push(meta);
            }
        }
        Ok(found)
    }

    /// Sends a file, and tells its tag. One that is there already must be the same.
    async fn send(
        &self,
        base: &str,
        name: &str,
        folder: &Folder,
    ) -> Result<(String, Option<String>), Error> {
        let place = format!("{base}/{name}");
        let path = folder.join(name);
        let size = tokio::fs::metadata(&path).await.map_err(Error::io("read", &path))?.len();
        let made = if size < LARGE {
            self.create(&place, read(&path).await?).await?
        } else if self.store.head(&self.path(&place)).await.is_ok() {
            None
        } else {
            Some(self.send_parts(&place, &path).await?)
        };
        if let Some(version) = made {
            return Ok((name.to_owned(), version.e_tag));
        }
        let ours = read(&path).await?;
        match self.versioned(&place).await? {
            Some((theirs, version)) if theirs == ours => Ok((name.to_owned(), version.e_tag)),
            _ => Err(Error::Conflict { place }),
        }
    }

    /// Sends a large file in parts; it appears when all of them are there.
    async fn send_parts(&self, place: &str, path: &Folder) -> Result<UpdateVersion, Error> {
        use tokio::io::AsyncReadExt as _;
        let told = |error: &StoreError| self.told("write", place, error);
        let upload = self.store.put_multipart(&self.path(place)).await;
        let mut upload =
            WriteMultipart::new_with_chunk_size(upload.map_err(|error| told(&error))?, PART);
        let mut file = tokio::fs::File::open(path).await.map_err(Error::io("read", path))?;
        let mut part = vec![0; PART];
        loop {
            let read = file.read(&mut part).await.map_err(Error::io("read", path))?;
            if read == 0 {
                let put = upload.finish().await.map_err(|error| told(&error))?;
                return Ok(put.into());
            }
            upload.wait_for_capacity(2).await.map_err(|error| told(&error))?;
            upload.write(&part[..read]);
        }
    }

    /// Brings one file, checked.
    async fn bring(&self, base: &str, name: &str, sha256: &str, to: &Folder) -> Result<(), Error> {
        let place = format!("{base}/{name}");
        let damaged = || Error::Damaged { place: place.clone() };
        let bytes = self.get(&place).await?.ok_or_else(damaged)?;
        if hex(&Sha256::digest(&bytes)) != sha256 {
            return Err(damaged());
        }
        write(&to.join(name), &bytes).await
    }
}

/// A tag as all answers have it: some put it in quotes, some do not.
fn tag(told: &Option<String>) -> Option<&str> {
    told.as_deref().map(|tag| tag.trim_matches('"'))
}

/// Whether the commit mark of a snapshot is among its files.
fn committed(files: &[ObjectMeta]) -> bool {
    files.iter().any(|meta| meta.location.filename() == Some(MANIFEST))
}

/// Files of a manifest. A name that no snapshot has is damage, and reaches no disk.
fn files(manifest: &[u8], place: &str) -> Result<BTreeMap<String, File>, Error> {
    let damaged = || Error::Damaged { place: place.to_owned() };
    let manifest: Manifest = serde_json::from_slice(manifest).map_err(|_| damaged())?;
    let plain = |part: &str| {
        let sound = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(sound)
    };
    let known = |name: &str| match name.split_once('/') {
        Some(("tables" | "raw", file)) => plain(file),
        _ => false,
    };
    if manifest.files.keys().all(|name| known(name)) { Ok(manifest.files) } else { Err(damaged()) }
}

async fn read(path: &Folder) -> Result<Bytes, Error> {
    tokio::fs::read(path).await.map(Bytes::from).map_err(Error::io("read", path))
}

async fn write(path: &Folder, bytes: &[u8]) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(Error::io("create", parent))?;
    }
    tokio::fs::write(path, bytes).await.map_err(Error::io("write", path))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_manifest_stay_in_their_folder() {
        let of = |name: &str| {
            let text = format!(r#"{{"files": {{{name:?}: {{"sha256": "00"}}}}}}"#);
            files(text.as_bytes(), "m").is_ok()
        };
        assert!(of("tables/apps.parquet") && of("raw/graph.users.ndjson.zst"));
        for name in ["../x", "tables/../x", "/etc/passwd", "tables/.x", "x", "tables\\x", "raw/"] {
            assert!(!of(name), "{name}");
        }
    }
}
