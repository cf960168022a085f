//! The second day: two snapshots of one large tenant, and how long `diff` takes to tell them apart.
//!
//! The first holds the generated tables in the order of their keys, as a snapshot does. In the second thousands of
//! flows, apps and machines changed or went, five environments came and five went with everything in them, and the
//! clock is a day on. Measured is the program itself, from its start to its end: cold, and with the scorecards that
//! runs would have issued.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use highwater_facts::{Evidence, FactBook, Kind, Session};
use highwater_snapshot::{TABLES, Table};
use polars::prelude::*;
use sha2::{Digest, Sha256};

const DAYS: [&str; 2] = ["2026-11-01T06:00:00Z", "2026-11-02T06:00:00Z"];
const TENANT: &str = "00000000-0000-0000-0000-000000000001";

/// Makes both snapshots where they are missing, and measures.
pub(crate) fn measure(tables: &Path, store: &Path) {
    let folders =
        DAYS.map(|day| store.join(format!("tenant={TENANT}/snapshot={}", day.replace(':', "-"))));
    for (folder, later) in folders.iter().zip([false, true]) {
        if !folder.join("manifest.json").is_file() {
            snapshot(tables, folder, later);
        }
    }
    let reports = store.join(format!("tenant={TENANT}/reports"));
    let _ = std::fs::remove_dir_all(&reports);
    let cold = rounds("cold", &folders);
    peer(store, &folders, &cold);
    for folder in &folders {
        issue(&reports, folder);
    }
    let issued = rounds("issued", &folders);
    assert_eq!(issued.subjects, cold.subjects, "an issued scorecard stands for a scoring");
    std::fs::remove_dir_all(&reports).unwrap();
    every(&folders);
}

/// The fastest of three.
fn rounds(name: &str, folders: &[PathBuf; 2]) -> Ran {
    let rounds = [(); 3].map(|()| run(folders));
    for ran in &rounds {
        println!(
            "diff      {:>7.3} s  {name}: {:.1} s of processor, peak memory {} MiB; {} indicators, {} facts, {} subjects moved",
            ran.seconds,
            ran.processor,
            ran.peak,
            ran.indicators,
            ran.facts.len(),
            ran.subjects
        );
    }
    rounds.into_iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds)).unwrap()
}

/// Issues the scorecard of a snapshot, as a run does.
fn issue(reports: &Path, snapshot: &Path) {
    let id = snapshot.file_name().unwrap().to_str().unwrap().trim_start_matches("snapshot=");
    std::fs::create_dir_all(reports.join(id)).unwrap();
    let file = std::fs::File::create(reports.join(id).join("scorecard.json")).unwrap();
    let score = Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(["score", "--format", "json"])
        .arg(snapshot)
        .stdout(file)
        .status();
    assert!(score.unwrap().success());
}

/// The most that a comparison can ask for: the subjects that moved of every fact, whatever it moves.
fn every(folders: &[PathBuf; 2]) {
    let book = FactBook::embedded().unwrap();
    let [old, new] = folders.each_ref().map(|folder| {
        let evidence = Evidence::from_parquet(&folder.join("tables")).unwrap().large();
        Session::open(&book, &evidence).unwrap()
    });
    let ids: Vec<&str> = book.facts().map(|fact| fact.id.as_str()).collect();
    let start = Instant::now();
    let found = highwater_facts::moved_each([&old, &new], &ids, 10).unwrap();
    let subjects: u64 = found.values().flat_map(|ways| ways.values()).map(|it| it.count).sum();
    println!(
        "every     {:>7.3} s  {} facts, {subjects} subjects moved",
        start.elapsed().as_secs_f64(),
        found.len()
    );
}

/// One run of the program, and what it said.
struct Ran {
    seconds: f64,
    /// Seconds of both cores.
    processor: f64,
    /// MiB.
    peak: u64,
    indicators: usize,
    /// Facts whose subjects it told.
    facts: Vec<String>,
    subjects: u64,
}

fn run(folders: &[PathBuf; 2]) -> Ran {
    let said = folders[1].with_file_name("diff.json");
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(["diff", "--format", "json"])
        .args(folders)
        .stdout(Stdio::from(std::fs::File::create(&said).unwrap()))
        .spawn()
        .unwrap();
    let (mut peak, mut processor) = (0, 0.0);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let about = |file: &str| {
            std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default()
        };
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        let status = about("status");
        let line = status.lines().find(|line| line.starts_with("VmHWM"));
        let kib = number(line.and_then(|line| line.split_whitespace().nth(1)));
        peak = kib.map_or(peak, |kib| kib / 1024).max(peak);
        let stat = about("stat");
        let ticks = |at| number(stat.split_whitespace().nth(at)).unwrap_or(0);
        processor = f64::max(processor, (ticks(13) + ticks(14)) as f64 / 100.0);
        std::thread::sleep(Duration::from_millis(10));
    };
    let seconds = start.elapsed().as_secs_f64();
    assert!(status.success(), "diff: {status}");
    let diff: serde_json::Value = serde_json::from_slice(&std::fs::read(&said).unwrap()).unwrap();
    let mut facts = std::collections::BTreeMap::new();
    let indicators = diff["indicators"].as_array().unwrap();
    for cause in indicators.iter().flat_map(|it| it["causes"].as_array().unwrap()) {
        if let Some(groups) = cause["subjects"]["groups"].as_object() {
            let count: u64 = groups.values().filter_map(|group| group["count"].as_u64()).sum();
            facts.insert(cause["fact"].as_str().unwrap().to_owned(), count);
        }
    }
    let subjects = facts.values().sum();
    let facts = facts.into_keys().collect();
    Ran { seconds, processor, peak, indicators: indicators.len(), facts, subjects }
}

/// The same in DuckDB: all facts of both sides, and the full join of those whose subjects were told.
fn peer(store: &Path, folders: &[PathBuf; 2], ran: &Ran) {
    let book = FactBook::embedded().unwrap();
    let views = book
        .views()
        .iter()
        .map(|view| serde_json::json!({ "id": view.id, "sql": view.sql, "kept": view.kept }));
    let facts = book.facts().map(|fact| {
        let kind = if fact.kind == Kind::Measure { "measure" } else { "subjects" };
        serde_json::json!({ "id": fact.id, "kind": kind, "sql": fact.sql })
    });
    let (views, facts): (Vec<_>, Vec<_>) = (views.collect(), facts.collect());
    let texts = store.join("texts.json");
    let text = serde_json::json!({ "views": views, "facts": facts, "moved": ran.facts });
    std::fs::write(&texts, text.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/duckdb_diff_peer.py");
    let python = std::env::var("HIGHWATER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let tables = folders.each_ref().map(|folder| folder.join("tables"));
    let output = Command::new(&python).arg(&script).args(&tables).arg(&texts).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        println!("skipped: DuckDB, because `{python}` has no package duckdb (pip install duckdb)");
        return;
    };
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let seconds = said["seconds"].as_f64().unwrap();
    println!(
        "DuckDB {} {seconds:.2} s, peak memory {:.0} MiB, {} subjects moved; ratio {:.2}",
        said["version"],
        said["peak_mib"].as_f64().unwrap(),
        said["subjects"],
        ran.seconds / seconds
    );
    assert_eq!(said["subjects"].as_u64(), Some(ran.subjects), "both count the same");
}

/// Writes a snapshot of the generated tables.
fn snapshot(tables: &Path, folder: &Path, later: bool) {
    std::fs::create_dir_all(folder.join("tables")).unwrap();
    let mut files = serde_json::Map::new();
    for table in TABLES {
        let name = format!("tables/{}.parquet", table.name);
        let path = PlRefPath::new(tables.join(format!("{}.parquet", table.name)).to_str().unwrap());
        let rows = LazyFrame::scan_parquet(path, ScanArgsParquet::default()).unwrap();
        let mut rows = of_day(table, rows, later).collect().unwrap();
        let file = std::fs::File::create(folder.join(&name)).unwrap();
        // Groups as large as those of a snapshot.
        ParquetWriter::new(file).with_row_group_size(Some(1 << 17)).finish(&mut rows).unwrap();
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let sha256: String = Sha256::digest(&bytes).iter().map(|it| format!("{it:02x}")).collect();
        let entry =
            serde_json::json!({ "rows": rows.height(), "bytes": bytes.len(), "sha256": sha256 });
        files.insert(name, entry);
    }
    let manifest = serde_json::json!({
        "format": 1,
        "tool": { "name": "highwater", "version": env!("CARGO_PKG_VERSION") },
        "tenant": { "id": TENANT },
        "cloud": "import",
        "identity": "bench",
        "taken_at": DAYS[usize::from(later)],
        "people": "pseudonyms",
        "sources": {},
        "tables": {},
        "files": files,
    });
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

/// The rows of a table on one of the two days, in the order of its keys.
fn of_day(table: &Table, rows: LazyFrame, later: bool) -> LazyFrame {
    let rows = match table.key {
        [] => rows,
        keys => rows.sort(keys.iter().copied(), SortMultipleOptions::default()),
    };
    let nth = |every: i32, at: i32| (col("nth") % lit(every)).eq(lit(at));
    let rows = rows.with_row_index("nth", None);
    let rows = match (table.name, later) {
        ("environments" | "env_seen", _) => rows.filter(nth(1000, if later { 7 } else { 3 }).not()),
        ("clock", true) => {
            rows.with_columns(table.columns.iter().map(|it| a_day_on(it.name)).collect::<Vec<_>>())
        }
        ("cloud_flows", true) => rows.filter(nth(997, 1).not()).with_columns([
            swapped("state", "started", "stopped", nth(331, 0)),
            turned("in_custom_solution", nth(499, 2)),
        ]),
        ("flow_definitions", true) => {
            rows.with_columns([number("run_after_failed_count", 1, nth(499, 0))])
        }
        ("apps", true) => rows.filter(nth(997, 1).not()).with_columns([
            number("shared_users", 50, nth(301, 0)),
            turned("uses_premium", nth(401, 3)),
        ]),
        ("machines", true) => rows.filter(nth(197, 1).not()).with_columns([swapped(
            "hosting",
            "customer",
            "hosted",
            nth(97, 0),
        )]),
        _ => rows,
    };
    rows.drop(by_name(["nth"], true, false))
}

fn a_day_on(moment: &str) -> Expr {
    let later = col(moment).cast(DataType::Int64) + lit(86_400_000_000_i64);
    later.cast(DataType::Datetime(TimeUnit::Microseconds, None)).alias(moment)
}

fn swapped(column: &str, one: &str, other: &str, which: Expr) -> Expr {
    let swap = when(col(column).eq(lit(one))).then(lit(other)).otherwise(lit(one));
    when(which).then(swap).otherwise(col(column)).alias(column)
}

fn turned(column: &str, which: Expr) -> Expr {
    when(which).then(col(column).not()).otherwise(col(column)).alias(column)
}

fn number(column: &str, value: i64, which: Expr) -> Expr {
    when(which).then(lit(value)).otherwise(col(column)).alias(column)
}
