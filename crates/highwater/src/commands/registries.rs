//! `tables`, `facts`, `indicators`: the registries, for people, programs and wikis.

use std::fmt::Write as _;
use std::process::ExitCode;

use highwater_facts::Fact;
use highwater_score::{Indicator, in_words};
use highwater_snapshot::{Privacy, TABLES, Table, Type};
use highwater_sources::Listed;
use serde_json::{Value, json};

use crate::args::{Global, Registry, RegistryForm};
use crate::exit::usage_error;
use crate::{evaluate, output};

pub(crate) fn tables(verb: &Registry) -> anyhow::Result<ExitCode> {
    let chosen: Vec<&Table> =
        TABLES.iter().copied().filter(|table| wanted(verb, table.name)).collect();
    let line = |table: &&Table| {
        vec![table.name.to_owned(), table.scope.kind().to_owned(), table.grain.to_owned()]
    };
    show(
        verb,
        &chosen,
        &["table", "scope", "one row per"],
        line,
        |table| table_json(table),
        |table| table_text(table),
    )
}

pub(crate) fn facts(global: &Global, verb: &Registry) -> anyhow::Result<ExitCode> {
    let rules = evaluate::rules(global)?;
    let chosen: Vec<&Fact> = rules.book.facts().filter(|fact| wanted(verb, &fact.id)).collect();
    let line = |fact: &&Fact| vec![fact.id.clone(), kind(fact), fact.about.clone()];
    show(
        verb,
        &chosen,
        &["fact", "kind", "question"],
        line,
        |fact| fact_json(fact),
        |fact| fact_text(fact, &rules),
    )
}

pub(crate) fn indicators(global: &Global, verb: &Registry) -> anyhow::Result<ExitCode> {
    let rules = evaluate::rules(global)?;
    let chosen: Vec<&Indicator> =
        rules.rulebook.indicators().filter(|indicator| wanted(verb, &indicator.id)).collect();
    let line = |indicator: &&Indicator| {
        vec![
            indicator.id.clone(),
            word(&indicator.role),
            word(&indicator.assessability),
            indicator.title.clone(),
        ]
    };
    let columns = ["indicator", "role", "decided by", "title"];
    show(
        verb,
        &chosen,
        &columns,
        line,
        |indicator| serde_json::to_value(indicator).unwrap_or(Value::Null),
        |indicator| indicator_text(indicator, &rules),
    )
}

fn wanted(verb: &Registry, id: &str) -> bool {
    verb.id.as_deref().is_none_or(|start| id.starts_with(start))
}

fn show<T>(
    verb: &Registry,
    chosen: &[T],
    columns: &[&str],
    line: impl Fn(&T) -> Vec<String>,
    json: impl Fn(&T) -> Value,
    whole: impl Fn(&T) -> String,
) -> anyhow::Result<ExitCode> {
    if let (Some(id), []) = (&verb.id, chosen) {
        return Err(usage_error(format!(
            "nothing starts with `{id}`: leave it out to list everything"
        )));
    }
    let text = match verb.format {
        RegistryForm::Json => {
            serde_json::to_string_pretty(&chosen.iter().map(json).collect::<Vec<_>>())? + "\n"
        }
        RegistryForm::Markdown => markdown(columns, &chosen.iter().map(line).collect::<Vec<_>>()),
        RegistryForm::Text => match chosen {
            [one] if verb.id.is_some() => whole(one),
            several => aligned(&several.iter().map(line).collect::<Vec<_>>()),
        },
    };
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}

fn markdown(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let cells: Vec<String> =
            row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

pub(crate) fn sources(verb: &Registry) -> anyhow::Result<ExitCode> {
    let mut chosen = highwater_sources::listing();
    chosen.retain(|source| wanted(verb, source.id));
    let line = |source: &Listed| {
        vec![source.id.into(), source.scope.clone(), source.service.into(), source.about.into()]
    };
    show(
        verb,
        &chosen,
        &["source", "once each", "service", "what it reads"],
        line,
        |source| serde_json::to_value(source).unwrap_or(Value::Null),
        source_text,
    )
}

fn source_text(source: &Listed) -> String {
    let fed = TABLES.iter().filter(|table| read_from(table).contains(&source.id));
    let fed: Vec<&str> = fed.map(|table| table.name).collect();
    let requests: Vec<String> =
        source.requests.iter().map(|request| format!("  {request}")).collect();
    format!(
        "{}: {}\nasked once for each {}; service {}\nan application needs: {}\nan administrator who signs in needs: {}\n{}\n\n{}\n\ntables: {}\n",
        source.id,
        source.about,
        source.scope,
        source.service,
        source.application.unwrap_or("(applications are not let in)"),
        source.delegated.unwrap_or("(not for people)"),
        source.page,
        requests.join("\n"),
        if fed.is_empty() { "none".to_owned() } else { fed.join(", ") }
    )
}

/// Sources that give rows or complete the table, in order of trust.
fn read_from(table: &Table) -> Vec<&'static str> {
    let mut sources: Vec<&str> = table.readings.iter().map(|reading| reading.source).collect();
    for source in table.complete.iter().copied().flatten() {
        if !sources.contains(source) {
            sources.push(source);
        }
    }
    sources
}

fn table_text(table: &Table) -> String {
    let mut out = format!(
        "{}: {}\nscope {}; key {}\n\n",
        table.name,
        table.grain,
        table.scope.kind(),
        table.key.join(", ")
    );
    let rows: Vec<Vec<String>> = table
        .columns
        .iter()
        .map(|column| {
            let required = if column.required { "required" } else { "" };
            vec![
                format!("  {}", column.name),
                type_word(column.kind).into(),
                required.into(),
                privacy(column.privacy).into(),
                column.about.into(),
            ]
        })
        .collect();
    out.push_str(&aligned(&rows));
    let sources = read_from(table);
    let _ = writeln!(
        out,
        "\nread from {}",
        if sources.is_empty() {
            "nothing: made by the loader".to_owned()
        } else {
            sources.join(", ")
        }
    );
    for alternative in table.complete {
        let _ = writeln!(out, "full when {} was read to its end", alternative.join(" and "));
    }
    out
}

fn table_json(table: &Table) -> Value {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|column| {
            json!({ "name": column.name, "type": type_word(column.kind), "required": column.required,
                "privacy": privacy(column.privacy), "about": column.about })
        })
        .collect();
    let sources = read_from(table);
    json!({ "name": table.name, "grain": table.grain, "about": table.about, "scope": table.scope.kind(), "key": table.key,
        "columns": columns, "sources": sources, "complete": table.complete })
}

fn fact_text(fact: &Fact, rules: &evaluate::Rules) -> String {
    let note = fact.note.as_deref().map_or_else(String::new, |note| format!("note: {note}\n"));
    let readers: Vec<&str> =
        rules.rulebook.readers(&fact.id).iter().map(|indicator| indicator.id.as_str()).collect();
    format!(
        "{} ({})\n{}\n{note}tables: {}\nread by: {}\n\n{}\n",
        fact.id,
        kind(fact),
        fact.about,
        fact.tables.join(", "),
        readers.join(", "),
        fact.sql.trim()
    )
}

fn fact_json(fact: &Fact) -> Value {
    json!({ "id": fact.id, "kind": kind(fact), "about": fact.about, "note": fact.note, "tables": fact.tables, "views": fact.views,
        "population": fact.population, "unit": fact.unit, "sql": fact.sql })
}

fn indicator_text(indicator: &Indicator, rules: &evaluate::Rules) -> String {
    let name = |fact: &str| rules.book.fact(fact).map(|fact| fact.about.clone());
    format!(
        "{}: {}\nlevel {}, {}, {}, decided by {}, weight {}\n\nrule: {}\nwhy: {}\nfacts: {}\nfix: {} ({})\nmay mislead: {}\n",
        indicator.id,
        indicator.title,
        indicator.level,
        word(&indicator.polarity),
        word(&indicator.role),
        word(&indicator.assessability),
        indicator.weight,
        in_words(&indicator.rule, &name),
        indicator.why,
        indicator.facts().join(", "),
        indicator.remediation,
        indicator.owner,
        indicator.risk,
    )
}

fn kind(fact: &Fact) -> String {
    word(&fact.kind)
}

/// The word that the formats use for an enumeration value.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

const fn type_word(kind: Type) -> &'static str {
    match kind {
        Type::Text => "text",
        Type::Bool => "bool",
        Type::Int => "int",
        Type::Float => "float",
        Type::Time => "time",
        Type::List => "list",
    }
}

const fn privacy(class: Privacy) -> &'static str {
    match class {
        Privacy::Public => "public",
        Privacy::Business => "business",
        Privacy::Personal => "personal",
    }
}
