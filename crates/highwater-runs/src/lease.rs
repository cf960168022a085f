//! Lease: one run at a time of one tenant in a store on object storage.
//!
//! Owns one object that says who runs and until when. Guarantees that of all who ask at once one gets it (conditional
//! writes), that it is renewed while its holder lives, and that it ends by itself when the holder does not. Clocks that
//! differ by more than half of a lease can let two runs begin; they still cannot mix their snapshots (`remote.rs`).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use object_store::{PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::remote::Remote;
use crate::{Error, lock::Taken};

/// What the object says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    /// One line about the holder, for people.
    holder: String,
    /// Tells holders apart.
    mark: String,
    /// End, in seconds since 1970.
    until: i64,
}

/// Who asks, and for how long.
#[derive(Clone, Debug)]
pub struct Asker {
    /// One line about us.
    pub holder: String,
    /// Something that nobody else has.
    pub mark: String,
    /// For how long; it is renewed after a third of that.
    pub lifetime: Duration,
    /// The clock, in seconds since 1970.
    pub now: fn() -> i64,
}

/// A lease that is held until it is released, or until it ends.
#[derive(Debug)]
pub struct Lease {
    inner: Arc<Inner>,
    renewing: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Inner {
    remote: Remote,
    name: String,
    asker: Asker,
    version: Mutex<UpdateVersion>,
    renewed: Mutex<Instant>,
    lost: AtomicBool,
}

/// Asks for the lease of a tenant, or says who has it.
///
/// # Errors
/// When the store cannot be asked.
pub async fn take(remote: &Remote, tenant: &str, asker: &Asker) -> Result<Taken<Lease>, Error> {
    Ok(match attempt(remote, tenant, asker).await? {
        Attempt::Ours(lease) => Taken::Ours(lease),
        Attempt::Theirs(held, _) => Taken::Busy(held.holder),
    })
}

/// The same, with patience: a holder that does not renew the lease is dead, and its lease is waited out. Who is alive is
/// seen to be so within a third of the lifetime. A lease that is given back meanwhile was that of a run that lived and has
/// done the work: that is told as well, so that of two that are started together one works.
///
/// # Errors
/// When the store cannot be asked.
pub async fn take_from_the_dead(
    remote: &Remote,
    tenant: &str,
    asker: &Asker,
) -> Result<Taken<Lease>, Error> {
    let mut seen: Option<(Held, UpdateVersion)> = None;
    let patience = Instant::now() + asker.lifetime * 2;
    loop {
        match attempt(remote, tenant, asker).await? {
            Attempt::Ours(lease) => {
                let Some((held, _)) = seen.filter(|(held, _)| held.until > (asker.now)()) else {
                    return Ok(Taken::Ours(lease));
                };
                lease.release().await;
                return Ok(Taken::Busy(held.holder));
            }
            Attempt::Theirs(held, version) => {
                let renewed = seen.as_ref().is_some_and(|(_, seen)| *seen != version);
                if renewed || Instant::now() >= patience {
                    return Ok(Taken::Busy(held.holder));
                }
                seen = Some((held, version));
            }
        }
        tokio::time::sleep(asker.lifetime / 30).await;
    }
}

/// What came of asking once.
enum Attempt {
    /// It is ours.
    Ours(Lease),
    /// Somebody has it, in that version.
    Theirs(Held, UpdateVersion),
}

async fn attempt(remote: &Remote, tenant: &str, asker: &Asker) -> Result<Attempt, Error> {
    let name = format!(".locks/{tenant}.json");
    loop {
        let (now, begun) = ((asker.now)(), Instant::now());
        let version = match remote.create(&name, said(asker, now)).await? {
            Some(version) => version,
            None => {
                let Some((bytes, version)) = remote.versioned(&name).await? else { continue };
                match serde_json::from_slice::<Held>(&bytes) {
                    Ok(held) if held.until > now => return Ok(Attempt::Theirs(held, version)),
                    // It has ended, or was written by nobody who holds it.
                    _ => {}
                }
                let taken = remote.put_if(&name, said(asker, now), PutMode::Update(version));
                // Who was faster is seen by asking again.
                let Some(version) = taken.await? else { continue };
                version
            }
        };
        let inner = Arc::new(Inner {
            remote: remote.clone(),
            name,
            asker: asker.clone(),
            version: Mutex::new(version),
            renewed: Mutex::new(begun),
            lost: AtomicBool::new(false),
        });
        let renewing = tokio::spawn(renew(Arc::clone(&inner)));
        return Ok(Attempt::Ours(Lease { inner, renewing }));
    }
}

fn said(asker: &Asker, now: i64) -> Bytes {
    let lifetime = i64::try_from(asker.lifetime.as_secs()).unwrap_or(i64::MAX);
    let until = now.saturating_add(lifetime);
    let held = Held { holder: asker.holder.clone(), mark: asker.mark.clone(), until };
    serde_json::to_vec(&held).unwrap_or_default().into()
}

impl Lease {
    /// Whether it is still ours.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when it is not, or when it could not be renewed in time.
    pub fn check(&self) -> Result<(), Error> {
        let renewed = *self.inner.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = renewed.elapsed() >= self.inner.asker.lifetime;
        if ended || self.inner.lost.load(Ordering::Acquire) {
            return Err(Error::LeaseLost { place: self.inner.name.clone() });
        }
        Ok(())
    }

    /// Gives it back. That this fails is no harm: it ends by itself.
    pub async fn release(self) {
        self.renewing.abort();
        let inner = &self.inner;
        let held =
            Held { holder: inner.asker.holder.clone(), mark: inner.asker.mark.clone(), until: 0 };
        let version = inner.version.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let bytes = serde_json::to_vec(&held).unwrap_or_default().into();
        if let Err(error) = inner.remote.put_if(&inner.name, bytes, PutMode::Update(version)).await
        {
            tracing::debug!(%error, "the lease was not given back");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// Renews a lease until it is lost.
async fn renew(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(inner.asker.lifetime / 3).await;
        let begun = Instant::now();
        match once(&inner).await {
            Ok(Some(version)) => {
                *inner.version.lock().unwrap_or_else(PoisonError::into_inner) = version;
                *inner.renewed.lock().unwrap_or_else(PoisonError::into_inner) = begun;
            }
            Ok(None) => {
                inner.lost.store(true, Ordering::Release);
                return;
            }
            // It is tried again, and ends by the clock when that does not help.
            Err(error) => tracing::warn!(%error, "the lease was not renewed"),
        }
    }
}

/// Renews once; none where it is somebody else's.
async fn once(inner: &Inner) -> Result<Option<UpdateVersion>, Error> {
    let bytes = said(&inner.asker, (inner.asker.now)());
    let version = inner.version.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let put = inner.remote.put_if(&inner.name, bytes, PutMode::Update(version)).await?;
    if put.is_some() {
        return Ok(put);
    }
    // An answer that was lost looks like a lease that was: what stands there tells.
    let found = inner.remote.versioned(&inner.name).await?;
    Ok(found.and_then(|(bytes, version)| {
        let held: Held = serde_json::from_slice(&bytes).ok()?;
        (held.mark == inner.asker.mark).then_some(version)
    }))
}
