//! `sql`: ad-hoc questions to the evidence tables, the views included.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_report::text::plain;
use highwater_snapshot::Time;
use polars::prelude::*;
use serde_json::Value;

use crate::args::{Global, Grid, Sql};
use crate::config::Config;
use crate::{evaluate, output};

pub(crate) fn run(global: &Global, config: &Config, verb: &Sql) -> anyhow::Result<ExitCode> {
    let (path, query) = match verb.words.as_slice() {
        [path, query] => (Some(PathBuf::from(path)), query),
        [query] => (None, query),
        _ => return Err(crate::exit::usage_error("give a query, or a snapshot and a query")),
    };
    let case = evaluate::open(global, config, path.as_deref().map(Path::new), verb.as_of)?;
    let frame = highwater_facts::query(&case.rules.book, &case.evidence, query)?;
    let text = match verb.format {
        Grid::Table => table(&frame)?,
        Grid::Csv => csv(&frame)?,
        Grid::Json => json(&frame)?,
    };
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn table(frame: &DataFrame) -> anyhow::Result<String> {
    let heads: Vec<String> = names(frame);
    let rows: Vec<Vec<String>> =
        (0..frame.height()).map(|at| cells(frame, at)).collect::<anyhow::Result<_>>()?;
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let widest = |at: usize| {
        rows.iter()
            .map(|row| row[at].chars().count())
            .chain([heads[at].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(|at| widest(at).min(60)).collect();
    let line = |row: &[String]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    Ok(format!("{}{}{body}({} rows)\n", line(&heads), line(&rule), frame.height()))
}

fn csv(frame: &DataFrame) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(names(frame))?;
    for at in 0..frame.height() {
        writer.write_record(cells(frame, at)?)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn json(frame: &DataFrame) -> anyhow::Result<String> {
    let heads = names(frame);
    let mut rows = Vec::with_capacity(frame.height());
    for at in 0..frame.height() {
        let mut row = serde_json::Map::new();
        for (head, column) in heads.iter().zip(frame.columns()) {
            row.insert(head.clone(), value(&column.get(at)?));
        }
        rows.push(Value::Object(row));
    }
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}

fn names(frame: &DataFrame) -> Vec<String> {
    frame.get_column_names().iter().map(ToString::to_string).collect()
}

fn cells(frame: &DataFrame, at: usize) -> anyhow::Result<Vec<String>> {
    let shown = frame.columns().iter().map(|column| {
        Ok(match value(&column.get(at)?) {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        })
    });
    shown.collect()
}

/// A cell as JSON; moments as RFC 3339.
pub(crate) fn value(cell: &AnyValue<'_>) -> Value {
    match cell {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(flag) => (*flag).into(),
        AnyValue::String(text) => (*text).into(),
        AnyValue::StringOwned(text) => text.as_str().into(),
        AnyValue::Datetime(moment, TimeUnit::Microseconds, _) => Time(*moment).to_string().into(),
        AnyValue::Float64(number) => (*number).into(),
        AnyValue::Float32(number) => f64::from(*number).into(),
        AnyValue::List(items) => items.iter().map(|item| value(&item)).collect::<Vec<_>>().into(),
        other => other.extract::<i64>().map_or_else(|| other.to_string().into(), Into::into),
    }
}
