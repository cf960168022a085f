//! Rendering of an analysis as JSON and as text. Nothing is computed here but widths.

use std::io::{self, Write};

use serde::Serialize;

use crate::analysis::{Analysis, Definition, Features, Kind};

#[derive(Serialize)]
struct Document<'a> {
    definitions: &'a [Definition],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    path: &'a str,
    reason: String,
}

/// Writes the JSON document, indented, with a line end.
pub(crate) fn json(analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    let reasons =
        analysis.unread.iter().map(|it| Reason { path: &it.path, reason: it.reason.to_string() });
    let document = Document { definitions: &analysis.definitions, unread: reasons.collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

const TITLES: [&str; 8] =
    ["KIND", "ACTIONS", "DEPTH", "ERRORS", "RETRY", "SECRETS", "FINDINGS", "PATH"];

/// Writes a line a definition, then the findings, then what could not be read.
pub(crate) fn table(analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 8]> = analysis.definitions.iter().map(row).collect();
    let mut widths = TITLES.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(&TITLES.map(str::to_owned)).chain(&rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    for definition in &analysis.definitions {
        findings(definition, out)?;
    }
    for unread in &analysis.unread {
        writeln!(out, "{}: not read: {}", unread.path, unread.reason)?;
    }
    Ok(())
}

fn findings(definition: &Definition, out: &mut dyn Write) -> io::Result<()> {
    for finding in &definition.findings {
        let place = finding.pointer.as_deref().unwrap_or_default();
        let entry = finding.entry.as_deref().map(|entry| format!("!/{entry}")).unwrap_or_default();
        writeln!(
            out,
            "{}{entry}:{}: {} {place}",
            definition.path,
            finding.line,
            finding.rule.id()
        )?;
    }
    Ok(())
}

fn row(definition: &Definition) -> [String; 8] {
    let unknown = || "?".to_owned();
    let flag = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let none = || "-".to_owned();
    let [actions, depth, errors, retry, secrets] = match &definition.features {
        Features::CloudFlow(it) => [
            it.action_count.to_string(),
            it.max_depth.to_string(),
            format!("{:?}", it.error_handling).to_lowercase(),
            it.retry_ok.map_or_else(none, flag),
            it.secret_suspect_count.to_string(),
        ],
        Features::DesktopFlow(it) => [
            it.action_count.to_string(),
            it.max_depth.to_string(),
            flag(it.error_handling),
            flag(it.on_error_retry_count > 0),
            it.secret_suspect_count.to_string(),
        ],
        Features::Solution(it) => {
            [none(), none(), none(), none(), it.env_var_plain_secret_suspect_count.to_string()]
        }
        Features::ScriptUnknown => [unknown(), unknown(), unknown(), unknown(), unknown()],
    };
    let kind = match definition.kind {
        Kind::CloudFlow => "cloud flow",
        Kind::DesktopFlow => "desktop flow",
        Kind::Solution => "solution",
    };
    let findings = definition.findings.len().to_string();
    [kind.to_owned(), actions, depth, errors, retry, secrets, findings, definition.path.clone()]
}
