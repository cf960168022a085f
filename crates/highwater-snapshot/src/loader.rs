//! Loader: the tables that no service tells: clock, coverage, what was seen, configured lists.
//!
//! Guarantees that what was due is data too, so that facts can ask for it in SQL. Applies the
//! organisation's name patterns, because patterns are not portable SQL. Reads no clock: the moment is the
//! snapshot's, or one that the caller names.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use crate::config::{Config, Lists};
use crate::coverage::{Covered, Due, Status};
use crate::frames::Frames;
use crate::table::{Scope, Type};
use crate::tables::desktop_run_peaks::peaks;
use crate::{Error, TABLES, Table, Time, merge};

/// The lists that every organisation starts from, such as the solutions of the kits.
const SHIPPED_LISTS: &str = include_str!("../../../config/lists.toml");

/// Applies the configured patterns to environments and environment groups.
pub(crate) fn apply_patterns(frames: &mut Frames, config: &Config) -> Result<(), Error> {
    let stage = |_: &str, name: &str| config.stage(name).map(ToOwned::to_owned);
    for (table, id) in [("environments", "environment_id"), ("environment_groups", "group_id")] {
        set_text(frames, table, id, "stage_by_name", stage)?;
    }
    for (column, kind) in [
        ("declared_production", "production_environment"),
        ("declared_retained", "retained_environment"),
    ] {
        if config.lists.contains_key(kind) {
            let named = |id: &str, name: &str| Some(config.names(kind, id, name));
            set_bool(frames, "environments", "environment_id", column, named)?;
        }
    }
    Ok(())
}

/// Adds `config_lists` and `config_numbers`. Lists of environments hold ids, patterns resolved.
pub(crate) fn add_config(frames: &mut Frames, config: &Config) -> Result<(), Error> {
    let environments = pairs(frames, "environments", "environment_id", "display_name")?;
    let mut values: BTreeSet<(String, String)> = BTreeSet::new();
    for (kind, entries) in &shipped_lists()? {
        values.extend(entries.iter().map(|entry| (kind.clone(), entry.trim().to_lowercase())));
    }
    for (kind, entries) in &config.lists {
        if kind.ends_with("_environment") || kind == "central_pipelines_host" {
            let named = environments.iter().filter(|(id, name)| config.names(kind, id, name));
            values.extend(named.map(|(id, _)| (kind.clone(), id.clone())));
        }
        values.extend(
            entries
                .iter()
                .filter(|entry| !entry.contains('*'))
                .map(|entry| (kind.clone(), entry.trim().to_lowercase())),
        );
    }
    let (kinds, entries): (Vec<String>, Vec<String>) = values.into_iter().unzip();
    insert(
        frames,
        "config_lists",
        vec![Column::new("kind".into(), kinds), Column::new("value".into(), entries)],
    )?;
    let mut numbers = config.numbers.clone();
    numbers.entry("reach_floor".to_owned()).or_insert(250.0);
    let (names, numbers): (Vec<String>, Vec<f64>) = numbers.into_iter().unzip();
    insert(
        frames,
        "config_numbers",
        vec![Column::new("name".into(), names), Column::new("number".into(), numbers)],
    )
}

/// Makes `desktop_run_peaks` of the sessions that were read.
pub(crate) fn add_peaks(frames: &mut Frames, as_of: Time) -> Result<(), Error> {
    if frames.height("desktop_flow_runs") == 0 {
        return Ok(());
    }
    let read = || -> PolarsResult<Vec<(Time, Option<Time>)>> {
        let mut sessions = Vec::new();
        for frame in frames.batches("desktop_flow_runs", &["started_at", "ended_at"]) {
            let frame = frame?;
            let moments = |column: &str| frame.column(column)?.cast(&DataType::Int64);
            let (started, ended) = (moments("started_at")?, moments("ended_at")?);
            let pairs = started.i64()?.iter().zip(ended.i64()?.iter());
            sessions.extend(
                pairs.filter_map(|(started, ended)| Some((Time(started?), ended.map(Time)))),
            );
        }
        Ok(sessions)
    };
    let sessions = read().map_err(Error::table("desktop_flow_runs"))?;
    let (days, peaks): (Vec<Option<Time>>, Vec<i64>) =
        peaks(sessions, as_of).into_iter().map(|(day, peak)| (Some(day), peak)).unzip();
    insert(
        frames,
        "desktop_run_peaks",
        vec![moments("day", &days)?, Column::new("peak".into(), peaks)],
    )
}

/// Rows by table and scope, counted where the table has a column for its scope.
pub(crate) fn rows_by_scope(
    frames: &Frames,
) -> Result<BTreeMap<(&'static str, String), u64>, Error> {
    let mut rows = BTreeMap::new();
    for table in TABLES.iter().filter(|table| table.scope != Scope::Snapshot) {
        if !frames.contains_key(table.name) {
            continue;
        }
        let Some(column) = scope_column(table) else {
            rows.insert((table.name, String::new()), frames.height(table.name) as u64);
            continue;
        };
        for frame in frames.batches(table.name, &[column]) {
            let frame = frame.map_err(Error::table(table.name))?;
            let ids = frame.column(column).and_then(|ids| ids.str());
            for (id, count) in runs(ids.map_err(Error::table(table.name))?) {
                *rows.entry((table.name, id.to_owned())).or_default() += count;
            }
        }
    }
    Ok(rows)
}

/// Texts with how often each stands in a row: rows that are sorted have few runs.
fn runs(texts: &StringChunked) -> Vec<(&str, u64)> {
    let mut runs: Vec<(&str, u64)> = Vec::new();
    for text in texts.iter().flatten() {
        match runs.last_mut() {
            Some((last, count)) if *last == text => *count += 1,
            _ => runs.push((text, 1)),
        }
    }
    runs
}

/// The scopes in which tables are due, as far as the tables themselves tell.
pub(crate) fn due(frames: &Frames, config: &Config) -> Result<Due, Error> {
    let hosts_declared = config.lists.contains_key("central_pipelines_host");
    let environments = environments_in_scope(frames, config)?;
    let mut due = Due { environments: environments.clone(), hosts_declared, ..Due::default() };
    let mut ids = |scope: Scope, found: Vec<String>| {
        due.ids.entry(scope).or_default().extend(found.into_iter().filter(|id| !id.is_empty()));
    };
    let column = |table: &'static str, name: &str| {
        frames
            .columns(table, &[name])
            .and_then(|frame| match frame {
                Some(frame) => texts(&frame, name),
                None => Ok(Vec::new()),
            })
            .map_err(Error::table(table))
    };
    ids(Scope::EnvironmentGroup, column("environment_groups", "group_id")?);
    ids(Scope::Policy, column("dlp_policies", "policy_id")?);
    ids(Scope::Subscription, column("subscriptions", "subscription_id")?);
    ids(Scope::Vault, column("environment_variables", "vault_id")?);
    for (table, id) in
        [("key_vaults", "vault_id"), ("nsgs", "nsg_id"), ("load_balancers", "balancer_id")]
    {
        ids(Scope::Resource, column(table, id)?);
    }
    for kind in ["coe_group", "community_group", "champions_group", "professional_group"] {
        ids(
            Scope::Group,
            config
                .lists
                .get(kind)
                .map_or_else(Vec::new, |list| list.iter().map(|id| id.to_lowercase()).collect()),
        );
    }
    ids(
        Scope::Group,
        where_text(frames, "conditional_access_targets", "target_kind", "group", "target_id")?,
    );
    ids(Scope::Sku, column("licence_skus", "sku_id")?);
    for system in ["azure_devops", "github"] {
        ids(
            Scope::Organisation,
            config
                .organisations_of(system)
                .iter()
                .map(|name| format!("{system}/{}", name.to_lowercase()))
                .collect(),
        );
    }
    let hosts = where_text(frames, "config_lists", "kind", "central_pipelines_host", "value")?;
    ids(
        Scope::PipelinesHost,
        hosts.into_iter().filter(|host| environments.contains_key(host)).collect(),
    );
    Ok(due)
}

/// Adds `coverage`, `tenant_seen` and `env_seen`.
pub(crate) fn add_coverage(
    frames: &mut Frames,
    covered: &[Covered],
    environments: &BTreeMap<String, Option<bool>>,
    config: &Config,
    as_of: Time,
) -> Result<(), Error> {
    let mut rows: Vec<Covered> = covered.to_vec();
    let declared: BTreeSet<String> =
        config.lists.keys().cloned().chain(shipped_lists()?.into_keys()).collect();
    rows.extend(declared.into_iter().map(|kind| Covered {
        table: "config_lists",
        scope_kind: "list",
        scope: kind,
        status: Status::Full,
        rows: 0,
        expected: None,
        reason: None,
    }));
    let text = |name: &str, value: fn(&Covered) -> String| {
        Column::new(name.into(), rows.iter().map(value).collect::<Vec<_>>())
    };
    let columns = vec![
        text("table_name", |row| row.table.to_owned()),
        text("scope_kind", |row| row.scope_kind.to_owned()),
        text("scope_id", |row| row.scope.clone()),
        text("status", |row| row.status.word().to_owned()),
        Column::new(
            "rows".into(),
            rows.iter().map(|row| i64::try_from(row.rows).ok()).collect::<Vec<_>>(),
        ),
        Column::new(
            "expected".into(),
            rows.iter()
                .map(|row| row.expected.and_then(|n| i64::try_from(n).ok()))
                .collect::<Vec<_>>(),
        ),
        Column::new("reason".into(), rows.iter().map(|row| row.reason.clone()).collect::<Vec<_>>()),
    ];
    insert(frames, "coverage", columns)?;
    let seen = Seen::of(covered);
    add_tenant_seen(frames, &seen, as_of)?;
    add_env_seen(frames, environments, &seen)
}

/// Whether what is covered was read in full, by table and by table and scope.
struct Seen<'c> {
    tables: BTreeMap<&'c str, bool>,
    scopes: BTreeMap<(&'c str, &'c str), bool>,
}

impl<'c> Seen<'c> {
    fn of(covered: &'c [Covered]) -> Self {
        let mut seen = Self { tables: BTreeMap::new(), scopes: BTreeMap::new() };
        for row in covered {
            let full = row.status == Status::Full;
            *seen.tables.entry(row.table).or_insert(true) &= full;
            *seen.scopes.entry((row.table, &row.scope)).or_insert(true) &= full;
        }
        seen
    }

    /// Whether a table was due and read in full wherever it was; none where it was due nowhere.
    fn table(&self, name: &str) -> Option<bool> {
        self.tables.get(name).copied()
    }

    fn scope(&self, table: &str, scope: &str) -> bool {
        self.scopes.get(&(table, scope)).copied().unwrap_or(false)
    }
}

fn add_tenant_seen(frames: &mut Frames, seen: &Seen<'_>, as_of: Time) -> Result<(), Error> {
    let Some(table) = crate::table("tenant_seen") else { return Ok(()) };
    // A table that is due in no scope, such as details of policies where no policy exists, is seen when
    // the tables that name its scopes were.
    let whole = |name: &str| {
        let parent = || parent_of(name).and_then(|parent| seen.table(parent));
        seen.table(name).or_else(parent).unwrap_or(false)
    };
    let columns = table.columns.iter().map(|column| match column.name {
        "as_of" => moments("as_of", &[Some(as_of)]),
        name => Ok(Column::new(name.into(), [whole(name)])),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    insert(frames, "tenant_seen", columns)
}

fn add_env_seen(
    frames: &mut Frames,
    environments: &BTreeMap<String, Option<bool>>,
    seen: &Seen<'_>,
) -> Result<(), Error> {
    let Some(table) = crate::table("env_seen") else { return Ok(()) };
    let ids: Vec<&String> = environments.keys().collect();
    let columns = table.columns.iter().map(|column| {
        if column.name == "environment_id" {
            return Column::new(
                column.name.into(),
                ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
            );
        }
        let dataverse =
            crate::table(column.name).is_some_and(|table| table.scope == Scope::Dataverse);
        let flags: Vec<bool> = environments
            .iter()
            .map(|(id, has)| {
                (dataverse && *has == Some(false))
                    || seen.scope(column.name, id)
                    || (unscoped(column.name) && seen.table(column.name) == Some(true))
            })
            .collect();
        Column::new(column.name.into(), flags)
    });
    insert(frames, "env_seen", columns.collect())
}

/// Whether a table is covered once for the tenant although its rows name environments.
fn unscoped(table: &str) -> bool {
    crate::table(table).is_some_and(|table| table.scope == Scope::Tenant)
}

/// The table whose rows are the scopes of another.
fn parent_of(table: &str) -> Option<&'static str> {
    Some(match crate::table(table)?.scope {
        Scope::EnvironmentGroup => "environment_groups",
        Scope::Policy => "dlp_policies",
        Scope::Environment | Scope::Dataverse | Scope::Flow => "environments",
        Scope::Subscription => "subscriptions",
        Scope::Vault => "environment_variables",
        Scope::Sku => "licence_skus",
        Scope::Group => "conditional_access_policies",
        Scope::Resource => "key_vaults",
        Scope::Tenant | Scope::PipelinesHost | Scope::Organisation | Scope::Snapshot => {
            return None;
        }
    })
}

/// Adds `clock`, `ages` and an empty `history`, seen from a moment.
pub(crate) fn add_clock(frames: &mut Frames, as_of: Time) -> Result<(), Error> {
    for (name, frame) in clock_frames(frames, as_of)? {
        frames.insert(name, frame);
    }
    if !frames.contains_key("history") {
        insert(frames, "history", Vec::new())?;
    }
    Ok(())
}

/// `clock` and `ages`, which alone depend on the moment of evaluation.
pub(crate) fn clock_frames(
    frames: &Frames,
    as_of: Time,
) -> Result<Vec<(&'static str, DataFrame)>, Error> {
    let mut made = Vec::new();
    let days = [("d7", 7), ("d30", 30), ("d60", 60), ("d90", 90), ("d180", 180), ("d365", 365)];
    let mut columns =
        vec![moments("as_of", &[Some(as_of)])?, moments("h24", &[Some(as_of.days_before(1))])?];
    for (name, days) in days {
        columns.push(moments(name, &[Some(as_of.days_before(days))])?);
    }
    made.push(("clock", shaped("clock", &columns)?));
    let (mut kinds, mut subjects, mut hours) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, subject, at) in named_moments(frames)? {
        #[expect(clippy::cast_precision_loss, reason = "hours of a few centuries are exact")]
        hours.push((as_of.0 - at.0).max(0).div_euclid(Time::HOUR) as f64);
        kinds.push(kind);
        subjects.push(subject);
    }
    let columns = vec![
        Column::new("kind".into(), kinds),
        Column::new("subject".into(), subjects),
        Column::new("hours".into(), hours),
    ];
    made.push(("ages", shaped("ages", &columns)?));
    Ok(made)
}

/// Moments whose age facts ask for: the last change of every data policy, the last event of every report
/// that the organisation named.
fn named_moments(frames: &Frames) -> Result<Vec<(&'static str, String, Time)>, Error> {
    let mut found = Vec::new();
    for (id, at) in times(frames, "dlp_policies", "policy_id", "modified_at")? {
        found.push(("dlp_policy_modified", id, at));
    }
    let reports: BTreeSet<String> =
        where_text(frames, "config_lists", "kind", "report", "value")?.into_iter().collect();
    let mut newest: BTreeMap<String, Time> = BTreeMap::new();
    let events = match reports.is_empty() {
        true => Vec::new(),
        false => times(frames, "audit_events", "resource_id", "last_at")?,
    };
    for (id, at) in events.into_iter().filter(|(id, _)| reports.contains(id)) {
        let last = newest.entry(id).or_insert(at);
        *last = (*last).max(at);
    }
    found.extend(newest.into_iter().map(|(id, at)| ("report_refresh", id, at)));
    Ok(found)
}

fn environments_in_scope(
    frames: &Frames,
    config: &Config,
) -> Result<BTreeMap<String, Option<bool>>, Error> {
    let wrap = Error::table("environments");
    let columns = ["environment_id", "display_name", "sku", "is_deleted", "has_dataverse"];
    let read = || -> PolarsResult<BTreeMap<String, Option<bool>>> {
        let Some(frame) = frames.columns("environments", &columns)? else {
            return Ok(BTreeMap::new());
        };
        let (ids, names) =
            (frame.column("environment_id")?.str()?, frame.column("display_name")?.str()?);
        let (skus, deleted) = (frame.column("sku")?.str()?, frame.column("is_deleted")?.bool()?);
        let dataverse = frame.column("has_dataverse")?.bool()?;
        let mut found = BTreeMap::new();
        for at in 0..frame.height() {
            let Some(id) = ids.get(at) else { continue };
            let excluded =
                config.names("excluded_environment", id, names.get(at).unwrap_or_default());
            let foreign = matches!(skus.get(at), Some("platform" | "support"));
            if !excluded && !foreign && deleted.get(at) != Some(true) {
                found.insert(id.to_owned(), dataverse.get(at));
            }
        }
        Ok(found)
    };
    read().map_err(wrap)
}

fn scope_column(table: &Table) -> Option<&'static str> {
    let candidates: &[&str] = match table.scope {
        Scope::Environment | Scope::Dataverse | Scope::Flow => &["environment_id", "scope_id"],
        Scope::PipelinesHost => &["host_environment_id"],
        Scope::EnvironmentGroup | Scope::Group => &["group_id"],
        Scope::Policy => &["policy_id"],
        Scope::Subscription => &["subscription_id"],
        Scope::Vault => &["vault_id"],
        Scope::Sku => &["sku_id"],
        Scope::Resource => &["resource_id"],
        Scope::Tenant | Scope::Organisation | Scope::Snapshot => &[],
    };
    candidates.iter().find_map(|name| table.column(name).map(|column| column.name))
}

fn shipped_lists() -> Result<Lists, Error> {
    #[derive(serde::Deserialize)]
    struct File {
        #[serde(default)]
        lists: Lists,
    }
    let parsed: File = toml::from_str(SHIPPED_LISTS)
        .map_err(|error| Error::Derivation(format!("config/lists.toml: {error}")))?;
    Ok(parsed.lists)
}

/// Completes the given columns to the table's shape and keeps the frame.
fn insert(frames: &mut Frames, name: &'static str, columns: Vec<Column>) -> Result<(), Error> {
    frames.insert(name, shaped(name, &columns)?);
    Ok(())
}

/// Completes the given columns to the table's shape.
fn shaped(name: &'static str, columns: &[Column]) -> Result<DataFrame, Error> {
    let Some(table) = crate::table(name) else {
        return Err(Error::Derivation(format!("no table {name}")));
    };
    let height = columns.first().map_or(0, Column::len);
    let build = || -> PolarsResult<DataFrame> {
        let mut whole = Vec::new();
        for field in merge::empty(table).columns() {
            let given = columns.iter().find(|column| column.name() == field.name());
            whole.push(match given {
                Some(column) => column.cast(field.dtype())?,
                None if field.name() == "source_id" => {
                    Column::new(field.name().clone(), vec!["loader"; height])
                }
                None => Column::full_null(field.name().clone(), height, field.dtype()),
            });
        }
        DataFrame::new(height, whole)
    };
    build().map_err(Error::table(name))
}

fn set_text(
    frames: &mut Frames,
    table: &'static str,
    id: &str,
    column: &str,
    value: impl Fn(&str, &str) -> Option<String>,
) -> Result<(), Error> {
    let values: Vec<Option<String>> = pairs(frames, table, id, "display_name")?
        .iter()
        .map(|(id, name)| value(id, name))
        .collect();
    set(frames, table, Column::new(column.into(), values), Type::Text)
}

fn set_bool(
    frames: &mut Frames,
    table: &'static str,
    id: &str,
    column: &str,
    value: impl Fn(&str, &str) -> Option<bool>,
) -> Result<(), Error> {
    let values: Vec<Option<bool>> = pairs(frames, table, id, "display_name")?
        .iter()
        .map(|(id, name)| value(id, name))
        .collect();
    set(frames, table, Column::new(column.into(), values), Type::Bool)
}

fn set(frames: &mut Frames, table: &'static str, column: Column, kind: Type) -> Result<(), Error> {
    let column = column.cast(&merge::data_type(kind));
    column.and_then(|column| frames.set(table, column)).map_err(Error::table(table))
}

/// Two text columns side by side; what is not told is empty.
fn pairs(
    frames: &Frames,
    table: &'static str,
    left: &str,
    right: &str,
) -> Result<Vec<(String, String)>, Error> {
    let read = || -> PolarsResult<Vec<(String, String)>> {
        let Some(frame) = frames.columns(table, &[left, right])? else { return Ok(Vec::new()) };
        let (left, right) = (frame.column(left)?.str()?, frame.column(right)?.str()?);
        Ok(left
            .iter()
            .zip(right.iter())
            .map(|(l, r)| (l.unwrap_or_default().to_owned(), r.unwrap_or_default().to_owned()))
            .collect())
    };
    read().map_err(Error::table(table))
}

fn texts(frame: &DataFrame, column: &str) -> PolarsResult<Vec<String>> {
    Ok(frame.column(column)?.str()?.iter().flatten().map(ToOwned::to_owned).collect())
}

fn where_text(
    frames: &Frames,
    table: &'static str,
    column: &str,
    wanted: &str,
    give: &str,
) -> Result<Vec<String>, Error> {
    let all = pairs(frames, table, column, give)?;
    Ok(all.into_iter().filter(|(kind, _)| kind == wanted).map(|(_, value)| value).collect())
}

fn times(
    frames: &Frames,
    table: &'static str,
    id: &str,
    column: &str,
) -> Result<Vec<(String, Time)>, Error> {
    let read = || -> PolarsResult<Vec<(String, Time)>> {
        let Some(frame) = frames.columns(table, &[id, column])? else { return Ok(Vec::new()) };
        let ids = frame.column(id)?.str()?;
        let moments = frame.column(column)?.cast(&DataType::Int64)?;
        let moments = moments.i64()?;
        Ok(ids
            .iter()
            .zip(moments.iter())
            .filter_map(|(id, at)| Some((id?.to_owned(), Time(at?))))
            .collect())
    };
    read().map_err(Error::table(table))
}

fn moments(name: &str, values: &[Option<Time>]) -> Result<Column, Error> {
    let raw: Vec<Option<i64>> = values.iter().map(|value| value.map(|time| time.0)).collect();
    Column::new(name.into(), raw).cast(&merge::data_type(Type::Time)).map_err(Error::table(name))
}
