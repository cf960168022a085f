//! Place: where snapshots live: a folder, and object storage behind it where an address was named.
//!
//! Guarantees that whatever is read and written stands in a folder; for object storage that folder is a mirror that may
//! be lost at any time. Owns how an address becomes a mirror, and what is brought into it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use highwater_runs::remote::Remote;
use highwater_runs::{Address, Error, record};
use highwater_snapshot::{Held, Snapshot, held};

use crate::args::Access;
use crate::config::Config;
use crate::connect;
use crate::exit::{sign_in_error, usage_error};

/// How many of the newest snapshots are tried for a good one.
const TRIED: usize = 5;

/// A store as this machine sees it.
pub(crate) struct Place {
    /// The folder: the store itself, or the mirror of one.
    pub(crate) folder: PathBuf,
    /// Object storage that the folder mirrors.
    pub(crate) remote: Option<Remote>,
}

impl Place {
    /// The store that a flag or the configuration names.
    pub(crate) fn open(
        config: &Config,
        flag: Option<&Path>,
        access: &Access,
    ) -> anyhow::Result<Self> {
        let store = config.store(flag);
        let Some(address) = address(&store)? else {
            return Ok(Self { folder: store, remote: None });
        };
        Self::at(config, &address, access)
    }

    fn at(config: &Config, address: &Address, access: &Access) -> anyhow::Result<Self> {
        let remote = Remote::open(address, &connect::storage(access, config, address)?)?;
        Ok(Self { folder: mirror(address)?, remote: Some(remote) })
    }

    /// The folder of the reports of a snapshot.
    pub(crate) fn reports(&self, tenant: &str, snapshot: &str) -> PathBuf {
        reports(&self.folder, tenant).join(snapshot)
    }

    /// The newest snapshot of a tenant that is whole; older than `before` where that is given.
    pub(crate) fn last_good(
        &self,
        tenant: &str,
        before: Option<&str>,
    ) -> anyhow::Result<Option<Held>> {
        let mut found = held(&self.folder, Some(tenant))?;
        found.retain(|it| before.is_none_or(|before| it.id.as_str() < before));
        Ok(found.into_iter().rev().find(is_good))
    }
}

/// The folder of a tenant's reports.
pub(crate) fn reports(store: &Path, tenant: &str) -> PathBuf {
    store.join(format!("tenant={tenant}")).join("reports")
}

/// Whether a snapshot is what its manifest says.
pub(crate) fn is_good(held: &Held) -> bool {
    let wrong = Snapshot::open(&held.folder).and_then(|snapshot| snapshot.verify());
    match wrong {
        Ok(wrong) if wrong.is_empty() => true,
        Ok(wrong) => {
            tracing::warn!(snapshot = held.id, wrong = wrong.len(), "a snapshot is damaged");
            false
        }
        Err(error) => {
            tracing::warn!(snapshot = held.id, %error, "a snapshot cannot be read");
            false
        }
    }
}

/// The address of object storage that a path is; none for a folder.
pub(crate) fn address(path: &Path) -> anyhow::Result<Option<Address>> {
    match path.to_str() {
        Some(text) => Ok(Address::parse(text)?),
        None => Ok(None),
    }
}

/// What a reader wants of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The newest snapshot.
    Newest,
    /// All of them, each with its issued scorecard.
    All,
}

/// A path that can be read here: of an address, what is wanted is brought into the mirror first.
pub(crate) fn local(config: &Config, path: &Path, wanted: Wanted) -> anyhow::Result<PathBuf> {
    let Some(address) = address(path)? else { return Ok(path.to_owned()) };
    let (address, named) = split(address);
    let place = Place::at(config, &address, &Access::of_environment()?)?;
    let runtime = tokio::runtime::Runtime::new().context("no runtime for the network")?;
    runtime.block_on(brought(&place, named.as_ref(), wanted))
}

/// An address inside a store, as the store and the tenant and snapshot that it names.
fn split(mut address: Address) -> (Address, Option<(String, String)>) {
    let prefix = address.prefix.clone();
    let (before, inside) = match prefix.find("tenant=") {
        Some(at) if at == 0 || prefix[..at].ends_with('/') => prefix.split_at(at),
        _ => return (address, None),
    };
    let named = inside.strip_prefix("tenant=").and_then(|it| it.split_once("/snapshot="));
    let Some((tenant, snapshot)) = named else { return (address, None) };
    address.prefix = before.trim_end_matches('/').to_owned();
    (address, Some((tenant.to_owned(), snapshot.to_owned())))
}

async fn brought(
    place: &Place,
    named: Option<&(String, String)>,
    wanted: Wanted,
) -> anyhow::Result<PathBuf> {
    let Some(remote) = &place.remote else { return Ok(place.folder.clone()) };
    remote.sign_in().await.map_err(|error| sign_in_error(&error))?;
    if let Some((tenant, id)) = named {
        return bring(&place.folder, remote, tenant, id).await;
    }
    let mut newest: Option<(String, String)> = None;
    let now = crate::commands::now()?;
    for tenant in remote.tenants().await? {
        let ids = remote.snapshots(&tenant).await?;
        newest = newest.max(ids.last().map(|id| (id.clone(), tenant.clone())));
        if wanted == Wanted::All {
            let old = |held: &Held| held.moment().days_until(now) > 2;
            forget(&place.folder, &tenant, &ids, old)?;
            for id in &ids {
                bring(&place.folder, remote, &tenant, id).await?;
            }
        }
    }
    let Some((id, tenant)) = newest else {
        return Err(usage_error(format!(
            "no snapshot at {}: make one with `highwater run --store {}`",
            remote.address(),
            remote.address()
        )));
    };
    match wanted {
        Wanted::All => Ok(place.folder.clone()),
        Wanted::Newest => bring(&place.folder, remote, &tenant, &id).await,
    }
}

/// Brings a snapshot into the mirror, where it is not there yet; whole or not at all.
pub(crate) async fn bring(
    folder: &Path,
    remote: &Remote,
    tenant: &str,
    id: &str,
) -> anyhow::Result<PathBuf> {
    let home = folder.join(format!("tenant={tenant}")).join(format!("snapshot={id}"));
    if home.join("manifest.json").is_file() {
        return Ok(home);
    }
    let mark = format!("fetch-{tenant}-{}-{id}", std::process::id());
    let staging = highwater_snapshot::staging(folder, &mark);
    let _cleanup = crate::commands::Cleanup(staging.clone());
    remote.fetch(tenant, id, &staging).await?;
    let parent = home.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)
        .with_context(|| format!("cannot create {}", parent.display()))?;
    match std::fs::rename(&staging, &home) {
        Ok(()) => Ok(home),
        // Another reader was faster.
        Err(_) if home.join("manifest.json").is_file() => Ok(home),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", home.display())),
    }
}

/// Brings the newest snapshot that is whole, and the scorecards that were issued for the newest ones; takes snapshots
/// away that the store does not have, but for `ours`.
pub(crate) async fn freshen(
    place: &Place,
    tenant: &str,
    ours: Option<&str>,
    cards: usize,
) -> anyhow::Result<()> {
    let Some(remote) = &place.remote else { return Ok(()) };
    let ids = remote.snapshots(tenant).await?;
    let mut known = ids.clone();
    known.extend(ours.map(str::to_owned));
    forget(&place.folder, tenant, &known, |_| true)?;
    for id in ids.iter().rev().take(cards) {
        let name = format!("tenant={tenant}/reports/{id}/scorecard.json");
        fetch_file(place, remote, &name).await?;
    }
    for id in ids.iter().rev().take(TRIED) {
        match bring(&place.folder, remote, tenant, id).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.downcast_ref(), Some(Error::Damaged { .. })) => {
                tracing::warn!(snapshot = id, %error, "a snapshot is damaged");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Brings the newest records of a tenant, for those who look at them.
pub(crate) async fn records(place: &Place, tenant: &str, most: usize) -> anyhow::Result<()> {
    let Some(remote) = &place.remote else { return Ok(()) };
    let below = format!("tenant={tenant}/runs");
    let names = remote.names(&below).await?;
    for (index, name) in names.iter().rev().take(most).enumerate() {
        let name = format!("{below}/{name}");
        // Only the newest may still change.
        if index == 0 {
            let _ = std::fs::remove_file(place.folder.join(&name));
        }
        fetch_file(place, remote, &name).await?;
    }
    record::trim(&place.folder, tenant, record::KEPT)?;
    Ok(())
}

/// Brings one file into the mirror, where there is one and the mirror has none.
async fn fetch_file(place: &Place, remote: &Remote, name: &str) -> anyhow::Result<()> {
    let path = place.folder.join(name);
    if path.is_file() {
        return Ok(());
    }
    let Some(bytes) = remote.get(name).await? else { return Ok(()) };
    let wrong = || format!("cannot write {}", path.display());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(wrong)?;
    }
    let part = path.with_extension("part");
    std::fs::write(&part, &bytes).and_then(|()| std::fs::rename(&part, &path)).with_context(wrong)
}

/// Takes snapshots out of the mirror that the store does not have. Who only reads takes away old ones alone: a young one
/// may be of a run that is about to publish it.
fn forget(
    folder: &Path,
    tenant: &str,
    known: &[String],
    may_go: impl Fn(&Held) -> bool,
) -> anyhow::Result<()> {
    for held in held(folder, Some(tenant))? {
        if !known.contains(&held.id) && may_go(&held) {
            highwater_snapshot::remove(folder, &held)?;
        }
    }
    Ok(())
}

/// The key for pseudonyms: that of the store, which makes one when it has none.
pub(crate) async fn share_key(place: &Place, config: &Config) -> anyhow::Result<()> {
    const KEY: &str = "pseudonym.key";
    let Some(remote) = &place.remote.as_ref().filter(|_| config.hides_people()) else {
        return Ok(());
    };
    let path = place.folder.join(KEY);
    let theirs = match remote.get(KEY).await? {
        Some(theirs) => theirs,
        None => {
            config.people(&place.folder)?;
            let ours = bytes::Bytes::from(std::fs::read(&path)?);
            match remote.create(KEY, ours.clone()).await? {
                Some(_) => ours,
                None => remote.get(KEY).await?.unwrap_or(ours),
            }
        }
    };
    if std::fs::read(&path).ok().as_deref() != Some(&theirs[..]) {
        let text = std::str::from_utf8(&theirs)
            .map_err(|_| usage_error(format!("{}/{KEY} is damaged", remote.address())))?;
        std::fs::create_dir_all(&place.folder)?;
        let _ = std::fs::remove_file(&path);
        crate::config::write_private(&path, text)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The folder that mirrors a store on this machine.
fn mirror(address: &Address) -> anyhow::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let below = |name: &str, rest: &str| Some(PathBuf::from(variable(name)?).join(rest));
    let root = variable("HIGHWATER_CACHE")
        .map(PathBuf::from)
        .or_else(|| below("XDG_CACHE_HOME", "highwater"))
        .or_else(|| below("LOCALAPPDATA", "highwater"))
        .or_else(|| below("HOME", ".cache/highwater"))
        .unwrap_or_else(|| std::env::temp_dir().join("highwater"));
    let digest = crate::sign::digest(address.to_string().as_bytes());
    let folder = root.join(&digest[..16]);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(|error| {
        usage_error(format!(
            "cannot create {}: {error}; name a folder that can be written in HIGHWATER_CACHE",
            folder.display()
        ))
    })?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_a_store_names_a_snapshot() {
        let of = |text: &str| split(Address::parse(text).unwrap().unwrap());
        let (store, named) = of("az://contoso/maturity/a/tenant=t/snapshot=s");
        assert_eq!(store.to_string(), "az://contoso/maturity/a");
        assert_eq!(named, Some(("t".to_owned(), "s".to_owned())));
        let (store, named) = of("az://contoso/maturity/tenant=t/snapshot=s");
        assert_eq!((store.prefix.as_str(), named.is_some()), ("", true));
        assert_eq!(of("az://contoso/maturity/a").1, None);
    }
}
