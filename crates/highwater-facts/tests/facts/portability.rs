//! The same rows from other engines: every view and fact, over the same Parquet files.
//!
//! DuckDB is asked when its Python package is there, else the test says that it skipped. The longer job
//! over Spark reads a folder that `HIGHWATER_EXCHANGE` names and this test fills.

use std::path::{Path, PathBuf};
use std::process::Command;

use highwater_facts::{FactBook, query};
use polars::prelude::*;
use serde_json::{Value, json};

use crate::data::{Recipe, World, frame};

const RECIPES: [Recipe; 3] = [
    Recipe { seed: 31, rows: 40, nulls: 0, holes: 0 },
    Recipe { seed: 32, rows: 60, nulls: 30, holes: 10 },
    Recipe { seed: 33, rows: 80, nulls: 60, holes: 30 },
];

#[test]
fn duckdb_gives_the_same_rows() {
    let scratch = tempfile::tempdir().unwrap();
    let root = std::env::var_os("HIGHWATER_EXCHANGE")
        .map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let folders: Vec<PathBuf> = RECIPES.iter().map(|recipe| exchange(&root, *recipe)).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/portability/duckdb_facts.py");
    let python = std::env::var("HIGHWATER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = match Command::new(&python).arg(script).args(&folders).output() {
        Ok(output) => output,
        Err(error) => return println!("skipped: {python} cannot be started ({error})"),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => println!("{said}"),
        Some(77) => println!("{}", said.trim()),
        code => panic!("exit code {code:?}\n{said}"),
    }
}

/// Writes tables, texts and our rows of one world into a folder.
fn exchange(root: &Path, recipe: Recipe) -> PathBuf {
    let folder = root.join(format!("world-{}", recipe.seed));
    for part in ["tables", "expected"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    let world = World::random(recipe);
    for (name, rows) in &world.tables {
        let file =
            std::fs::File::create(folder.join("tables").join(format!("{name}.parquet"))).unwrap();
        ParquetWriter::new(file).finish(&mut frame(name, rows)).unwrap();
    }
    let book = FactBook::embedded().unwrap();
    let evidence = world.evidence();
    let views: Vec<(&str, &str)> =
        book.views().iter().map(|view| (view.id.as_str(), view.sql.as_str())).collect();
    let facts: Vec<(&str, &str)> =
        book.facts().map(|fact| (fact.id.as_str(), fact.sql.as_str())).collect();
    for (id, sql) in views.iter().chain(&facts) {
        let found = query(&book, &evidence, sql).unwrap_or_else(|error| panic!("{error}"));
        std::fs::write(
            folder.join("expected").join(format!("{id}.json")),
            rows(&found).to_string(),
        )
        .unwrap();
    }
    let list = |texts: &[(&str, &str)]| -> Vec<Value> {
        texts.iter().map(|(id, sql)| json!({ "id": id, "sql": sql })).collect()
    };
    let text = json!({ "views": list(&views), "facts": list(&facts) });
    std::fs::write(folder.join("book.json"), text.to_string()).unwrap();
    folder
}

fn rows(found: &DataFrame) -> Value {
    let cell = |column: &Column, at: usize| match column.get(at).unwrap() {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(flag) => json!(flag),
        AnyValue::String(text) => json!(text),
        AnyValue::StringOwned(text) => json!(text.as_str()),
        AnyValue::Datetime(moment, TimeUnit::Microseconds, None) => json!(moment),
        number => json!(number.extract::<f64>().unwrap_or_else(|| panic!("{number:?}"))),
    };
    let columns = found.columns();
    (0..found.height())
        .map(|at| columns.iter().map(|column| cell(column, at)).collect::<Vec<_>>())
        .collect()
}
