//! Settings: everything that a simulated cloud can be told, with the values of a quiet day as defaults.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::Error;
use crate::fault::Fault;

/// What the simulated tenant holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A reference tenant that travels with the library, by name.
    Named(String),
    /// A recording in a folder: `highwater-index.json` and the files it names.
    Folder(PathBuf),
    /// A made tenant of a size.
    Made(Scale),
}

/// The size of a made tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Environments; two thirds of them have Dataverse.
    pub environments: usize,
    /// Cloud flows of each environment.
    pub flows: usize,
    /// Canvas apps of each environment.
    pub apps: usize,
}

impl Scale {
    /// So many environments with 18 flows and 7 apps each, as in a large tenant.
    #[must_use]
    pub const fn of(environments: usize) -> Self {
        Self { environments, flows: 18, apps: 7 }
    }
}

impl Profile {
    /// Names of the reference tenants.
    pub const NAMES: [&'static str; 5] =
        ["rudimentary", "repeatable", "defined", "capable", "denied"];

    /// A reference tenant by its name, or a folder where the text is a path that exists.
    ///
    /// # Errors
    /// [`Error::Profile`] where it is neither.
    pub fn named(text: &str) -> Result<Self, Error> {
        if Self::NAMES.contains(&text) {
            return Ok(Self::Named(text.to_owned()));
        }
        let path = PathBuf::from(text);
        if path.is_dir() { Ok(Self::Folder(path)) } else { Err(Error::Profile(text.to_owned())) }
    }
}

/// What a request that is fine, but for which a recording holds nothing, is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unrecorded {
    /// As a tenant that has none of it: an empty list, or 404.
    #[default]
    Nothing,
    /// As an identity that may not read it: 403.
    Refused,
}

/// How many requests a service takes in a window, before it answers 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window.
    pub requests: u32,
    /// Length of the window.
    pub window: Duration,
}

impl Quota {
    /// Reads quotas by service: `graph=100/10s, dataverse=6000/5m`.
    ///
    /// # Errors
    /// [`Error::Quota`] with the part that was not understood.
    pub fn list(text: &str) -> Result<BTreeMap<String, Self>, Error> {
        let one = |part: &str| {
            let (name, told) = part.split_once('=')?;
            let (requests, window) = told.split_once('/')?;
            let (number, unit) =
                window.split_at(window.find(|letter: char| !letter.is_ascii_digit())?);
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            let window = Duration::from_secs(
                number.parse::<u64>().ok().filter(|number| *number > 0)?.checked_mul(seconds)?,
            );
            let known = name == "resource_graph"
                || crate::host::Service::ALL.iter().any(|service| service.name() == name);
            known.then_some((name.to_owned(), Self { requests: requests.parse().ok()?, window }))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| one(part).ok_or_else(|| Error::Quota(part.to_owned()))).collect()
    }
}

/// Everything that a simulated cloud can be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the tenant holds.
    pub profile: Profile,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Unix time of the start, in seconds; tokens are dated by it.
    pub now: i64,
    /// Decides generated answers and faults by chance.
    pub seed: u64,
    /// Time that every answer takes, besides the work.
    pub latency: Duration,
    /// Most records of a page; the vendors' own sizes where left out.
    pub page_size: Option<usize>,
    /// Quotas by the name of a service (`bap`, `graph` …).
    pub quota: BTreeMap<String, Quota>,
    /// Faults, in the order in which they are tried.
    pub faults: Vec<Fault>,
    /// Lifetime of access tokens.
    pub token_lifetime: Duration,
    /// Whether a refresh token can be used only once (Entra itself lets older ones live on).
    pub single_use_refresh: bool,
    /// How often a device code is answered "pending" before somebody has signed in.
    pub device_polls: u32,
    /// The only client secret that is accepted; any that is not empty where left out.
    pub client_secret: Option<String>,
    /// What stands in for requests that a recording does not hold.
    pub unrecorded: Unrecorded,
    /// Plants made-up secrets in answers, see [`crate::Running::canaries`].
    pub canaries: bool,
}

impl Settings {
    /// Settings of a quiet day: loopback, a free port, no latency, no quota, no faults.
    #[must_use]
    pub fn new(profile: Profile, now: i64) -> Self {
        Self {
            profile,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            now,
            seed: 1,
            latency: Duration::ZERO,
            page_size: None,
            quota: BTreeMap::new(),
            faults: Vec::new(),
            token_lifetime: Duration::from_secs(3599),
            single_use_refresh: false,
            device_polls: 1,
            client_secret: None,
            unrecorded: Unrecorded::Nothing,
            canaries: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read() {
        let quotas = Quota::list("graph=100/10s, dataverse=6000/5m,").unwrap();
        assert_eq!(quotas["graph"], Quota { requests: 100, window: Duration::from_secs(10) });
        assert_eq!(quotas["dataverse"].window, Duration::from_secs(300));
        for wrong in ["graph", "graph=x/1s", "graph=1/1", "graph=1/0s", "moon=1/1s", "graph=1/s"] {
            assert!(Quota::list(wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }
}
