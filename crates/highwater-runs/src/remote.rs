//! Remote: a store on object storage, and the objects in it.
//!
//! Guarantees that tokens for storage are asked for one audience and go to one host, and that errors hold no secret. The
//! layout is that of a folder store; how whole snapshots move stands in `snapshots.rs`.

mod snapshots;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use highwater_auth::{Audience, Tokens};
use object_store::aws::AmazonS3Builder;
use object_store::azure::{AzureCredential, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    CredentialProvider, Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode,
    PutOptions, PutPayload, UpdateVersion,
};
use url::Url;

pub use self::snapshots::Published;
use crate::connector::Ours;
use crate::{Address, Error, address::Service};

/// Whom tokens for storage are for.
const AUDIENCE: &str = "https://storage.azure.com";
/// The key of every emulator, as the vendor's documentation gives it. It opens nothing else.
/// <https://learn.microsoft.com/azure/storage/common/storage-connect-azurite>
const EMULATOR: [&str; 2] = [
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    "/K1SZFPTOtr/KBHBeksoGMGw==",
];

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

    async fn listed(&self, below: &str) -> Result<Vec<ObjectMeta>, Error> {
        let path = self.path(below);
        let listed = self.store.list(Some(&path)).try_collect().await;
        listed.map_err(|error| self.told("list", below, &error))
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
