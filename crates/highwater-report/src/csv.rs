//! CSV: four flat tables for whoever computes further.
//!
//! Guarantees RFC 4180 (comma, CRLF, quotes doubled), UTF-8, one header line, and that no cell is a formula
//! to a spreadsheet: text that begins like one gets an apostrophe in front. Numbers stay numbers.

use highwater_score::{FactScore, Need};

use crate::diff::IndicatorMove;
use crate::dossier::Dossier;
use crate::findings::{Placed, findings, placed};
use crate::words;

/// The tables, each with its file name.
pub fn render(dossier: &Dossier) -> Vec<(&'static str, String)> {
    vec![
        ("indicators.csv", indicators(dossier)),
        ("findings.csv", subjects(dossier)),
        ("facts.csv", facts(dossier)),
        ("gaps.csv", gaps(dossier)),
    ]
}

fn indicators(dossier: &Dossier) -> String {
    let head = [
        "model",
        "capability",
        "level",
        "indicator",
        "title",
        "kind",
        "role",
        "weight",
        "state",
        "least",
        "greatest",
        "estimate",
        "source",
        "confidence",
        "in_the_way",
        "change",
        "to_settle",
        "remediation",
        "owner",
        "rule",
        "facts",
    ];
    let moves: &[IndicatorMove] = dossier.change.as_ref().map_or(&[], |change| &change.indicators);
    let mut table = Table::new(&head);
    for it in placed(&dossier.scorecard) {
        let class = moves.iter().find(|moved| moved.id == it.indicator.id);
        table.row(&indicator(&it, class.map_or("", |moved| moved.class.words())));
    }
    table.text
}

fn indicator(it: &Placed<'_>, change: &str) -> Vec<String> {
    let Placed { model, capability, indicator } = it;
    let [least, greatest] = indicator.interval;
    vec![
        text(&model.id),
        text(&capability.id),
        indicator.level.to_string(),
        text(&indicator.id),
        text(&indicator.title),
        word(&indicator.polarity),
        word(&indicator.role),
        indicator.weight.to_string(),
        word(&indicator.state),
        least.to_string(),
        greatest.to_string(),
        indicator.estimate.to_string(),
        word(&indicator.source),
        indicator.confidence.to_string(),
        if it.blocks() { "yes" } else { "no" }.to_owned(),
        change.to_owned(),
        text(&settling(&indicator.needs)),
        text(&indicator.remediation),
        text(&indicator.owner),
        text(&indicator.rule),
        text(&indicator.facts.join(" ")),
    ]
}

/// What would settle an indicator, in one cell.
pub(crate) fn settling(needs: &[Need]) -> String {
    needs.iter().map(words::need).collect::<Vec<_>>().join(" ")
}

fn subjects(dossier: &Dossier) -> String {
    let mut table = Table::new(&[
        "indicator",
        "state",
        "fact",
        "subject",
        "name",
        "records",
        "subjects_in_all",
        "remediation",
    ]);
    for it in placed(&dossier.scorecard) {
        for finding in findings(dossier, it.indicator) {
            for subject in finding.subjects {
                table.row(&[
                    text(&it.indicator.id),
                    word(&it.indicator.state),
                    text(finding.fact),
                    text(&subject.id),
                    text(&subject.label),
                    text(&subject.records.join("; ")),
                    finding.count.to_string(),
                    text(&it.indicator.remediation),
                ]);
            }
        }
    }
    table.text
}

fn facts(dossier: &Dossier) -> String {
    let mut table = Table::new(&[
        "fact", "kind", "least", "greatest", "empty", "yes", "no", "not_told", "about", "tables",
        "gaps",
    ]);
    for fact in &dossier.scorecard.facts {
        let FactScore { value, empty, trues, falses, unknowns, .. } = fact;
        table.row(&[
            text(&fact.id),
            text(fact.kind.as_deref().unwrap_or_default()),
            value.map_or_else(String::new, |(least, _)| least.to_string()),
            value.and_then(|(_, greatest)| greatest).map_or_else(String::new, |it| it.to_string()),
            empty.to_string(),
            trues.to_string(),
            falses.to_string(),
            unknowns.to_string(),
            text(&fact.about),
            text(&fact.tables.join(" ")),
            text(&fact.gaps.join("; ")),
        ]);
    }
    table.text
}

fn gaps(dossier: &Dossier) -> String {
    let mut table =
        Table::new(&["source", "status", "reason", "grant", "open_indicators", "indicators"]);
    for gap in &dossier.scorecard.gaps {
        table.row(&[
            text(&gap.source),
            text(&gap.status),
            text(&gap.reason),
            text(gap.grant.as_deref().unwrap_or_default()),
            gap.unlocks.len().to_string(),
            text(&gap.unlocks.join(" ")),
        ]);
    }
    table.text
}

/// The word that the scorecard itself uses.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Text that no spreadsheet takes for a formula.
pub(crate) fn text(text: &str) -> String {
    let shown = words::sentence(text);
    let formula = shown.trim_start().starts_with(['=', '+', '-', '@', '|', '%']);
    if formula { format!("'{shown}") } else { shown }
}

/// A table that grows by rows.
pub(crate) struct Table {
    /// What was written so far.
    pub(crate) text: String,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(&head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        table
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            if cell.contains(['"', ',', '\r', '\n', '\'']) {
                self.text.push('"');
                self.text.push_str(&cell.replace('"', "\"\""));
                self.text.push('"');
            } else {
                self.text.push_str(cell);
            }
        }
        self.text.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\u{feff}=1"] {
            assert!(text(formula).starts_with('\''), "{formula:?}");
        }
        assert_eq!(text("a = b"), "a = b");
    }

    #[test]
    fn quotes_are_doubled() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["say \"hi\", now".to_owned(), "plain".to_owned()]);
        assert_eq!(table.text, "a,b\r\n\"say \"\"hi\"\", now\",plain\r\n");
    }
}
