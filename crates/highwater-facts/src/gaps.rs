//! Gaps: what could not be read of the tables behind a fact, in sentences, and how much was.

use std::collections::BTreeMap;

use crate::coverage::{Reading, Status};

/// One sentence for every kind of hole in the readings, sorted.
pub(crate) fn sentences(readings: &BTreeMap<&str, Reading>) -> Vec<String> {
    let mut found: Vec<String> = readings
        .iter()
        .flat_map(|(table, reading)| {
            reading.holes.iter().map(|((kind, status, reason), scopes)| {
                sentence(table, kind, *status, reason, *scopes, reading.due)
            })
        })
        .collect();
    found.sort();
    found
}

/// How much was read: the mean over the tables; everything when no table is behind the fact.
pub(crate) fn completeness(readings: &BTreeMap<&str, Reading>) -> f64 {
    if readings.is_empty() {
        return 1.0;
    }
    let sum: f64 = readings.values().map(Reading::completeness).sum();
    sum / readings.len() as f64
}

/// A list that the fact cannot do without and that was not declared.
pub(crate) fn undeclared(list: &str) -> String {
    format!("the list `{list}` was not told; an empty list means that there are none")
}

fn sentence(
    table: &str,
    kind: &str,
    status: Status,
    reason: &str,
    scopes: u64,
    due: u64,
) -> String {
    let what = match status {
        Status::Full => "was read",
        Status::Partial => "was read in part",
        Status::Truncated => "broke off",
        Status::Denied => "was denied",
        Status::Failed => "failed",
        Status::None => "was not read",
    };
    let place = if due == 1 && kind == "tenant" {
        String::new()
    } else {
        let noun = kind.replace('_', " ");
        format!(" in {scopes} of {due} {}", if due == 1 { noun } else { plural(&noun) })
    };
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{table} {what}{place}{why}")
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if noun == "policy" => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_table_state_place_and_reason() {
        let said = sentence("apps", "environment", Status::Denied, "HTTP 403", 3, 40);
        assert_eq!(said, "apps was denied in 3 of 40 environments: HTTP 403");
        let said = sentence("tenant_settings", "tenant", Status::None, "", 1, 1);
        assert_eq!(said, "tenant_settings was not read");
        let said = sentence("dlp_connector_rules", "policy", Status::Failed, "", 1, 2);
        assert_eq!(said, "dlp_connector_rules failed in 1 of 2 policies");
    }
}
