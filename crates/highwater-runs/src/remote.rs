//! Remote: a store on object storage.
//!
//! Guarantees that a reader sees a whole snapshot or none: files go first and are created, never replaced; the manifest
//! goes last, after everything was seen to be what was sent, and it too is created. Two writers of the same snapshot
//! cannot mix: the slower one finds a file that is not its own and stops. What a writer that was killed left is no
//! snapshot, and is swept away when it is old. The layout is that of a folder store.

use std::collections::BTreeMap;
use std::path::Path as Folder;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use highwater_auth::{Audience, Tokens};
use object_store::aws::AmazonS3Builder;
use object_store::azure::{AzureCredential, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    CredentialProvider, Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode,
    PutOptions, PutPayload, UpdateVersion, WriteMultipart,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::connector::Ours;
use crate::{Address, Error, address::Service};

/// Whom tokens for storage are for.
const AUDIENCE: &str = "https://storage.azure.com";
/// Files under way at once.
const AT_ONCE: usize = 8;
/// Files from this size on are sent in parts.
const LARGE: u64 = 64 << 20;
/// Size of a part.
const PART: usize = 16 << 20;
/// The key of every emulator, as the vendor's documentation gives it. It opens nothing else.
/// <https://learn.microsoft.com/azure/storage/common/storage-connect-azurite>
const EMULATOR: [&str; 2] = [
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    "/K1SZFPTOtr/KBHBeksoGMGw==",
];
/// The commit mark of a snapshot.
const MANIFEST: &str = "manifest.json";

/// What a store needs to be reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Gives tokens for storage of Azure.
    pub tokens: Option<Arc<dyn Tokens>>,
    /// The HTTP client; it follows no redirect.
    pub http: reqwest::Client,
    /// Ending of the hosts of Azure storage, where the address does not tell it: `core.windows.net`.
    pub suffix: String,
    /// Where an emulator of Azure storage listens on this machine; its account is `devstoreaccount1`.
    pub emulator: Option<Url>,
}

/// A store on object storage.
#[derive(Clone, Debug)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    address: Address,
    tokens: Option<Arc<dyn Tokens>>,
}

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

/// A bearer token for every request.
#[derive(Debug)]
struct Bearer(Arc<dyn Tokens>);

#[async_trait::async_trait]
impl CredentialProvider for Bearer {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AzureCredential>> {
        let token = self.0.token(&Audience::new(AUDIENCE)).await;
        let token = token.map_err(|error| StoreError::Generic {
            store: "MicrosoftAzure",
            source: Box::new(error),
        })?;
        Ok(Arc::new(AzureCredential::BearerToken(token.reveal().to_owned())))
    }
}

impl Remote {
    /// Opens a store; asks nobody anything yet.
    ///
    /// # Errors
    /// [`Error::Address`] when something is missing to reach it.
    pub fn open(address: &Address, access: &Access) -> Result<Self, Error> {
        let store: Result<Arc<dyn ObjectStore>, StoreError> = match &address.service {
            Service::Azure { account, container, suffix } => {
                return azure(address, (account, container), *suffix, access);
            }
            Service::S3 { bucket } => AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_http_connector(Ours { http: access.http.clone(), only: None })
                .build()
                .map(|store| Arc::new(store) as _),
            Service::Gcs { bucket } => GoogleCloudStorageBuilder::from_env()
                .with_bucket_name(bucket)
                .with_http_connector(Ours { http: access.http.clone(), only: None })
                .build()
                .map(|store| Arc::new(store) as _),
        };
        Ok(Self { store: store.map_err(wrong(address))?, address: address.clone(), tokens: None })
    }

    /// Signs in, where that is ours to do, so that a failure is seen as what it is.
    ///
    /// # Errors
    /// Whatever signing in says.
    pub async fn sign_in(&self) -> Result<(), highwater_auth::Error> {
        match &self.tokens {
            Some(tokens) => tokens.token(&Audience::new(AUDIENCE)).await.map(drop),
            None => Ok(()),
        }
    }

    /// The address, for people.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Tenants of whom something is kept.
    pub async fn tenants(&self) -> Result<Vec<String>, Error> {
        let prefix = (!self.address.prefix.is_empty()).then(|| self.path(""));
        let listed = self.store.list_with_delimiter(prefix.as_ref()).await;
        let listed = listed.map_err(|error| self.told("list", "", &error))?;
        let name = |path: &Path| {
            path.filename().and_then(|name| name.strip_prefix("tenant=")).map(str::to_owned)
        };
        Ok(listed.common_prefixes.iter().filter_map(name).collect())
    }

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

    /// The bytes of an object; none where there is none.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        Ok(self.versioned(name).await?.map(|(bytes, _)| bytes))
    }

    /// The bytes of an object and which version they are.
    pub(crate) async fn versioned(
        &self,
        name: &str,
    ) -> Result<Option<(Bytes, UpdateVersion)>, Error> {
        let read = match self.store.get(&self.path(name)).await {
            Err(StoreError::NotFound { .. }) => return Ok(None),
            other => other.map_err(|error| self.told("read", name, &error))?,
        };
        let version =
            UpdateVersion { e_tag: read.meta.e_tag.clone(), version: read.meta.version.clone() };
        let bytes = read.bytes().await.map_err(|error| self.told("read", name, &error))?;
        Ok(Some((bytes, version)))
    }

    /// Writes an object, whatever stood there.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<(), Error> {
        let put = self.store.put(&self.path(name), bytes.into()).await;
        put.map(drop).map_err(|error| self.told("write", name, &error))
    }

    /// Writes an object that must not be there yet; none where it is.
    pub async fn create(&self, name: &str, bytes: Bytes) -> Result<Option<UpdateVersion>, Error> {
        self.put_if(name, bytes, PutMode::Create).await
    }

    /// Writes an object in a mode; none where its condition does not hold.
    pub(crate) async fn put_if(
        &self,
        name: &str,
        bytes: Bytes,
        mode: PutMode,
    ) -> Result<Option<UpdateVersion>, Error> {
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.store.put_opts(&self.path(name), PutPayload::from(bytes), options).await {
            Ok(put) => Ok(Some(put.into())),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(None),
            Err(error) => Err(self.told("write", name, &error)),
        }
    }

    /// Names of objects below a folder, without it, sorted.
    pub async fn names(&self, below: &str) -> Result<Vec<String>, Error> {
        let listed = self.listed(below).await?;
        let start = format!("{}/", self.path(below));
        let mut names: Vec<String> = listed
            .iter()
            .filter_map(|meta| Some(meta.location.as_ref().strip_prefix(&start)?.to_owned()))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Takes an object away; that there is none is fine.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.told("delete", name, &error)),
        }
    }

    /// Takes everything below a folder away.
    pub async fn delete_all(&self, below: &str) -> Result<(), Error> {
        for name in self.names(below).await? {
            self.delete(&format!("{below}/{name}")).await?;
        }
        Ok(())
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

    async fn listed(&self, below: &str) -> Result<Vec<ObjectMeta>, Error> {
        let path = self.path(below);
        let listed = self.store.list(Some(&path)).try_collect().await;
        listed.map_err(|error| self.told("list", below, &error))
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

    fn path(&self, name: &str) -> Path {
        match (self.address.prefix.as_str(), name) {
            (prefix, "") => Path::from(prefix),
            ("", name) => Path::from(name),
            (prefix, name) => Path::from(format!("{prefix}/{name}")),
        }
    }

    fn told(&self, action: &'static str, name: &str, error: &StoreError) -> Error {
        let place = if name.is_empty() {
            self.address.to_string()
        } else {
            format!("{}/{name}", self.address)
        };
        Error::Remote { action, place, reason: causes(error) }
    }
}

/// Opens a container of Azure, or of the emulator.
fn azure(
    address: &Address,
    (account, container): (&str, &str),
    suffix: Option<&'static str>,
    access: &Access,
) -> Result<Remote, Error> {
    let builder = MicrosoftAzureBuilder::new().with_account(account).with_container_name(container);
    let tokens = access.tokens.clone().filter(|_| access.emulator.is_none());
    let (builder, only) = match (&access.emulator, &access.tokens) {
        (Some(emulator), _) => {
            let endpoint = format!("{}/{account}", emulator.as_str().trim_end_matches('/'));
            let builder = builder.with_endpoint(endpoint).with_access_key(EMULATOR.concat());
            (builder, emulator.authority().to_owned())
        }
        (None, Some(tokens)) => {
            let host = format!("{account}.blob.{}", suffix.unwrap_or(&access.suffix));
            let builder = builder
                .with_endpoint(format!("https://{host}"))
                .with_credentials(Arc::new(Bearer(Arc::clone(tokens))));
            (builder, host)
        }
        (None, None) => {
            return Err(Error::Address {
                address: address.to_string(),
                problem: "nobody signs in to it".to_owned(),
            });
        }
    };
    let connector = Ours { http: access.http.clone(), only: Some(only) };
    let store = builder.with_http_connector(connector).build().map_err(wrong(address))?;
    Ok(Remote { store: Arc::new(store), address: address.clone(), tokens })
}

fn wrong(address: &Address) -> impl Fn(StoreError) -> Error {
    let address = address.to_string();
    move |error| Error::Address { address: address.clone(), problem: causes(&error) }
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

/// An error and what caused it in one line, each thing said once.
fn causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        next = cause.source();
    }
    said.replace(['\n', '\r'], " ")
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
