//! Laws that every fact obeys over any evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use highwater_facts::{Answer, Evidence, Fact, FactBook, Kind, answer_all, answer_some, query};
use highwater_snapshot::{Scope, TABLES};

use crate::data::{Cell, Random, Recipe, World, env_flag, tenant_flag};

static BOOK: LazyLock<FactBook> = LazyLock::new(|| FactBook::embedded().unwrap());

const fn recipe(seed: u64, nulls: u64, holes: u64) -> Recipe {
    Recipe { seed, rows: 12, nulls, holes }
}

#[test]
fn every_fact_runs_over_nothing_and_is_unknown() {
    let answers = answer_all(&BOOK, &Evidence::empty()).unwrap();
    assert_eq!(answers.len(), 165);
    for answer in answers.values() {
        assert_eq!(answer.value, None, "{answer:?}");
        assert!(!answer.empty, "{answer:?}");
    }
}

#[test]
fn answers_are_sound_over_full_and_half_missing_evidence() {
    for (seed, nulls, holes) in
        [(1, 0, 0), (2, 0, 0), (3, 30, 0), (4, 60, 0), (5, 30, 15), (6, 60, 40)]
    {
        let answers =
            answer_all(&BOOK, &World::random(recipe(seed, nulls, holes)).evidence()).unwrap();
        for answer in answers.values() {
            check(answer, &format!("seed {seed}"));
        }
        let known =
            answers.values().filter(|answer| answer.value.is_some() || answer.empty).count();
        assert!(
            holes > 0 || known >= 140,
            "seed {seed}: only {known} facts have a value over full evidence"
        );
    }
}

fn check(answer: &Answer, from: &str) {
    let Answer { id, kind, value, empty, completeness, .. } = answer;
    assert!((0.0..=1.0).contains(completeness), "{from}: {answer:?}");
    let holes = answer.gaps.iter().any(|gap| !gap.starts_with("the list "));
    assert_eq!(holes, *completeness < 1.0, "{from}: {answer:?}");
    let Some(range) = value else { return };
    assert!(!empty, "{from}: {id} has a value and is empty");
    assert!(
        range.lo <= range.hi && range.lo.is_finite() && !range.hi.is_nan(),
        "{from}: {answer:?}"
    );
    match kind {
        Kind::Share | Kind::Flag => {
            assert!(range.lo >= 0.0 && range.hi <= 1.0, "{from}: {answer:?}");
        }
        Kind::Count => assert!(range.lo >= 0.0, "{from}: {answer:?}"),
        Kind::Measure => {}
    }
}

#[test]
fn subjects_are_told_and_unique() {
    for seed in 10..14 {
        let evidence = World::random(recipe(seed, 25, 0)).evidence();
        for fact in BOOK.facts().filter(|fact| fact.kind != Kind::Measure) {
            let found = query(&BOOK, &evidence, &fact.sql).unwrap();
            let subjects = found.column("subject").unwrap();
            assert_eq!(subjects.null_count(), 0, "seed {seed}: {}", fact.id);
            let unique = subjects.as_materialized_series().n_unique().unwrap();
            assert_eq!(unique, found.height(), "seed {seed}: {} repeats a subject", fact.id);
        }
    }
}

#[test]
fn the_same_evidence_in_another_order_gives_the_same_answers() {
    let world = World::random(recipe(20, 30, 20));
    let mut turned = world.clone();
    for rows in turned.tables.values_mut() {
        rows.reverse();
    }
    let answers = |world: &World| answer_all(&BOOK, &world.evidence()).unwrap();
    assert_eq!(answers(&world), answers(&turned));
}

/// One thing that was known and is not any more.
#[derive(Clone, Debug)]
enum Loss {
    /// A cell, in one row or in all.
    Cell(&'static str, &'static str, Option<usize>),
    /// A flag of `tenant_seen`.
    TenantFlag(&'static str),
    /// A flag of `env_seen`, in one row.
    EnvFlag(&'static str, usize),
    /// All rows of a scope.
    Scope(&'static str, String),
}

/// What the organisation configured and the loader writes is always told: NULL in it means "not declared"
/// or "no pattern matches", not "not known".
const CONFIGURED: &[(&str, &str)] = &[
    ("environments", "declared_production"),
    ("environments", "declared_retained"),
    ("environments", "stage_by_name"),
    ("environment_groups", "stage_by_name"),
];

/// Facts that two sources can answer, and the table of the second one. Real sources agree; random rows do
/// not, and losing the second then uncovers the lie of the first.
///
/// - `env.stale_share`: the environment's own last activity includes launches and runs.
/// - `apps.complex_share`: an app that says it uses nothing premium does not use a premium connector.
/// - `apps.overshared_share`, `apps.multi_owner_share`: an app shared with nobody has no sharing rows.
/// - `apps.in_solution_share`: an app outside solutions by its own word is no component of one.
/// - `flows.solution_aware_share`: a flow that is not solution-aware is in no solution.
/// - `makers.prod_share`: an old asset without an owner hides a maker, and `ownerless` looks 90 days back.
/// - `tenant.pp_admin_count`: the roles of the tenant come in one reading, so they are lost together.
const CONTRADICTED: &[(&str, &[&str])] = &[
    ("env.stale_share", &["app_usage", "flow_run_stats"]),
    ("apps.complex_share", &["connectors"]),
    ("apps.overshared_share", &["asset_shares"]),
    ("apps.multi_owner_share", &["asset_shares"]),
    ("apps.in_solution_share", &["solution_components"]),
    ("flows.solution_aware_share", &["cloud_flows"]),
    ("makers.prod_share", &["apps", "cloud_flows", "desktop_flows"]),
    ("tenant.pp_admin_count", &["role_assignments"]),
];

#[test]
fn forgetting_never_narrows_an_answer() {
    let mut broken = BTreeMap::new();
    let first = number("HIGHWATER_FIRST_SEED", 100);
    for seed in first..first + number("HIGHWATER_SEEDS", 3) {
        let (nulls, holes) = [(0, 0), (25, 0), (40, 10)][(seed % 3) as usize];
        let world = World::random(recipe(seed, nulls, holes));
        let before = answer_all(&BOOK, &world.evidence()).unwrap();
        for loss in losses(&world, &mut Random::new(seed)) {
            let (after, touched) = after(&world, &loss);
            let facts: Vec<&str> = BOOK
                .facts()
                .filter(|fact| reads(fact, touched) && !is_excused(fact, &loss))
                .map(|fact| fact.id.as_str())
                .collect();
            if facts.is_empty() {
                continue;
            }
            for (id, now) in answer_some(&BOOK, &after.evidence(), &facts).unwrap() {
                if !contains(&now, &before[&id]) {
                    let what =
                        format!("seed {seed}, {loss:?}: {} -> {}", show(&before[&id]), show(&now));
                    broken.entry(id).or_insert_with(Vec::new).push(what);
                }
            }
        }
    }
    let lines: Vec<String> =
        broken.iter().map(|(id, all)| format!("{id} ({}): {}", all.len(), all[0])).collect();
    assert!(lines.is_empty(), "{} facts narrowed:\n{}", lines.len(), lines.join("\n"));
}

fn reads(fact: &Fact, table: &str) -> bool {
    let mut names = fact.tables.iter().chain(&fact.seen).chain(&fact.population);
    names.any(|name| name == table)
}

fn is_excused(fact: &Fact, loss: &Loss) -> bool {
    let (table, column) = match loss {
        Loss::Cell(table, column, _) => (*table, *column),
        Loss::Scope(table, _) => (*table, ""),
        _ => return false,
    };
    let contradicted =
        CONTRADICTED.iter().any(|(id, tables)| fact.id == *id && tables.contains(&table));
    contradicted || CONFIGURED.contains(&(table, column))
}

fn losses(world: &World, random: &mut Random) -> Vec<Loss> {
    let mut losses = Vec::new();
    for table in TABLES.iter().filter(|table| table.scope != Scope::Snapshot) {
        let rows = world.tables[table.name].len();
        for column in table
            .columns
            .iter()
            .filter(|column| !column.required && rows > 0 && is_asked(column.name))
        {
            let row = random.below(rows as u64) as usize;
            losses.push(Loss::Cell(table.name, column.name, (!random.chance(30)).then_some(row)));
        }
        if tenant_flag(table.name).is_some() {
            losses.push(Loss::TenantFlag(table.name));
        }
        let environments = world.tables["env_seen"].len();
        if env_flag(table.name).is_some() && environments > 0 {
            losses.push(Loss::EnvFlag(table.name, random.below(environments as u64) as usize));
        }
    }
    let known: BTreeSet<(&str, String)> =
        world.scopes().into_iter().map(|(table, scope)| (table.name, scope)).collect();
    losses.extend(known.into_iter().map(|(table, scope)| Loss::Scope(table, scope)));
    let most = number("HIGHWATER_LOSSES", 25);
    while losses.len() as u64 > most {
        losses.swap_remove(random.below(losses.len() as u64) as usize);
    }
    losses
}

/// Whether any text names the column.
fn is_asked(column: &str) -> bool {
    let mut texts =
        BOOK.facts().map(|fact| &fact.sql).chain(BOOK.views().iter().map(|view| &view.sql));
    texts.any(|sql| sql.contains(column))
}

/// A number from the environment, for longer runs than the ordinary one.
fn number(name: &str, ordinary: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

/// The world without what is lost, and the table through which facts notice.
fn after<'l>(world: &World, loss: &'l Loss) -> (World, &'l str) {
    let mut world = world.clone();
    match loss {
        Loss::Cell(table, column, row) => {
            let at = World::column(table, column);
            for (number, cells) in world.tables.get_mut(table).unwrap().iter_mut().enumerate() {
                if row.is_none_or(|row| row == number) {
                    cells[at] = Cell::Null;
                }
            }
            (world, table)
        }
        Loss::TenantFlag(table) => {
            world.tables.get_mut("tenant_seen").unwrap()[0][tenant_flag(table).unwrap()] =
                Cell::Bool(false);
            (world, "tenant_seen")
        }
        Loss::EnvFlag(table, row) => {
            world.tables.get_mut("env_seen").unwrap()[*row][env_flag(table).unwrap()] =
                Cell::Bool(false);
            (world, "env_seen")
        }
        Loss::Scope(table, scope) => {
            world.forget(highwater_snapshot::table(table).unwrap(), scope);
            (world, table)
        }
    }
}

/// Whether everything that `old` allows is allowed by `new`.
fn contains(new: &Answer, old: &Answer) -> bool {
    match (range(new), range(old)) {
        (_, None) if new.empty => true,
        (None, _) => false,
        (Some(new), None) => new == widest(old.kind),
        (Some(new), Some(old)) => new.0 <= old.0 + 1e-9 && old.1 <= new.1 + 1e-9,
    }
}

/// The range of an answer; nothing when it is known to have no subjects.
fn range(answer: &Answer) -> Option<(f64, f64)> {
    if answer.empty {
        return None;
    }
    Some(answer.value.map_or(widest(answer.kind), |range| (range.lo, range.hi)))
}

const fn widest(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Share | Kind::Flag => (0.0, 1.0),
        Kind::Count | Kind::Measure => (0.0, f64::INFINITY),
    }
}

fn show(answer: &Answer) -> String {
    let (yes, no, unknown) = (answer.trues, answer.falses, answer.unknowns);
    format!("{:?} of {yes}/{no}/{unknown}{}", range(answer), if answer.open { " open" } else { "" })
}
