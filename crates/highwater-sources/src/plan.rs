//! Plan: what a run reads, of which tenant, as whom, and how much of it.
//!
//! Everything that decides what is asked stands here, so that a resumed run can prove that it is the same run. The
//! moment is given: nothing below the command looks at the clock.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::source::Identity;

/// What a run reads.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Directory id of the tenant.
    pub tenant: String,
    /// Kind of identity that signed in.
    pub identity: Identity,
    /// The moment of the run, RFC 3339 in UTC to the second: `2026-11-22T06:00:00Z`.
    pub now: String,
    /// Only these sources, or families (`dv`, `graph`); all where empty. What they are asked for is always read.
    pub only: BTreeSet<String>,
    /// Not these sources or families.
    pub skip: BTreeSet<String>,
    /// Only these environments; all where empty.
    pub environments: BTreeSet<String>,
    /// Objects that configuration names, by kind: `organisation` (`github.com/contoso`), `group`, `workspace` …
    pub named: BTreeMap<String, Vec<String>>,
    /// Environments that configuration names as hosts of pipelines or kits: they are read first.
    pub first: BTreeSet<String>,
    /// Requests that the run may spend in all; no limit where it is none. A budget and the numbers of objects do not
    /// make another plan: a run may go on with more.
    #[serde(skip)]
    pub total: Option<u64>,
    /// Requests that a service is given; no limit where it is not named. `dataverse` is counted by the day.
    #[serde(skip)]
    pub budget: BTreeMap<String, u64>,
    /// How many objects of a kind are asked at most (`flow`), most important first; no limit where it is not named.
    #[serde(skip)]
    pub most: BTreeMap<String, u64>,
    /// Up to so many environments, each is asked everything; beyond, quiet and unproductive ones are asked less.
    pub thorough_up_to: u64,
    /// What the snapshot is told apart by that this run goes by ([`crate::Earlier::mark`]); none where it asks everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<String>,
    /// Sources that are only read on demand, because they cost a request for every component.
    pub extra: BTreeSet<String>,
}

impl Plan {
    /// A plan that reads everything of a tenant.
    pub fn new(tenant: impl Into<String>, identity: Identity, now: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            identity,
            now: now.into(),
            only: BTreeSet::new(),
            skip: BTreeSet::new(),
            environments: BTreeSet::new(),
            named: BTreeMap::new(),
            first: BTreeSet::new(),
            total: None,
            budget: BTreeMap::new(),
            most: BTreeMap::new(),
            thorough_up_to: 100,
            earlier: None,
            extra: BTreeSet::new(),
        }
    }

    /// What distinguishes this plan from others: 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What distinguishes what this plan asks from what others ask, whatever the day and the earlier snapshot: 64
    /// hexadecimal digits. The declarations of the sources are part of it.
    pub fn reading(&self) -> String {
        let plan = Self { now: String::new(), earlier: None, ..self.clone() };
        let mut hash = Sha256::new();
        hash.update(plan.digest());
        for source in crate::sources() {
            hash.update(format!("{} {:?}", source.id, source.requests));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Requests by pool: those of the services, and those of the run as a whole.
    pub(crate) fn pools(&self) -> BTreeMap<String, u64> {
        let all = self.total.map(|total| (crate::purse::ALL.to_owned(), total));
        self.budget.clone().into_iter().chain(all).collect()
    }

    /// Whether a source is wanted.
    pub fn wants(&self, source: &str) -> bool {
        let family = source.split('.').next().unwrap_or_default();
        let named = |list: &BTreeSet<String>| list.contains(source) || list.contains(family);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}
