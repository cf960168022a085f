//! Random evidence, typed by the tables' own schema and the same for the same seed.
//!
//! Ids come from small pools so that joins meet; texts come from the words that facts ask for; an asset
//! lives in one environment. Rows obey keys, required columns are told, and `coverage`, `tenant_seen` and
//! `env_seen` agree with the rows: nothing is left of a scope that was not read.

use std::collections::{BTreeMap, BTreeSet};

use highwater_facts::Evidence;
use highwater_snapshot::{Scope, TABLES, Table, Type};
use polars::prelude::*;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Bool(bool),
    /// Whole numbers, halves of doubles, and microseconds of moments.
    Int(i64),
    List(Vec<String>),
}

/// Rows of one table, a cell for each of its columns.
pub(crate) type Rows = Vec<Vec<Cell>>;

/// All tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) tables: BTreeMap<&'static str, Rows>,
}

/// How a world is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    pub(crate) seed: u64,
    /// Rows of an ordinary table.
    pub(crate) rows: u64,
    /// How many of a hundred optional cells are not told.
    pub(crate) nulls: u64,
    /// How many of a hundred scopes were not read to their end.
    pub(crate) holes: u64,
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len() as u64) as usize;
        &from[index]
    }
}

/// The moment of every world: 2026-11-22T06:00:00Z in microseconds.
pub(crate) const NOW: i64 = 1_795_327_200_000_000;
const HOUR: i64 = 3_600_000_000;
const ENVIRONMENTS: u64 = 6;

impl World {
    /// A world by its recipe.
    pub(crate) fn random(recipe: Recipe) -> Self {
        let mut random = Random::new(recipe.seed);
        let mut world = Self::default();
        for table in TABLES.iter().filter(|table| table.scope != Scope::Snapshot) {
            world.tables.insert(table.name, rows(table, recipe, &mut random));
        }
        for name in ["config_lists", "config_numbers", "ages", "history"] {
            let table = highwater_snapshot::table(name).unwrap();
            world.tables.insert(name, rows(table, recipe, &mut random));
        }
        world.tables.insert("clock", vec![clock()]);
        cover(&mut world, recipe, &mut random);
        world
    }

    /// The position of a column.
    pub(crate) fn column(table: &str, column: &str) -> usize {
        let known = highwater_snapshot::table(table).unwrap();
        known
            .columns
            .iter()
            .position(|one| one.name == column)
            .unwrap_or_else(|| panic!("{table}.{column}"))
    }

    /// As evidence.
    pub(crate) fn evidence(&self) -> Evidence {
        let frames = self.tables.iter().map(|(name, rows)| (*name, frame(name, rows).lazy()));
        Evidence::from_frames(frames).unwrap()
    }

    /// Takes a scope away: its rows, its coverage, and every flag that says it was read.
    pub(crate) fn forget(&mut self, table: &'static Table, scope: &str) {
        if let Some(rows) = self.tables.get_mut(table.name) {
            rows.retain(|row| !lives_in(table, row, scope));
        }
        let made: &[(&str, &str, &str)] = &[
            ("dlp_policies", "ages", "dlp_policy_modified"),
            ("audit_events", "ages", "report_refresh"),
        ];
        for (from, into, kind) in made {
            if *from == table.name {
                let at = Self::column(into, "kind");
                self.tables
                    .get_mut(into)
                    .unwrap()
                    .retain(|row| row[at] != Cell::Text((*kind).to_owned()));
            }
        }
        let (name, kind) =
            (Cell::Text(table.name.to_owned()), Cell::Text(table.scope.kind().to_owned()));
        let coverage = self.tables.get_mut("coverage").unwrap();
        coverage.retain(|row| !(row[0] == name && row[2] == Cell::Text(scope.to_owned())));
        let none = Cell::Text("none".to_owned());
        coverage.push(vec![
            name,
            kind,
            Cell::Text(scope.to_owned()),
            none,
            Cell::Int(0),
            Cell::Null,
            Cell::Null,
        ]);
        if let Some(at) = tenant_flag(table.name) {
            self.tables.get_mut("tenant_seen").unwrap()[0][at] = Cell::Bool(false);
        }
        if let Some(at) = env_flag(table.name) {
            let seen = self.tables.get_mut("env_seen").unwrap();
            for row in seen
                .iter_mut()
                .filter(|row| scope.is_empty() || row[0] == Cell::Text(scope.to_owned()))
            {
                row[at] = Cell::Bool(false);
            }
        }
    }

    /// Every scope with its status, as `coverage` says.
    pub(crate) fn scopes(&self) -> Vec<(&'static Table, String)> {
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let rows = self.tables["coverage"].iter();
        rows.filter_map(|row| Some((highwater_snapshot::table(&text(&row[0]))?, text(&row[2]))))
            .filter(|(table, _)| table.scope != Scope::Snapshot)
            .collect()
    }
}

/// The column of `tenant_seen` for a table.
pub(crate) fn tenant_flag(table: &str) -> Option<usize> {
    highwater_snapshot::table("tenant_seen")?.columns.iter().position(|column| column.name == table)
}

/// The column of `env_seen` for a table.
pub(crate) fn env_flag(table: &str) -> Option<usize> {
    highwater_snapshot::table("env_seen")?.columns.iter().position(|column| column.name == table)
}

/// A table's rows as a frame.
pub(crate) fn frame(name: &str, rows: &Rows) -> DataFrame {
    let table = highwater_snapshot::table(name).unwrap();
    let mut columns: Vec<Column> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| series(column.name, column.kind, rows.iter().map(|row| &row[at])))
        .collect();
    let sources = (0..rows.len()).map(|_| "test");
    columns.push(Column::new("source_id".into(), sources.collect::<Vec<_>>()));
    columns.push(Column::new("record_no".into(), (1..=rows.len() as i64).collect::<Vec<_>>()));
    let now = (0..rows.len()).map(|_| Cell::Int(NOW)).collect::<Vec<_>>();
    columns.push(series("observed_at", Type::Time, now.iter()));
    DataFrame::new(rows.len(), columns).unwrap()
}

fn series<'c>(name: &str, kind: Type, cells: impl Iterator<Item = &'c Cell>) -> Column {
    let ints = |cells: Vec<&Cell>| -> Vec<Option<i64>> {
        cells
            .into_iter()
            .map(|cell| if let Cell::Int(number) = cell { Some(*number) } else { None })
            .collect()
    };
    let cells: Vec<&Cell> = cells.collect();
    match kind {
        Type::Text => Column::new(
            name.into(),
            cells
                .iter()
                .map(|cell| if let Cell::Text(text) = cell { Some(text.as_str()) } else { None })
                .collect::<Vec<_>>(),
        ),
        Type::Bool => Column::new(
            name.into(),
            cells
                .iter()
                .map(|cell| if let Cell::Bool(flag) = cell { Some(*flag) } else { None })
                .collect::<Vec<_>>(),
        ),
        Type::Int => Column::new(name.into(), ints(cells)),
        Type::Float => Column::new(
            name.into(),
            ints(cells)
                .into_iter()
                .map(|half| half.map(|half| half as f64 / 2.0))
                .collect::<Vec<_>>(),
        ),
        Type::Time => Column::new(name.into(), ints(cells))
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
            .unwrap(),
        Type::List => {
            let lists = cells.iter().map(|cell| match cell {
                Cell::List(texts) => Some(Series::new("".into(), texts)),
                _ => None,
            });
            let mut column: ListChunked = lists.collect();
            column.rename(name.into());
            column.into_series().cast(&DataType::List(Box::new(DataType::String))).unwrap().into()
        }
    }
}

fn clock() -> Vec<Cell> {
    let days = |days: i64| Cell::Int(NOW - days * 24 * HOUR);
    vec![days(0), days(1), days(7), days(30), days(60), days(90), days(180), days(365)]
}

fn rows(table: &'static Table, recipe: Recipe, random: &mut Random) -> Rows {
    let count = match table.name {
        "environments" => ENVIRONMENTS + 2,
        "tenant" | "tenant_settings" | "tenant_isolation" => 1,
        "config_lists" => 24,
        "config_numbers" => 2,
        "history" => 2,
        _ => random.below(recipe.rows) + random.below(recipe.rows),
    };
    let keys: Vec<usize> = table.key.iter().map(|key| World::column(table.name, key)).collect();
    let mut known = BTreeSet::new();
    let mut rows = Vec::new();
    for number in 0..count {
        let row = row(table, recipe, number, random);
        if known.insert(keys.iter().map(|at| row[*at].clone()).collect::<Vec<_>>()) {
            rows.push(row);
        }
    }
    rows
}

fn row(table: &'static Table, recipe: Recipe, number: u64, random: &mut Random) -> Vec<Cell> {
    let mut home = random.below(ENVIRONMENTS);
    let mut row = Vec::with_capacity(table.columns.len());
    for column in table.columns {
        if !column.required && random.chance(recipe.nulls) {
            row.push(Cell::Null);
            continue;
        }
        row.push(match column.kind {
            Type::Text => Cell::Text(text(table, column.name, number, &mut home, random)),
            Type::Bool => Cell::Bool(random.chance(flag(column.name))),
            Type::Int => Cell::Int(int(column.name, random)),
            Type::Float => Cell::Int(random.below(12) as i64),
            Type::Time => Cell::Int(moment(random)),
            Type::List => Cell::List(vec!["all".to_owned()]),
        });
    }
    settle(table, &mut row, home);
    row
}

/// An asset lives in one environment: the one its number says.
fn settle(table: &Table, row: &mut [Cell], home: u64) {
    for (cell, column) in row.iter_mut().zip(table.columns) {
        if column.name == "environment_id" && table.name != "environments" {
            *cell = Cell::Text(format!("e{home}"));
        }
    }
}

fn flag(column: &str) -> u64 {
    match column {
        "is_deleted" | "is_kit" | "is_first_party" | "is_sample" => 10,
        "is_default" => 20,
        "is_custom" | "is_power_platform" | "is_paid" => 80,
        _ => 50,
    }
}

fn int(column: &str, random: &mut Random) -> i64 {
    match column {
        "window_days" => *random.pick(&[28, 90, 95]),
        "runs_30d" => *random.pick(&[0, 3, 1000, 5000]),
        "users_30d" => *random.pick(&[5, 249, 250, 900]),
        "age_days" => *random.pick(&[100, 160, 200]),
        "retention_days" => *random.pick(&[7, 30, 365]),
        "shared_users" | "shared_groups" => *random.pick(&[0, 1, 101]),
        "action_count" => *random.pick(&[1, 5, 15, 20, 40]),
        "stage_order" => 1 + random.below(2) as i64,
        "stage_count" => 2,
        _ => random.below(5) as i64,
    }
}

/// Within two years before the clock, seldom never.
fn moment(random: &mut Random) -> i64 {
    match random.below(12) {
        0 => NOW - HOUR * random.below(24) as i64 - 1,
        1..=7 => NOW - HOUR * random.below(24 * 100) as i64 - 1,
        _ => NOW - HOUR * random.below(24 * 700) as i64 - 1,
    }
}

fn text(table: &Table, column: &str, number: u64, home: &mut u64, random: &mut Random) -> String {
    let words = words(table.name, column);
    if !words.is_empty() {
        return (*random.pick(words)).to_owned();
    }
    let own = table.key.last() == Some(&column) || table.key == [column];
    let mut asset = |stem: &str, pool: u64| {
        let index = random.below(pool);
        *home = index % ENVIRONMENTS;
        format!("{stem}{index}")
    };
    match column {
        "environment_id" if table.name == "environments" => format!("e{number}"),
        "environment_id" => format!("e{home}"),
        "source_environment_id" | "target_environment_id" | "host_environment_id" => {
            format!("e{}", random.below(ENVIRONMENTS))
        }
        "flow_id" | "caller_id" | "callee_id" => asset("flow", 18),
        "app_id" => asset("app", 18),
        "desktop_flow_id" => asset("robot", 12),
        "asset_id" => {
            let stem = ["flow", "app", "robot", "product", "bot"][random.below(5) as usize];
            let index = random.below(12);
            *home = index % ENVIRONMENTS;
            format!("{stem}{index}")
        }
        "component_id" => {
            let stem = ["flow", "app", "robot", "part"][random.below(4) as usize];
            let index = random.below(12);
            *home = index % ENVIRONMENTS;
            format!("{stem}{index}")
        }
        "bot_id" => asset("bot", 6),
        "machine_id" => asset("machine", 8),
        "machine_group_id" if own => asset("group", 6),
        "machine_group_id" => pool_or_none("group", 6, random),
        "solution_id" => asset("solution", 12),
        "unique_name" | "solution_name" => format!("product{}", random.below(4)),
        "connector_id" => format!("connector{}", random.below(5)),
        "owner_id" | "created_by" | "modified_by" | "user_id" | "requested_by" => {
            pool_or_none("user", 8, random)
        }
        "principal_id" if own || table.name == "principals" => format!("user{}", random.below(8)),
        "principal_id" => format!("user{}", random.below(8)),
        "scope_id" if table.name == "role_assignments" => {
            format!("e{}", random.below(ENVIRONMENTS))
        }
        "scope_id" | "resource_id" | "target_id" | "source_id"
            if !own || table.name != "coverage" =>
        {
            let stem = [
                "vm", "vault", "balancer", "subnet", "nsg", "sink", "report", "ids", "user", "team",
            ][random.below(10) as usize];
            format!("{stem}{}", random.below(4))
        }
        "value" => {
            let stem = ["e", "team", "user", "report", "flow", "product"][random.below(6) as usize];
            format!("{stem}{}", random.below(6))
        }
        "group_id" | "owner_team_id" | "owner_group" => pool_or_none("team", 4, random),
        "department" => pool_or_none("unit", 2, random),
        "host_name" => format!("host{}", random.below(6)),
        "repo_id" | "git_repo" => format!("repo{}", random.below(4)),
        "sku_id" | "policy_id" | "vault_id" | "nsg_id" | "vm_id" | "workspace_id" | "sink_id"
        | "pipeline_id" | "stage_id" | "alert_id" | "subscription_id" | "gateway_id"
        | "storage_id" | "site_id" | "balancer_id" | "profile_id" | "subnet_id"
        | "scale_set_id" | "table_name" | "standard" | "secret_name" => {
            let stem = column.trim_end_matches("_id");
            let index = random.below(if own { 8 } else { 5 });
            if own || random.chance(80) { format!("{stem}{index}") } else { String::new() }
        }
        _ if own => format!("{column}{number}"),
        _ => pool_or_none(column, 3, random),
    }
}

fn pool_or_none(stem: &str, pool: u64, random: &mut Random) -> String {
    if random.chance(15) { String::new() } else { format!("{stem}{}", random.below(pool)) }
}

/// The words that facts ask for in a column, and one that they do not.
fn words(table: &str, column: &str) -> &'static [&'static str] {
    match (table, column) {
        ("apps", "kind") => &["canvas", "model", "code", "page"],
        ("solution_components", "kind") => &[
            "cloud_flow",
            "desktop_flow",
            "app",
            "canvas_app",
            "code_app",
            "plugin",
            "pcf",
            "custom_api",
            "connector",
            "ai_model",
            "component_library",
            "dashboard",
            "chart",
            "table",
            "environment_variable",
            "web_resource",
        ],
        ("machine_groups", "kind") => &["standard", "keyless", "implicit"],
        ("principals", "kind") => &["user", "user", "user", "group", "serviceprincipal"],
        ("alerts", "kind") => &["log", "metric"],
        ("group_governance", "kind") => &["access_package", "access_review"],
        ("intune_policies", "kind") => &["update_ring", "quality_update", "configuration"],
        ("environment_operations", "kind") => &["create", "copy", "restore", "delete"],
        ("ages", "kind") => &["dlp_policy_modified", "report_refresh", "other"],
        ("config_lists", "kind") => &[
            "excluded_environment",
            "production_environment",
            "coe_group",
            "community_group",
            "champions_group",
            "central_pipelines_host",
            "central_template",
            "report",
            "accepts_platform_encryption",
            "kit_core",
            "kit_governance",
            "kit_nurture",
            "kit_value",
            "kit_alm",
        ],
        ("cloud_flows", "state") => {
            &["started", "started", "started", "stopped", "suspended", "draft"]
        }
        ("conditional_access_policies", "state") => &["enabled", "enabled", "disabled", "report"],
        ("connection_monitors", "state") => &["running", "stopped"],
        ("telemetry_exports", "state") => &["active", "failed", "disabled"],
        ("environment_operations", "state") => &["succeeded", "failed", "running"],
        ("environments", "sku") => &[
            "production",
            "production",
            "sandbox",
            "developer",
            "default",
            "teams",
            "trial",
            "platform",
        ],
        ("pipeline_runs", "status") => &["succeeded", "failed"],
        ("role_assignments", "scope_kind") => &["tenant", "environment"],
        ("environment_variables", "type") => &["secret", "text", "number"],
        ("config_numbers", "name") => &["reach_floor", "audit_retention_days"],
        ("history", "fact_id") => &["makers.active_count"],
        (_, "asset_kind") => &["app", "flow"],
        (_, "role") => &["owner", "edit", "view"],
        (_, "principal_type") => &["user", "user", "group", "serviceprincipal", "tenant"],
        (_, "access") => &["allow", "deny"],
        (_, "direction") if table == "nsg_rules" => &["inbound", "outbound"],
        (_, "direction") => &["include", "include", "exclude"],
        (_, "alm_mode") => &["solution", "environment"],
        (_, "assigned_by") => &["direct", "group", "error"],
        (_, "assignment_type") => &["permanent", "active", "eligible"],
        (_, "binding") => &["reference", "embedded"],
        (_, "classification") => &["business", "general", "blocked", ""],
        (_, "created_by_type" | "requested_by_type") => {
            &["user", "serviceprincipal", "system", "application"]
        }
        (_, "credential_kind") => &["vault", "secret", "none"],
        (_, "default_action_behavior") => &["block", "allow"],
        (_, "default_classification") => &["general", "blocked", "business"],
        (_, "disaster_recovery") => &["enabled", "disabled"],
        (_, "environment_type") => {
            &["allenvironments", "exceptenvironments", "onlyenvironments", "singleenvironment"]
        }
        (_, "hosting") => &["own", "hosted", "cloud_pc"],
        (_, "key_source") => &["microsoft.keyvault", "microsoft.storage"],
        (_, "manager") => &["mdm", "configurationmanager"],
        (_, "compliance_state") => &["compliant", "noncompliant", "unknown"],
        ("storage_accounts", "min_tls") => &["tls1_0", "tls1_2", "tls1_3"],
        (_, "min_tls") => &["1.0", "1.2", "1.3"],
        (_, "monitor_status") => &["online", "inactive", "disabled"],
        (_, "profile_status") => &["enabled", "disabled"],
        (_, "operation") => &["deploy", "validate"],
        (_, "owner_type") => &["user", "team"],
        (_, "protection_level") => &["basic", "standard"],
        (_, "role_class") => &["admin", "maker", "reader", "none"],
        (_, "role_key") => &[
            "power_platform_admin",
            "management_app",
            "global_admin",
            "system_administrator",
            "custom_role",
        ],
        (_, "run_mode") => &["local", "attended", "unattended"],
        (_, "scheme") => &["https", "http"],
        (_, "secret_store") => &["key_vault", "none"],
        ("credentials", "store") => &["key_vault", "cyberark", "dataverse"],
        (_, "solution_checker_mode") => &["none", "warn", "block"],
        (_, "store_class") => &["scalable", "file_list"],
        (_, "tag") => &[
            "criticality",
            "support_tier",
            "idea",
            "purpose_cleanup",
            "purpose_compliance",
            "purpose_governance",
            "purpose_inventory",
            "purpose_request",
            "purpose_support",
            "purpose_welcome",
            "savings",
            "template",
            "test_run",
            "ui_exempt",
        ],
        (_, "target_kind") => &["user", "group", "role"],
        (_, "tier") => &["standard", "premium"],
        (_, "trigger_auth") => &["open", "tenant", "user"],
        (_, "trigger_type") => &["request", "recurrence"],
        (_, "trigger_kind") => &["http", "button"],
        (_, "via_team_kind") => &["", "entra_security", "entra_office", "owner"],
        (_, "workload") => &["powerapps", "microsoftflow", "exchange"],
        (_, "stage_by_name") => &["dev", "test", "prod"],
        ("tenant_isolation_rules", "allowed_tenant_id") => &["*", "t1", "t2", "t3"],
        ("solutions", "unique_name") => &["product0", "product1", "product2", "product3"],
        ("connectors" | "asset_connectors" | "custom_connectors", "connector_id") => &[
            "shared_commondataserviceforapps",
            "connector1",
            "connector2",
            "connector3",
            "connector4",
        ],
        (_, "pattern_class") => &["business", "blocked", ""],
        _ => &[],
    }
}

/// Scopes of a table in a world; the rows of a scope that was not read are taken away.
fn cover(world: &mut World, recipe: Recipe, random: &mut Random) {
    world.tables.insert("coverage", Vec::new());
    let environments = in_scope(world);
    let seen = TABLES.iter().find(|table| table.name == "tenant_seen").unwrap();
    let row = seen
        .columns
        .iter()
        .map(|column| if column.kind == Type::Bool { Cell::Bool(true) } else { Cell::Int(NOW) });
    world.tables.insert("tenant_seen", vec![row.collect()]);
    let seen = TABLES.iter().find(|table| table.name == "env_seen").unwrap();
    let rows = environments.keys().map(|id| {
        let flags = seen.columns.iter().skip(1).map(|_| Cell::Bool(true));
        std::iter::once(Cell::Text(id.clone())).chain(flags).collect()
    });
    world.tables.insert("env_seen", rows.collect());
    let kinds: BTreeSet<String> = world.tables["config_lists"]
        .iter()
        .filter_map(|row| match &row[0] {
            Cell::Text(kind) => Some(kind.clone()),
            _ => None,
        })
        .collect();
    for kind in kinds {
        push_coverage(world, "config_lists", "list", &kind, Some(0));
    }
    for table in TABLES.iter().filter(|table| table.scope != Scope::Snapshot) {
        for scope in scopes_of(table, world, &environments) {
            let rows =
                world.tables[table.name].iter().filter(|row| lives_in(table, row, &scope)).count();
            push_coverage(world, table.name, table.scope.kind(), &scope, Some(rows as i64));
            if random.chance(recipe.holes) {
                world.forget(table, &scope);
                spoil(world, rows as i64, random);
            }
        }
    }
}

/// Gives the scope that was just forgotten another state than none, half of the time.
fn spoil(world: &mut World, rows: i64, random: &mut Random) {
    if let Some(row) = world.tables.get_mut("coverage").and_then(|rows| rows.last_mut()) {
        let states = ["none", "denied", "failed", "truncated", "partial", "none"];
        row[3] = Cell::Text((*random.pick(&states)).to_owned());
        if random.chance(50) {
            row[5] = Cell::Int(rows);
        }
    }
}

fn push_coverage(world: &mut World, table: &str, kind: &str, scope: &str, rows: Option<i64>) {
    let text = |text: &str| Cell::Text(text.to_owned());
    let rows = rows.map_or(Cell::Null, Cell::Int);
    let row =
        vec![text(table), text(kind), text(scope), text("full"), rows, Cell::Null, Cell::Null];
    world.tables.get_mut("coverage").unwrap().push(row);
}

/// Environments in scope and whether each has Dataverse, as the view has it.
fn in_scope(world: &World) -> BTreeMap<String, Option<bool>> {
    let at = |name| World::column("environments", name);
    let (id, sku, deleted, dataverse) =
        (at("environment_id"), at("sku"), at("is_deleted"), at("has_dataverse"));
    let excluded: Vec<&Cell> = world.tables["config_lists"]
        .iter()
        .filter(|row| row[0] == Cell::Text("excluded_environment".to_owned()))
        .map(|row| &row[1])
        .collect();
    let mut found = BTreeMap::new();
    for row in &world.tables["environments"] {
        let Cell::Text(name) = &row[id] else { continue };
        let platform = row[sku] == Cell::Text("platform".to_owned());
        if !platform && row[deleted] != Cell::Bool(true) && !excluded.contains(&&row[id]) {
            let flag = if let Cell::Bool(flag) = row[dataverse] { Some(flag) } else { None };
            found.insert(name.clone(), flag);
        }
    }
    found
}

fn scopes_of(
    table: &Table,
    world: &World,
    environments: &BTreeMap<String, Option<bool>>,
) -> Vec<String> {
    match table.scope {
        Scope::Tenant => vec![String::new()],
        Scope::Environment | Scope::Flow => environments.keys().cloned().collect(),
        Scope::Dataverse => environments
            .iter()
            .filter(|(_, has)| **has != Some(false))
            .map(|(id, _)| id.clone())
            .collect(),
        _ => match scope_column(table) {
            Some(column) => {
                let at = World::column(table.name, column);
                let mut ids: BTreeSet<String> = world.tables[table.name]
                    .iter()
                    .filter_map(|row| match &row[at] {
                        Cell::Text(id) => Some(id.clone()),
                        _ => None,
                    })
                    .collect();
                if table.scope == Scope::Group {
                    ids.extend(["team0", "team1", "team2", "team3"].map(str::to_owned));
                    let listed = world.tables["config_lists"].iter().filter(
                        |row| matches!(&row[0], Cell::Text(kind) if kind.ends_with("_group")),
                    );
                    ids.extend(listed.filter_map(|row| {
                        if let Cell::Text(id) = &row[1] { Some(id.clone()) } else { None }
                    }));
                }
                if ids.is_empty() { vec!["other".to_owned()] } else { ids.into_iter().collect() }
            }
            None => vec!["one".to_owned()],
        },
    }
}

/// The column that names the scope of a row, for scopes other than tenant and environment.
fn scope_column(table: &Table) -> Option<&'static str> {
    let name = match table.scope {
        Scope::PipelinesHost => "host_environment_id",
        Scope::EnvironmentGroup | Scope::Group => "group_id",
        Scope::Policy => "policy_id",
        Scope::Subscription => "subscription_id",
        Scope::Vault => "vault_id",
        Scope::Resource => "resource_id",
        Scope::Sku => "sku_id",
        _ => return None,
    };
    table.column(name).map(|column| column.name)
}

/// Whether a row belongs to a scope; rows that do not tell belong to every one.
fn lives_in(table: &Table, row: &[Cell], scope: &str) -> bool {
    let column = match table.scope {
        Scope::Tenant => None,
        Scope::Environment | Scope::Dataverse | Scope::Flow if table.name == "role_assignments" => {
            Some("scope_id")
        }
        Scope::Environment | Scope::Dataverse | Scope::Flow => Some("environment_id"),
        _ => scope_column(table),
    };
    let Some(column) = column.filter(|name| table.column(name).is_some()) else { return true };
    scope.is_empty() || row[World::column(table.name, column)] == Cell::Text(scope.to_owned())
}
