//! Coverage: what was due, what was read to its end, and what was not.
//!
//! Guarantees that "nothing there" and "did not look" never look alike: every table has a row for every
//! scope in which it was due, and a row for the scopes whose number is not known. Only `full` is evidence
//! that something is absent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::assets;
use crate::config::Config;
use crate::table::Scope;
use crate::{TABLES, Table, Time};

/// Sources of the tenant's own rows, for tables that also have rows for every environment.
const TENANT_ROWS: &[(&str, &[&[&str]])] =
    &[("role_assignments", &[&["graph.roles", "bap.management_apps"]])];

/// Tables that are made of another table's rows, and so read as far as that one.
const FOLLOWS: &[(&str, &str)] = &[("desktop_run_peaks", "desktop_flow_runs")];

/// How far a scope was read.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// To its end.
    Full,
    /// Some of it; what is missing is named.
    Partial,
    /// A page chain broke.
    Truncated,
    /// The service refused.
    Denied,
    /// The service failed.
    Failed,
    /// Not read at all.
    #[default]
    None,
}

impl Status {
    /// The word used on disk.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Truncated => "truncated",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::None => "none",
        }
    }
}

/// What a collector or importer says of one source in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Source id.
    pub source: String,
    /// Environment, policy, group … that was read; empty for a reading of the whole tenant.
    pub scope: String,
    /// How far.
    pub status: Status,
    /// Pages or files.
    pub pages: u64,
    /// Records that the service said there are.
    pub expected: Option<u64>,
    /// Why it is not full, or what has to be said although it is.
    pub reason: Option<String>,
    /// When the oldest part of it was read, where that is not the moment of the snapshot.
    pub observed_at: Option<Time>,
}

/// One row of the `coverage` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) table: &'static str,
    pub(crate) scope_kind: &'static str,
    pub(crate) scope: String,
    pub(crate) status: Status,
    pub(crate) rows: u64,
    pub(crate) expected: Option<u64>,
    pub(crate) reason: Option<String>,
}

/// The scopes in which tables were due, as far as the snapshot itself tells.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Environments in scope, and whether each has Dataverse.
    pub(crate) environments: BTreeMap<String, Option<bool>>,
    /// Ids by scope, for all scopes but tenant and environments.
    pub(crate) ids: BTreeMap<Scope, BTreeSet<String>>,
    /// Whether the organisation named the environments that host pipelines.
    pub(crate) hosts_declared: bool,
    /// Scopes whose ids are not known in full.
    pub(crate) open: BTreeSet<Scope>,
}

/// Everything that was said of the sources, with records counted and rejected rows by table, scope and source.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) claims: BTreeMap<(String, String), Claim>,
    pub(crate) records: BTreeMap<(String, String), u64>,
    pub(crate) rejected: BTreeSet<(&'static str, String, String)>,
    pub(crate) rows: BTreeMap<(&'static str, String), u64>,
    /// What was read of assets that are asked for one by one.
    pub(crate) assets: assets::Read,
}

impl Said {
    /// Notes a claim; a second claim of the same source and scope widens the pages, and the worse status
    /// stays.
    pub(crate) fn claim(&mut self, claim: Claim) {
        let key = (claim.source.clone(), claim.scope.clone());
        match self.claims.get_mut(&key) {
            None => {
                self.claims.insert(key, claim);
            }
            Some(known) => {
                known.pages += claim.pages;
                known.expected = known.expected.max(claim.expected);
                known.observed_at =
                    [known.observed_at, claim.observed_at].into_iter().flatten().min();
                if claim.status > known.status {
                    known.status = claim.status;
                    known.reason = claim.reason;
                }
            }
        }
    }

    /// What was said of a source in a scope: of the scope itself, else of the whole tenant. Fewer records
    /// than the service announced is a broken chain.
    pub(crate) fn of(&self, source: &str, scope: &str) -> Option<Told> {
        let key = (source.to_owned(), scope.to_owned());
        let whole = (source.to_owned(), String::new());
        let (key, claim) = self
            .claims
            .get(&key)
            .map(|claim| (&key, claim))
            .or_else(|| self.claims.get(&whole).map(|claim| (&whole, claim)))?;
        let records = self.records.get(key).copied().unwrap_or(0);
        if claim.status == Status::Full && claim.expected.is_some_and(|expected| expected > records)
        {
            let expected = claim.expected.unwrap_or(0);
            let reason = format!("{source} gave {records} of {expected} records");
            return Some((Status::Truncated, claim.expected, Some(reason)));
        }
        Some((claim.status, claim.expected, claim.reason.clone()))
    }
}

/// The coverage of all tables that are read (not made), in table and scope order.
pub(crate) fn cover(said: &Said, due: Due, config: &Config) -> Vec<Covered> {
    let mut view = View { said, due, config };
    for (scope, parent) in PARENTS {
        let known = crate::table(parent)
            .is_some_and(|parent| view.table(parent).iter().all(|row| row.status == Status::Full));
        if !known {
            view.due.open.insert(*scope);
        }
    }
    if config.organisations.keys().filter(|system| CI_SYSTEMS.contains(&system.as_str())).count()
        < CI_SYSTEMS.len()
    {
        view.due.open.insert(Scope::Organisation);
    }
    let read = TABLES.iter().filter(|table| table.scope != Scope::Snapshot);
    read.flat_map(|table| view.table(table)).collect()
}

/// Tables whose rows are the scopes of other tables; where they were not read in full, scopes are missing.
const PARENTS: &[(Scope, &str)] = &[
    (Scope::Environment, "environments"),
    (Scope::Dataverse, "environments"),
    (Scope::Flow, "environments"),
    (Scope::PipelinesHost, "environments"),
    (Scope::EnvironmentGroup, "environment_groups"),
    (Scope::Policy, "dlp_policies"),
    (Scope::Subscription, "subscriptions"),
    (Scope::Sku, "licence_skus"),
    (Scope::Group, "conditional_access_policies"),
    (Scope::Resource, "key_vaults"),
    (Scope::Vault, "environment_variables"),
];

/// Systems of source control; both must be listed or declared unused before nothing can be missing.
const CI_SYSTEMS: &[&str] = &["azure_devops", "github"];

/// What was said, what was due and what was configured.
struct View<'a> {
    said: &'a Said,
    due: Due,
    config: &'a Config,
}

impl View<'_> {
    fn table(&self, table: &'static Table) -> Vec<Covered> {
        if let Some((_, followed)) = FOLLOWS.iter().find(|(name, _)| *name == table.name) {
            return self.follow(table, followed);
        }
        let mut covered: Vec<Covered> = scopes(table, self.said, &self.due)
            .into_iter()
            .map(|(scope, told)| self.scope(table, &scope, told))
            .collect();
        if let Some((_, alternatives)) = TENANT_ROWS.iter().find(|(name, _)| *name == table.name) {
            let mut row = self.best(table, alternatives, "");
            row.scope_kind = Scope::Tenant.kind();
            covered.push(row);
        }
        if is_unused(table, self.config) {
            covered.retain(|row| row.rows > 0);
            covered.push(row(
                table,
                String::new(),
                Status::Full,
                0,
                None,
                Some("declared unused".to_owned()),
            ));
        } else if self.due.open.contains(&table.scope) && !whole_tenant_is_full(table, self.said) {
            let reason = format!("not every {} is known", table.scope.kind().replace('_', " "));
            covered.push(row(table, String::new(), Status::None, 0, None, Some(reason)));
        }
        covered
    }

    /// One row for a table that is made of another: full where that one is, in part where it has rows.
    fn follow(&self, table: &'static Table, followed: &str) -> Vec<Covered> {
        let parent = crate::table(followed).map_or_else(Vec::new, |parent| self.table(parent));
        let full = parent.iter().all(|row| row.status == Status::Full);
        let some = parent.iter().any(|row| row.status == Status::Full || row.rows > 0);
        let rows = self.said.rows.get(&(table.name, String::new())).copied().unwrap_or(0);
        let (status, reason) = match (full, some) {
            (true, _) => (Status::Full, None),
            (false, true) => (Status::Partial, Some(format!("{followed} was read in part"))),
            (false, false) => (Status::None, Some(format!("{followed} was not read"))),
        };
        vec![row(table, String::new(), status, rows, None, reason)]
    }

    fn scope(&self, table: &'static Table, scope: &str, due: Option<bool>) -> Covered {
        let mut covered = self.best(table, table.complete, scope);
        if due.is_none() && covered.status == Status::None {
            covered.reason = Some("not told whether this environment has Dataverse".into());
        }
        covered
    }

    /// The alternative that covers a scope best.
    fn best(&self, table: &'static Table, alternatives: &[&[&str]], scope: &str) -> Covered {
        let rows = self.said.rows.get(&(table.name, scope.to_owned())).copied().unwrap_or(0);
        let candidates =
            alternatives.iter().map(|sources| self.alternative(table, sources, scope, rows));
        let mut covered =
            candidates.min_by_key(|candidate| candidate.status).unwrap_or_else(|| {
                row(
                    table,
                    scope.to_owned(),
                    Status::None,
                    rows,
                    None,
                    Some("no source reads it".into()),
                )
            });
        if covered.status == Status::None && rows > 0 {
            covered.status = Status::Partial;
            covered.reason = Some("rows came from sources that do not cover it in full".into());
        }
        covered
    }

    /// How far the sources of one alternative, all of them together, cover a scope.
    fn alternative(
        &self,
        table: &'static Table,
        sources: &[&str],
        scope: &str,
        rows: u64,
    ) -> Covered {
        let told: Vec<Told> =
            sources.iter().map(|source| self.told(source, scope, sources)).collect();
        let all_missing = told.iter().all(|told| told.0 == Status::None);
        let worst = told.iter().map(|told| told.0).max().unwrap_or(Status::None);
        let status = match worst {
            Status::None if !all_missing => Status::Partial,
            Status::Denied | Status::Failed if rows > 0 => Status::Partial,
            worst => worst,
        };
        let reasons: BTreeSet<String> = sources
            .iter()
            .zip(&told)
            .filter_map(|(source, told)| match told {
                (Status::Full, _, remark) => remark.clone(),
                (status, _, reason) => {
                    Some(reason.clone().unwrap_or_else(|| format!("{source} {}", missing(*status))))
                }
            })
            .collect();
        // What another source told without a required value takes nothing away from a list that was read in full.
        let rejects = |source: &&str| {
            let key = (table.name, scope.to_owned(), (**source).to_owned());
            self.said.rejected.contains(&key)
        };
        if status == Status::Full && sources.iter().any(rejects) {
            let reason = "records without a required value were rejected".to_owned();
            return row(table, scope.to_owned(), Status::Partial, rows, None, Some(reason));
        }
        let expected = if let ([told], false) = (told.as_slice(), status == Status::Full) {
            told.1
        } else {
            None
        };
        let reason =
            (!reasons.is_empty()).then(|| reasons.into_iter().collect::<Vec<_>>().join("; "));
        row(table, scope.to_owned(), status, rows, expected, reason)
    }

    /// How far a source was read in a scope, beside the other sources of an alternative. A Dataverse source
    /// has nothing to read where there is no Dataverse, and a source of single assets nothing where there
    /// are none.
    fn told(&self, source: &str, scope: &str, beside: &[&str]) -> Told {
        if source.starts_with("dv.") && self.due.environments.get(scope) == Some(&Some(false)) {
            return (Status::Full, None, None);
        }
        let parent = assets::table(source).and_then(crate::table);
        let tally = self.said.assets.get(&(source.to_owned(), scope.to_owned()));
        let share = tally.map(|tally| {
            if assets::is_relieved(source, beside) { &tally.elsewhere } else { &tally.all }
        });
        if let Some(parent) = parent
            && !scope.is_empty()
            && share.is_none_or(assets::Share::is_empty)
            && self.is_listed(parent, source, scope)
        {
            return (Status::Full, None, None);
        }
        // Of assets asked for one by one, the tally knows; a reading of the whole tenant needs none.
        let one_by_one = self.said.claims.contains_key(&(source.to_owned(), scope.to_owned()));
        if let (Some(share), true) = (share, one_by_one) {
            let (status, reason) = share.told(source);
            // Every known asset is not every asset.
            let listed = parent.is_some_and(|parent| self.is_listed(parent, source, scope));
            return match (status, parent) {
                (Status::Full, Some(parent)) if !listed => {
                    let reason = format!("{source} was read for what is known of {}", parent.name);
                    (Status::Partial, None, Some(format!("{reason}, which was not listed in full")))
                }
                _ => (status, None, reason),
            };
        }
        self.said.of(source, scope).unwrap_or((Status::None, None, None))
    }

    /// Whether the assets of a scope were listed to their end, whatever was read of the single ones: only
    /// then is "there are none" known.
    fn is_listed(&self, parent: &Table, source: &str, scope: &str) -> bool {
        let own = parent.complete.iter().any(|sources| sources.contains(&source));
        parent.complete.iter().filter(|sources| !own || sources.contains(&source)).any(|sources| {
            let mut lists = sources.iter().filter(|name| assets::table(name).is_none()).peekable();
            lists.peek().is_some()
                && lists.all(|name| self.told(name, scope, &[]).0 == Status::Full)
        })
    }
}

/// Status, records that there are, and why it is not full.
pub(crate) type Told = (Status, Option<u64>, Option<String>);

/// The scopes in which the table was due, with what is known of whether it is due there at all.
fn scopes(table: &Table, said: &Said, due: &Due) -> Vec<(String, Option<bool>)> {
    match table.scope {
        Scope::Tenant => vec![(String::new(), Some(true))],
        Scope::Environment | Scope::Flow => {
            due.environments.keys().map(|id| (id.clone(), Some(true))).collect()
        }
        Scope::Dataverse | Scope::PipelinesHost
            if table.scope == Scope::Dataverse || !due.hosts_declared =>
        {
            due.environments
                .iter()
                .filter(|(_, has)| **has != Some(false))
                .map(|(id, has)| (id.clone(), *has))
                .collect()
        }
        scope => {
            let mut ids: BTreeSet<String> = due.ids.get(&scope).cloned().unwrap_or_default();
            let claimed = said
                .claims
                .keys()
                .filter(|(source, id)| !id.is_empty() && sources(table).contains(source.as_str()));
            ids.extend(claimed.map(|(_, id)| id.clone()));
            ids.into_iter().map(|id| (id, Some(true))).collect()
        }
    }
}

const fn missing(status: Status) -> &'static str {
    match status {
        Status::Full => "was read",
        Status::Partial => "was read in part",
        Status::Truncated => "broke off",
        Status::Denied => "was denied",
        Status::Failed => "failed",
        Status::None => "was not read",
    }
}

fn row(
    table: &'static Table,
    scope: String,
    status: Status,
    rows: u64,
    expected: Option<u64>,
    reason: Option<String>,
) -> Covered {
    Covered {
        table: table.name,
        scope_kind: table.scope.kind(),
        scope,
        status,
        rows,
        expected,
        reason,
    }
}

/// Whether a claim about the whole tenant covers the table whatever its scopes are.
fn whole_tenant_is_full(table: &Table, said: &Said) -> bool {
    table.complete.iter().any(|alternative| {
        alternative.iter().all(|source| matches!(said.of(source, ""), Some((Status::Full, ..))))
    })
}

fn sources(table: &Table) -> BTreeSet<&'static str> {
    table.complete.iter().flat_map(|alternative| alternative.iter().copied()).collect()
}

/// Whether every source of the table belongs to a system that the organisation does not use.
fn is_unused(table: &Table, config: &Config) -> bool {
    let systems: BTreeSet<Option<&str>> = sources(table).into_iter().map(system).collect();
    !systems.is_empty()
        && systems.iter().all(|system| system.is_some_and(|system| config.is_unused(system)))
}

fn system(source: &str) -> Option<&'static str> {
    let service = source.split('.').next()?;
    match service {
        "arg" | "arm" | "kv" | "la" => Some("azure"),
        "ado" => Some("azure_devops"),
        "github" => Some("github"),
        "graph" if source.starts_with("graph.intune") || source == "graph.devices" => {
            Some("intune")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::claim;

    #[test]
    fn fewer_records_than_announced_is_a_broken_chain() {
        let mut said = Said::default();
        said.claim(Claim { expected: Some(5), ..claim("a", "", Status::Full) });
        said.records.insert(("a".into(), String::new()), 4);
        assert_eq!(said.of("a", "e1").unwrap().0, Status::Truncated);
        said.records.insert(("a".into(), String::new()), 5);
        assert_eq!(said.of("a", "e1").unwrap().0, Status::Full);
    }

    #[test]
    fn single_assets_that_were_read_do_not_stand_for_their_list() {
        let mut said = Said::default();
        said.claim(claim("github.protection", "github/contoso", Status::Full));
        said.claim(claim("github.workflows", "github/contoso", Status::Full));
        let covered = cover(&said, Due::default(), &Config::default());
        let of = |table: &str| {
            covered.iter().filter(|row| row.table == table).map(|row| row.status).max()
        };
        assert_eq!(of("source_control_repos"), Some(Status::None));
        assert!(
            covered
                .iter()
                .any(|row| row.table == "source_control_repos" && row.status == Status::Partial)
        );
    }

    #[test]
    fn every_known_asset_is_not_every_asset() {
        let shares = |apps: Status| {
            let mut said = Said::default();
            said.claim(claim("powerapps.apps", "e1", apps));
            said.claim(claim("dv.app_modules", "e1", Status::Full));
            said.claim(claim("dv.users", "e1", Status::Full));
            let source = "powerapps.app_permissions";
            said.claim(claim(source, "e1", Status::Full));
            said.assets.insert((source.into(), "e1".into()), assets::Tally::one_read());
            let due = Due {
                environments: BTreeMap::from([("e1".to_owned(), Some(true))]),
                ..Due::default()
            };
            let covered = cover(&said, due, &Config::default());
            let row =
                covered.into_iter().find(|row| row.table == "asset_shares" && row.scope == "e1");
            row.map(|row| row.status)
        };
        assert_eq!(shares(Status::Full), Some(Status::Full));
        assert_eq!(shares(Status::Truncated), Some(Status::Partial));
    }

    #[test]
    fn what_is_said_of_a_full_reading_stands_in_the_coverage() {
        let mut said = Said::default();
        let reason = Some("counted and not read".to_owned());
        said.claim(Claim { reason: reason.clone(), ..claim("dv.machines", "e1", Status::Full) });
        let due =
            Due { environments: BTreeMap::from([("e1".to_owned(), Some(true))]), ..Due::default() };
        let covered = cover(&said, due, &Config::default());
        let row = covered.iter().find(|row| row.table == "machines" && row.scope == "e1").unwrap();
        assert_eq!((row.status, &row.reason), (Status::Full, &reason));
    }

    #[test]
    fn the_worse_of_two_claims_stays() {
        let mut said = Said::default();
        said.claim(claim("a", "e1", Status::Full));
        said.claim(claim("a", "e1", Status::Denied));
        said.claim(claim("a", "e1", Status::Full));
        assert_eq!(said.of("a", "e1").unwrap().0, Status::Denied);
        assert_eq!(said.of("a", "e2"), None);
    }
}
