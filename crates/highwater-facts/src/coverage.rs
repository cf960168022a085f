//! Coverage: how far each table was read, as far as it matters to a fact.
//!
//! A row of the table `coverage` is one table in one scope that was due. Not every such scope matters:
//!
//! - an environment that is known and not in scope (deleted, excluded, a platform SKU) never matters, nor
//!   for tables of Dataverse one that is told to have none; an environment that is not in the list does;
//! - of a fact over production, only production environments matter, those whose kind is not told included;
//! - of a table that has rows of the tenant and of environments, only the tenant's matters to a fact over
//!   the tenant, and only the environments' to a fact over production;
//! - where a fact names lists, only groups that these lists name matter;
//! - a scope without id stands for the whole table and always matters.
//!
//! A scope that was due but has no row counts as not read: every environment that matters for tables read
//! by environment (unless a row for the whole table stands in), and every listed group.
//! Only `full` is read. Of any other scope, `expected - rows` rows are missing, or an unknown number
//! where that is not told or not above zero.

use std::collections::{BTreeMap, HashMap, HashSet};

use highwater_snapshot::{Scope as TableScope, Table};
use polars::prelude::*;

use crate::{Error, Scope};

/// What is known of one environment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Environment {
    pub(crate) in_scope: bool,
    pub(crate) production: Option<bool>,
    pub(crate) dataverse: Option<bool>,
}

/// The tables `coverage` and `config_lists` and the environments, ready to be looked up.
pub(crate) struct Coverage {
    rows: Vec<CoverageRow>,
    by_table: HashMap<String, Vec<usize>>,
    environments: BTreeMap<String, Environment>,
    lists: BTreeMap<String, HashSet<String>>,
}

struct CoverageRow {
    kind: Box<str>,
    scope: Box<str>,
    status: Status,
    rows: Option<i64>,
    expected: Option<i64>,
    reason: Option<Box<str>>,
}

/// How far a scope was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Full,
    Partial,
    Truncated,
    Denied,
    Failed,
    None,
}

/// How far one table was read in the scopes that matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    /// Scopes that matter.
    pub(crate) due: u64,
    /// Of them, read to their end.
    pub(crate) full: u64,
    /// Of them, not read at all.
    pub(crate) none: u64,
    /// Rows known to be missing.
    pub(crate) missing: u64,
    /// Whether more are missing whose number is not known.
    pub(crate) open: bool,
    /// Rows read and rows that there are, where every scope tells both.
    counted: Option<(u64, u64)>,
    /// Scopes that were not read to their end, by what they are, status and reason.
    pub(crate) holes: BTreeMap<(String, Status, String), u64>,
}

impl Reading {
    /// Whether everything that matters was read.
    pub(crate) const fn is_full(&self) -> bool {
        self.full == self.due
    }

    /// Whether nothing that matters was read.
    pub(crate) const fn is_absent(&self) -> bool {
        self.due > 0 && self.none == self.due
    }

    /// Rows read over rows that there are, else scopes read over scopes due; below one where there is a hole.
    pub(crate) fn completeness(&self) -> f64 {
        match self.counted {
            _ if self.is_full() => 1.0,
            Some((rows, all)) if all > rows => rows as f64 / all as f64,
            // A chain that broke although as many rows came as were announced is a hole all the same.
            _ => self.full as f64 / self.due as f64,
        }
    }

    fn add(&mut self, kind: &str, row: Option<&CoverageRow>) {
        let status = row.map_or(Status::None, |row| row.status);
        let told = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let rows = row.and_then(|row| told(row.rows));
        self.due += 1;
        if status == Status::Full {
            self.full += 1;
            self.count(rows, rows);
            return;
        }
        let expected = row.and_then(|row| told(row.expected));
        match (rows, expected) {
            (Some(rows), Some(expected)) if expected > rows => self.missing += expected - rows,
            _ => self.open = true,
        }
        self.count(rows, expected);
        self.none += u64::from(status == Status::None);
        let reason = row.and_then(|row| row.reason.as_deref()).unwrap_or_default();
        *self.holes.entry((kind.to_owned(), status, reason.to_owned())).or_default() += 1;
    }

    fn count(&mut self, rows: Option<u64>, expected: Option<u64>) {
        let so_far = if self.due == 1 { Some((0, 0)) } else { self.counted };
        self.counted = match (so_far, rows, expected) {
            (Some((read, all)), Some(rows), Some(expected)) => {
                Some((read + rows, all + expected.max(rows)))
            }
            _ => None,
        };
    }
}

impl Coverage {
    /// Reads the two tables; `environments` are all that are known.
    pub(crate) fn new(
        coverage: &DataFrame,
        lists: &DataFrame,
        environments: BTreeMap<String, Environment>,
    ) -> Result<Self, Error> {
        let failed = |error| Error::frame("coverage", &error);
        let (rows, by_table) = coverage_rows(coverage).map_err(failed)?;
        let lists = list_values(lists).map_err(|error| Error::frame("config_lists", &error))?;
        Ok(Self { rows, by_table, environments, lists })
    }

    /// Whether a list was declared, be it empty.
    pub(crate) fn is_declared(&self, list: &str) -> bool {
        let told = |row: &CoverageRow| *row.scope == *list && row.status == Status::Full;
        self.lists.contains_key(list) || self.rows_of("config_lists").any(told)
    }

    /// How far a table was read where it matters to a fact of that scope and those lists.
    pub(crate) fn reading(&self, table: &Table, scope: Scope, lists: &[String]) -> Reading {
        let wanted = Wanted { table, scope, lists, tenant_rows: self.has_tenant_rows(table) };
        let mut reading = Reading::default();
        let (mut whole, mut seen) = (false, HashSet::new());
        for row in self.rows_of(table.name).filter(|row| self.matters(&wanted, row)) {
            whole = whole || row.scope.is_empty() || (&*row.kind == "tenant" && !is_mixed(table));
            seen.insert(&*row.scope);
            reading.add(&row.kind, Some(row));
        }
        if !whole {
            for kind in self.unseen(&wanted, &seen) {
                reading.add(kind, None);
            }
        }
        if reading.due == 0 && !self.is_idle(table, lists) {
            reading.add(table.scope.kind(), None);
        }
        reading
    }

    fn rows_of(&self, table: &str) -> impl Iterator<Item = &CoverageRow> {
        self.by_table.get(table).into_iter().flatten().map(|index| &self.rows[*index])
    }

    fn has_tenant_rows(&self, table: &Table) -> bool {
        is_mixed(table) && self.rows_of(table.name).any(|row| &*row.kind == "tenant")
    }

    fn matters(&self, wanted: &Wanted<'_>, row: &CoverageRow) -> bool {
        if wanted.tenant_rows {
            match wanted.scope {
                Scope::Tenant => return &*row.kind == "tenant",
                Scope::Production if &*row.kind == "tenant" => return false,
                _ => {}
            }
        }
        if row.scope.is_empty() {
            return true;
        }
        match &*row.kind {
            "environment" => {
                self.environments.get(&*row.scope).is_none_or(|one| wanted.is_due(one))
            }
            "group" if !wanted.lists.is_empty() => self.is_listed(wanted.lists, &row.scope),
            _ => true,
        }
    }

    fn is_listed(&self, lists: &[String], value: &str) -> bool {
        lists.iter().any(|list| self.lists.get(list).is_some_and(|values| values.contains(value)))
    }

    /// The kind of every scope that was due and has no row.
    fn unseen(&self, wanted: &Wanted<'_>, seen: &HashSet<&str>) -> Vec<&'static str> {
        match wanted.table.scope {
            TableScope::Environment | TableScope::Dataverse | TableScope::Flow => {
                if is_narrow(wanted.table) && wanted.scope != Scope::Production
                    || wanted.scope == Scope::Tenant
                {
                    return Vec::new();
                }
                let due = self
                    .environments
                    .iter()
                    .filter(|(id, one)| wanted.is_due(one) && !seen.contains(id.as_str()));
                due.map(|_| "environment").collect()
            }
            TableScope::Group => {
                let values = wanted.lists.iter().filter_map(|list| self.lists.get(list)).flatten();
                let due: HashSet<&str> =
                    values.map(String::as_str).filter(|id| !seen.contains(id)).collect();
                due.iter().map(|_| "group").collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a table without any scope that matters has nothing to be read: its scopes are rows of
    /// another table, which was read in full and has none that matter.
    fn is_idle(&self, table: &Table, lists: &[String]) -> bool {
        let parent = match table.scope {
            TableScope::Environment | TableScope::Dataverse | TableScope::Flow => "environments",
            TableScope::EnvironmentGroup => "environment_groups",
            TableScope::Policy => "dlp_policies",
            TableScope::Subscription => "subscriptions",
            TableScope::Vault => "environment_variables",
            TableScope::Sku => "licence_skus",
            TableScope::Group => {
                return !lists.is_empty() && lists.iter().all(|list| self.is_declared(list));
            }
            _ => return false,
        };
        let mut rows = self.rows_of(parent).peekable();
        rows.peek().is_some() && rows.all(|row| row.status == Status::Full)
    }
}

/// What a fact wants to know of a table.
struct Wanted<'w> {
    table: &'w Table,
    scope: Scope,
    lists: &'w [String],
    tenant_rows: bool,
}

impl Wanted<'_> {
    fn is_due(&self, one: &Environment) -> bool {
        let production = self.scope != Scope::Production || one.production != Some(false);
        let dataverse = self.table.scope != TableScope::Dataverse || one.dataverse != Some(false);
        one.in_scope && production && dataverse
    }
}

/// Whether the table has rows of the tenant as well as of environments.
fn is_mixed(table: &Table) -> bool {
    table.name == "role_assignments"
}

/// Whether the table is due in production or in chosen environments only.
fn is_narrow(table: &Table) -> bool {
    ["environment_operations", "environment_backups", "component_layers"].contains(&table.name)
}

type Rows = (Vec<CoverageRow>, HashMap<String, Vec<usize>>);

fn coverage_rows(frame: &DataFrame) -> PolarsResult<Rows> {
    let text = |name| frame.column(name)?.str();
    let number = |name| frame.column(name)?.i64();
    let (tables, kinds, scopes) = (text("table_name")?, text("scope_kind")?, text("scope_id")?);
    let (statuses, reasons) = (text("status")?, text("reason")?);
    let (counts, expected) = (number("rows")?, number("expected")?);
    let mut rows = Vec::with_capacity(frame.height());
    let mut by_table: HashMap<String, Vec<usize>> = HashMap::new();
    for index in 0..frame.height() {
        let Some(table) = tables.get(index) else { continue };
        match by_table.get_mut(table) {
            Some(known) => known.push(rows.len()),
            None => {
                by_table.insert(table.to_owned(), vec![rows.len()]);
            }
        }
        rows.push(CoverageRow {
            kind: kinds.get(index).unwrap_or_default().into(),
            scope: scopes.get(index).unwrap_or_default().into(),
            status: status(statuses.get(index)),
            rows: counts.get(index),
            expected: expected.get(index),
            reason: reasons.get(index).map(Into::into),
        });
    }
    Ok((rows, by_table))
}

/// The status of that name; a name that is not known is no reading.
fn status(word: Option<&str>) -> Status {
    match word {
        Some("full") => Status::Full,
        Some("partial") => Status::Partial,
        Some("truncated") => Status::Truncated,
        Some("denied") => Status::Denied,
        Some("failed") => Status::Failed,
        _ => Status::None,
    }
}

fn list_values(frame: &DataFrame) -> PolarsResult<BTreeMap<String, HashSet<String>>> {
    let (kinds, values) = (frame.column("kind")?.str()?, frame.column("value")?.str()?);
    let mut lists: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    for (kind, value) in kinds.iter().zip(values.iter()) {
        if let (Some(kind), Some(value)) = (kind, value) {
            lists.entry(kind.to_owned()).or_default().insert(value.to_owned());
        }
    }
    Ok(lists)
}
