//! Found: what answers name that other sources are asked for.
//!
//! Owns the places at which sources are asked (an environment, an object) and the few fields that are kept of them.
//! Whole records are never kept: a tenant has millions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::chain::first_half;
use crate::purse::Purse;
use crate::source::Request;

/// One environment, as far as reading it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Id (`name` of the record).
    pub id: String,
    /// `environmentSku` in lower case: `production`, `sandbox`, `developer`, `trial`, `teams`, `default` …
    pub sku: String,
    /// Whether it is the default environment.
    pub is_default: bool,
    /// Whether it is a managed environment.
    pub is_managed: bool,
    /// When it was created, RFC 3339 as told; empty where it was not.
    pub created: String,
    /// Address of its Dataverse, without a slash at the end (`instanceApiUrl`).
    pub dataverse: Option<String>,
    /// Why it cannot be read now (disabled, being deleted); none where it can.
    pub closed: Option<String>,
    /// Rows by logical table name, as the probe counted them; none where the probe was refused or not made.
    pub counts: Option<BTreeMap<String, u64>>,
    /// What answers of the environment showed (`custom_solution`, `coe_kit` …).
    pub marks: BTreeSet<&'static str>,
    /// Sources that were read to their end in it.
    pub read: BTreeSet<&'static str>,
    /// Keys that earlier sources named for later ones (`custom_solutions`).
    pub keys: Vec<Object>,
    /// What sources that were read to their end hold in it, as one number each: equal for equal things.
    pub prints: BTreeMap<&'static str, u128>,
    /// The newest change or activity that was told of it.
    pub newest: Option<Timestamp>,
}

impl Environment {
    /// Rows of a table, where the probe told.
    pub fn count(&self, table: &str) -> Option<u64> {
        self.counts.as_ref()?.get(table).copied()
    }

    /// Whether it was created less than so many days before a moment.
    pub fn is_younger(&self, days: i64, now: &str) -> bool {
        let moment = |text: &str| text.parse::<Timestamp>().ok();
        let age = moment(&self.created)
            .zip(moment(now))
            .map(|(created, now)| now.duration_since(created).as_hours());
        age.is_some_and(|hours| hours < days * 24)
    }

    /// Whether it serves production: by its SKU, or because it is the default environment.
    pub fn is_production(&self) -> bool {
        self.sku == "production" || self.is_default
    }
}

/// One object that sources are asked for: a policy, a group, a vault, an app …
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Kind, as [`crate::Scope::Each`] names it.
    pub kind: &'static str,
    /// Most important first where not all can be asked; 0 is the most important.
    pub rank: u64,
    /// Id, as the index names it (`parent`).
    pub id: String,
    /// Environment to which it belongs, if to one.
    pub environment: Option<String>,
    /// Further fields by the names that requests use.
    pub fields: BTreeMap<&'static str, String>,
}

impl Object {
    /// An object of a kind.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), ..Self::default() }
    }

    /// The same with one more field.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.insert(name, value.into());
        self
    }
}

/// What a source is asked of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The environment, if it is asked by environment.
    pub environment: Option<&'a Environment>,
    /// The object, if it is asked by object.
    pub object: Option<&'a Object>,
    /// What makes the run: kinds of reading that are not for everybody.
    pub plan: Option<&'a crate::Plan>,
    /// Whether the tenant is small enough to ask every environment everything.
    pub thorough: bool,
    /// What pays for its requests, where they are bounded: one after the other.
    pub(crate) purse: Option<&'a Purse>,
}

impl Place<'_> {
    /// How many things of a list are asked at once here.
    pub(crate) const fn at_once(&self, most: usize) -> usize {
        if self.purse.is_some() { 1 } else { most }
    }

    /// Pays for one request; no: the budget is spent.
    pub(crate) async fn pays(&self, service: &str) -> bool {
        match self.purse {
            None => true,
            Some(purse) => purse.pay(service).await,
        }
    }
}

/// Whether a source is asked of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is.
    Ask,
    /// There is nothing to ask for, and that is evidence: the probe counted no rows.
    Empty,
    /// It is not, and what it would say stays unknown; why, in words that follow "not asked: ".
    Not(&'static str),
    /// It does not concern this place: nothing is missing.
    Never,
}

/// One page of an answer, as it lies in the recording.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The request that it answers.
    pub request: &'static Request,
    /// What was asked.
    pub place: Place<'a>,
    /// The key of [`crate::Each`], empty if there is none.
    pub key: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The body as one object; none where it has another shape.
    pub fn one<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body).ok()
    }

    /// The records of a list, under `value`, `collection` or `data`, or bare. A record of another shape is left out.
    pub fn list<T: DeserializeOwned>(&self) -> Vec<T> {
        crate::items::items(self.body)
    }
}

/// A record made of several answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// Parent in the index, where it is another than the place's object.
    pub parent: Option<String>,
    /// The JSON to record.
    pub body: Vec<u8>,
}

/// Makes records out of all answers at one place, in the order in which they were asked. Pure: the same answers make
/// the same records, so that a resumed run makes them again.
pub type Compose = fn(&Place<'_>, &[Answer<'_>]) -> Vec<Composed>;

/// One page that is kept until its place is finished.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) request: &'static Request,
    pub(crate) key: String,
    pub(crate) body: bytes::Bytes,
}

/// What answers of one source at one place named.
#[derive(Debug, Default)]
pub struct Found {
    /// Environments.
    pub(crate) environments: Vec<Environment>,
    /// Objects whose sources are asked next, at this place.
    pub(crate) children: Vec<Object>,
    /// Objects that many answers name: asked once each, when everything else was read.
    pub(crate) named: Vec<Object>,
    /// Keys for later requests of the same source at the same place.
    pub(crate) keys: Vec<Object>,
    /// Rows by table.
    pub(crate) counts: BTreeMap<String, u64>,
    /// What the environment showed.
    pub(crate) marks: BTreeSet<&'static str>,
    /// Records, for reconciliation, by what they are counted as.
    pub(crate) tally: BTreeMap<&'static str, u64>,
    /// Pages out of which evidence is made.
    pub(crate) kept: Vec<Kept>,
    /// The status of a refusal.
    pub(crate) refused: Option<u16>,
    /// Records in these pages, where the probe counts them too.
    pub(crate) rows: u64,
    /// What the pages hold, as one number.
    pub(crate) print: u128,
    /// The newest change that was told of the environment.
    pub(crate) newest: Option<Timestamp>,
    /// The same of other environments, by id in lower case.
    pub(crate) changes: BTreeMap<String, Timestamp>,
}

impl Found {
    /// Takes over what another request of the same source named.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.environments.extend(other.environments);
        self.children.extend(other.children);
        self.named.extend(other.named);
        self.keys.extend(other.keys);
        self.counts.extend(other.counts);
        self.marks.extend(other.marks);
        for (what, records) in other.tally {
            *self.tally.entry(what).or_default() += records;
        }
        self.kept.extend(other.kept);
        self.refused = self.refused.or(other.refused);
        self.rows += other.rows;
        self.print = self.print.wrapping_add(other.print);
        self.newest = self.newest.max(other.newest);
        for (environment, at) in other.changes {
            let newest = self.changes.entry(environment).or_insert(at);
            *newest = at.max(*newest);
        }
    }

    /// An environment.
    pub fn environment(&mut self, environment: Environment) {
        self.environments.push(environment);
    }

    /// An object that belongs to this place: sources of its kind are asked for it as soon as this source is finished.
    pub fn child(&mut self, object: Object) {
        self.children.push(object);
    }

    /// An object that several answers may name: sources of its kind are asked for it once, at the end of the run.
    pub fn named(&mut self, object: Object) {
        self.named.push(object);
    }

    /// A key for later requests of this source ([`crate::Each::Found`]).
    pub fn key(&mut self, object: Object) {
        self.keys.push(object);
    }

    /// Rows of a table, counted by the probe.
    pub fn count(&mut self, table: impl Into<String>, rows: u64) {
        self.counts.insert(table.into(), rows);
    }

    /// Something that the environment showed.
    pub fn mark(&mut self, mark: &'static str) {
        self.marks.insert(mark);
    }

    /// Something that the environment holds, by its id and all that tells a change of it. The order changes nothing.
    pub fn holds(&mut self, told: &[&str]) {
        let digest = Sha256::digest(told.join("\n"));
        self.print = self.print.wrapping_add(first_half(&digest));
    }

    /// When something in the environment that was asked was changed or used last.
    pub fn changed(&mut self, at: Option<&str>) {
        self.newest = self.newest.max(at.and_then(moment));
    }

    /// When something in an environment was changed or used last.
    pub fn changed_in(&mut self, environment: &str, at: Option<&str>) {
        if let Some(at) = at.and_then(moment) {
            let newest = self.changes.entry(environment.to_lowercase()).or_insert(at);
            *newest = at.max(*newest);
        }
    }

    /// Records that another source also counts (`environments`, `apps`, `flows`).
    pub fn tally(&mut self, what: &'static str, records: u64) {
        *self.tally.entry(what).or_default() += records;
    }
}

/// A moment as services tell it, in UTC where no zone stands. What cannot be read as one is later than everything: it
/// must not look like no change. None where nothing is told.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    let utc = |text: &str| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let told = text.parse().ok().or_else(|| utc(text).map(|zoned| zoned.timestamp()));
    Some(told.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_moment_is_no_proof_that_nothing_changed() {
        let at: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-11-21T06:00:00Z"), Some(at));
        assert_eq!(moment("2026-11-21T06:00:00.0000000"), Some(at));
        assert_eq!(moment("yesterday"), Some(Timestamp::MAX));
        assert_eq!(moment(""), None);
    }
}
