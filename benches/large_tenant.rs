//! Speed on a large tenant, as a ratio against DuckDB over the same Parquet files in the same run.
//!
//! Generates 5,000 environments, 1,000,000 cloud flows, 300,000 apps, 500,000 connections and 20,000
//! machines (deterministic), asks all facts, scores both models, and lets the Python package `duckdb`
//! answer the same texts. Prints figures; asserts nothing about time.
//!
//! `cargo bench -p highwater --bench large_tenant [-- --scale 0.1 | --each]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at the first surprise"
)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use highwater_facts::{Evidence, FactBook, Kind};
use highwater_score::{Attestations, Context, Rulebook, Scope, Snapshot, Tenant, Tool};
use highwater_snapshot::{TABLES, Type};
use polars::prelude::*;

fn main() {
    let scale = std::env::args()
        .skip_while(|arg| arg != "--scale")
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1.0_f64);
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/bench/large-{scale}"));
    if !folder.join("done").is_file() {
        generate(&folder, scale);
    }
    if std::env::args().any(|arg| arg == "--each") {
        return each(&folder);
    }
    let ours = ask(&folder);
    peer(&folder, ours);
}

/// Seconds of every fact asked alone, the slowest first: where the next gain is.
fn each(folder: &Path) {
    let book = FactBook::embedded().unwrap();
    let evidence = Evidence::from_parquet(folder).unwrap();
    let mut took: Vec<(f64, &str)> = book
        .facts()
        .map(|fact| {
            let start = Instant::now();
            highwater_facts::answer_some(&book, &evidence, &[&fact.id]).unwrap();
            (start.elapsed().as_secs_f64(), fact.id.as_str())
        })
        .collect();
    took.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (seconds, fact) in took.iter().take(60) {
        println!("{seconds:7.3} s  {fact}");
    }
    println!("{:7.3} s  all, one by one", took.iter().map(|fact| fact.0).sum::<f64>());
}

/// All facts and both models, as `score` does it; returns the best of three in seconds.
fn ask(folder: &Path) -> f64 {
    let book = FactBook::embedded().unwrap();
    let rulebook = Rulebook::shipped(&Default::default()).unwrap();
    let mut best = f64::MAX;
    for round in 1..=3 {
        let start = Instant::now();
        let evidence = Evidence::from_parquet(folder).unwrap();
        let answers = highwater_facts::answer_all(&book, &evidence).unwrap();
        let asked = start.elapsed().as_secs_f64();
        let scorecard = highwater_score::score(
            &rulebook,
            &answers,
            &Attestations::default(),
            &context(&rulebook),
        );
        let all = start.elapsed().as_secs_f64();
        println!(
            "round {round}: {} facts in {asked:.2} s, both models after {all:.2} s, peak memory {} MiB ({} indicators)",
            answers.len(),
            peak_mib(),
            scorecard.indicators().count()
        );
        best = best.min(all);
    }
    best
}

fn context(rulebook: &Rulebook) -> Context {
    let taken_at: jiff::Timestamp = "2026-11-01T06:00:00Z".parse().unwrap();
    Context {
        tool: Tool { name: "highwater".into(), version: env!("CARGO_PKG_VERSION").into() },
        tenant: Tenant { id: "bench".into(), name: None },
        snapshot: Snapshot { id: "bench".into(), taken_at, sha256: String::new() },
        evaluated_at: taken_at,
        models: None,
        scope: Scope::new(rulebook, &[], &Default::default()).unwrap(),
        gaps: Vec::new(),
        about: Default::default(),
        questions: Default::default(),
        statement_files: Vec::new(),
    }
}

/// The same texts in DuckDB.
fn peer(folder: &Path, ours: f64) {
    let book = FactBook::embedded().unwrap();
    let views: Vec<_> = book
        .views()
        .iter()
        .map(|view| serde_json::json!({ "id": view.id, "sql": view.sql, "kept": view.kept }))
        .collect();
    let facts: Vec<_> = book
        .facts()
        .map(|fact| {
            let kind = if fact.kind == Kind::Measure { "measure" } else { "subjects" };
            serde_json::json!({ "id": fact.id, "kind": kind, "sql": fact.sql })
        })
        .collect();
    let texts = folder.join("texts.json");
    std::fs::write(&texts, serde_json::json!({ "views": views, "facts": facts }).to_string())
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/duckdb_peer.py");
    let python = std::env::var("HIGHWATER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut best = f64::MAX;
    for round in 1..=3 {
        let output = Command::new(&python).arg(&script).arg(folder).arg(&texts).output();
        let Some(output) = output.ok().filter(|output| output.status.success()) else {
            println!(
                "skipped: DuckDB, because `{python}` has no package duckdb (pip install duckdb)"
            );
            return;
        };
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let seconds = said["seconds"].as_f64().unwrap();
        println!(
            "DuckDB {} round {round}: {seconds:.2} s, peak memory {:.0} MiB",
            said["version"],
            said["peak_mib"].as_f64().unwrap()
        );
        best = best.min(seconds);
    }
    println!("ratio to DuckDB (best of three each): {:.2}", ours / best);
}

fn generate(folder: &Path, scale: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a scale of a benchmark"
    )]
    let scaled = |number: f64| (number * scale).max(1.0) as usize;
    std::fs::create_dir_all(folder).unwrap();
    let environments = scaled(5_000.0);
    let write = |name: &str, rows: usize, cell: &dyn Fn(&str, Type, usize, u64) -> Cell| {
        let table = highwater_snapshot::table(name).unwrap();
        let mut columns = Vec::new();
        for column in table.columns {
            columns.push(column_of(column.name, column.kind, rows, cell));
        }
        columns.push(Column::new("source_id".into(), vec!["bench"; rows]));
        columns.push(Column::new("record_no".into(), (0..rows as i64).collect::<Vec<_>>()));
        columns.push(moments("observed_at", vec![Some(NOW); rows]));
        save(folder, name, DataFrame::new(rows, columns).unwrap());
    };
    let env = |n: u64| format!("{n:08x}-0000-4000-8000-{n:012x}");
    let user = |n: u64| format!("p-{:032x}", n % 20_000);
    write("environments", environments, &|name, kind, row, noise| match name {
        "environment_id" => Cell::Text(env(row as u64)),
        "sku" => {
            Cell::Text(["production", "sandbox", "sandbox", "developer", "trial"][row % 5].into())
        }
        "is_default" => Cell::Bool(row == 0),
        "is_deleted" => Cell::Bool(false),
        "has_dataverse" => Cell::Bool(row % 5 != 4),
        "protection_level" => Cell::Text(["standard", "basic"][row % 2].into()),
        "display_name" => Cell::Text(format!("Environment {row}")),
        _ => any(kind, noise),
    });
    let asset = |id: &'static str| {
        move |name: &str, kind: Type, row: usize, noise: u64| match name {
            "environment_id" => Cell::Text(env(noise % environments as u64)),
            _ if name == id => Cell::Text(format!("{row:016x}-{noise:016x}")),
            "state" => Cell::Text(["started", "started", "stopped", "suspended"][row % 4].into()),
            "kind" => Cell::Text("canvas".into()),
            "is_first_party" => Cell::Bool(false),
            "owner_id" | "modified_by" | "created_by" => Cell::Text(user(noise)),
            "owner_type" => Cell::Text("user".into()),
            "display_name" => Cell::Text(format!("Asset {row}")),
            "asset_kind" => Cell::Text("flow".into()),
            "connector_id" => Cell::Text(format!("shared_connector{}", noise % 400)),
            "asset_id" => Cell::Text(format!("{:016x}-{:016x}", row, mix(row as u64, 1))),
            "hosting" => Cell::Text("customer".into()),
            "host_name" => Cell::Text(format!("host{row}")),
            "machine_group_id" => Cell::Text(if row.is_multiple_of(3) {
                String::new()
            } else {
                format!("group{}", noise % 500)
            }),
            _ => any(kind, noise),
        }
    };
    write("cloud_flows", scaled(1_000_000.0), &asset("flow_id"));
    write("flow_definitions", scaled(400_000.0), &asset("flow_id"));
    write("apps", scaled(300_000.0), &asset("app_id"));
    write("connections", scaled(500_000.0), &asset("connection_id"));
    write("asset_connectors", scaled(1_000_000.0), &asset("asset_id"));
    write("machines", scaled(20_000.0), &asset("machine_id"));
    write("desktop_flows", scaled(50_000.0), &asset("desktop_flow_id"));
    write("solutions", scaled(30_000.0), &asset("solution_id"));
    write("principals", 20_000, &|name, kind, row, noise| match name {
        "principal_id" => Cell::Text(user(row as u64)),
        "kind" => Cell::Text("user".into()),
        "department" => Cell::Text(format!("department {}", noise % 40)),
        _ => any(kind, noise),
    });
    write("dlp_policies", 40, &|name, kind, row, noise| match name {
        "policy_id" => Cell::Text(format!("policy{row}")),
        "environment_type" => Cell::Text(
            ["allenvironments", "onlyenvironments", "exceptenvironments"][row.min(10) % 3].into(),
        ),
        "default_classification" => {
            Cell::Text(["general", "blocked", "confidential"][row % 3].into())
        }
        _ => any(kind, noise),
    });
    write("dlp_policy_environments", scaled(15_000.0), &|name, kind, row, noise| match name {
        "policy_id" => Cell::Text(format!("policy{}", row % 40)),
        "environment_id" => Cell::Text(env(noise % environments as u64)),
        _ => any(kind, noise),
    });
    write("dlp_connector_rules", scaled(12_000.0), &|name, kind, row, noise| match name {
        "policy_id" => Cell::Text(format!("policy{}", row % 40)),
        "connector_id" => Cell::Text(format!("shared_connector{}", row / 40)),
        "classification" => Cell::Text(["confidential", "general", "blocked"][row % 3].into()),
        _ => any(kind, noise),
    });
    write("connectors", 400, &|name, kind, row, noise| match name {
        "connector_id" => Cell::Text(format!("shared_connector{row}")),
        _ => any(kind, noise),
    });
    made(folder, environments, &env);
    for table in TABLES {
        if !folder.join(format!("{}.parquet", table.name)).is_file() {
            write(table.name, 0, &|_, _, _, _| Cell::Null);
        }
    }
    std::fs::write(folder.join("done"), "").unwrap();
}

/// The loader's tables: everything that was generated counts as read in full.
fn made(folder: &Path, environments: usize, env: &dyn Fn(u64) -> String) {
    let day = 86_400_000_000_i64;
    let clock = [
        ("as_of", 0),
        ("h24", 1),
        ("d7", 7),
        ("d30", 30),
        ("d60", 60),
        ("d90", 90),
        ("d180", 180),
        ("d365", 365),
    ];
    let columns =
        clock.iter().map(|(name, days)| moments(name, vec![Some(NOW - days * day)])).collect();
    save(folder, "clock", DataFrame::new(1, columns).unwrap());
    for name in ["tenant_seen", "env_seen"] {
        let table = highwater_snapshot::table(name).unwrap();
        let rows = if name == "env_seen" { environments } else { 1 };
        let columns = table.columns.iter().map(|column| match column.name {
            "environment_id" => {
                Column::new("environment_id".into(), (0..rows as u64).map(env).collect::<Vec<_>>())
            }
            "as_of" => moments("as_of", vec![Some(NOW); rows]),
            other => Column::new(
                other.into(),
                (0..rows as u64).map(|row| !mix(row, 3).is_multiple_of(20)).collect::<Vec<bool>>(),
            ),
        });
        save(folder, name, DataFrame::new(rows, columns.collect()).unwrap());
    }
    let read: Vec<&str> = TABLES
        .iter()
        .filter(|table| table.scope != highwater_snapshot::Scope::Snapshot)
        .map(|table| table.name)
        .collect();
    let columns = vec![
        Column::new("table_name".into(), read.clone()),
        Column::new("scope_kind".into(), vec!["tenant"; read.len()]),
        Column::new("scope_id".into(), vec![""; read.len()]),
        Column::new("status".into(), vec!["full"; read.len()]),
    ];
    save(folder, "coverage", DataFrame::new(read.len(), columns).unwrap());
}

enum Cell {
    Null,
    Text(String),
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(i64),
}

const NOW: i64 = 1_793_512_800_000_000;

/// A plausible value of a type; one in twenty is not told.
fn any(kind: Type, noise: u64) -> Cell {
    if noise.is_multiple_of(20) {
        return Cell::Null;
    }
    match kind {
        Type::Text => Cell::Text(format!("value{}", noise % 7)),
        Type::Bool => Cell::Bool(noise.is_multiple_of(3)),
        Type::Int => Cell::Int((noise % 5) as i64),
        Type::Float => Cell::Float((noise % 100) as f64),
        Type::Time => Cell::Time(NOW - (noise % 400) as i64 * 86_400_000_000),
        Type::List => Cell::Null,
    }
}

fn column_of(
    name: &str,
    kind: Type,
    rows: usize,
    cell: &dyn Fn(&str, Type, usize, u64) -> Cell,
) -> Column {
    let salt = name.bytes().fold(7, |salt, byte| mix(salt, u64::from(byte)));
    let cells = (0..rows).map(|row| cell(name, kind, row, mix(row as u64, salt)));
    match kind {
        Type::Text => Column::new(
            name.into(),
            cells
                .map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None })
                .collect::<Vec<_>>(),
        ),
        Type::Bool => Column::new(
            name.into(),
            cells
                .map(|cell| if let Cell::Bool(flag) = cell { Some(flag) } else { None })
                .collect::<Vec<_>>(),
        ),
        Type::Int => Column::new(
            name.into(),
            cells
                .map(|cell| if let Cell::Int(number) = cell { Some(number) } else { None })
                .collect::<Vec<_>>(),
        ),
        Type::Float => Column::new(
            name.into(),
            cells
                .map(|cell| if let Cell::Float(number) = cell { Some(number) } else { None })
                .collect::<Vec<_>>(),
        ),
        Type::Time => moments(
            name,
            cells.map(|cell| if let Cell::Time(time) = cell { Some(time) } else { None }).collect(),
        ),
        Type::List => {
            Column::full_null(name.into(), rows, &DataType::List(Box::new(DataType::String)))
        }
    }
}

fn moments(name: &str, values: Vec<Option<i64>>) -> Column {
    Column::new(name.into(), values)
        .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
        .unwrap()
}

fn save(folder: &Path, name: &str, mut frame: DataFrame) {
    let file = std::fs::File::create(folder.join(format!("{name}.parquet"))).unwrap();
    // Groups as large as those of a snapshot.
    ParquetWriter::new(file).with_row_group_size(Some(1 << 17)).finish(&mut frame).unwrap();
}

/// A well-mixed number from two, the same everywhere.
fn mix(left: u64, right: u64) -> u64 {
    let mut word =
        left.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ right.wrapping_add(0xd1b5_4a32_d192_ed03);
    word ^= word >> 31;
    word = word.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word ^= word >> 29;
    word
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}
