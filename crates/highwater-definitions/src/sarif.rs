//! Sarif: the findings as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>), one run. Paths become
//! relative or `file` URIs; findings inside of archives point to the archive. Deliberately not here: snippets; they
//! would carry secrets.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::analysis::{Analysis, Definition};
use crate::finding::{Finding, Rule};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the log.
pub(crate) fn write(analysis: &Analysis, version: &str, out: &mut dyn Write) -> io::Result<()> {
    let findings = || {
        analysis
            .definitions
            .iter()
            .flat_map(|it| it.findings.iter().map(move |finding| (it, finding)))
    };
    let rules: Vec<Rule> =
        findings().map(|(_, finding)| finding.rule).collect::<BTreeSet<_>>().into_iter().collect();
    let results: Vec<Value> =
        findings().map(|(definition, finding)| result(definition, finding, &rules)).collect();
    let driver = json!({
        "name": "highwater",
        "version": version,
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules.iter().map(|it| rule(*it)).collect::<Vec<_>>(),
    });
    let notifications: Vec<Value> = analysis.unread.iter().map(notification).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications}],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "shortDescription": {"text": rule.help()},
        "defaultConfiguration": {"level": rule.level()},
    })
}

fn result(definition: &Definition, finding: &Finding, rules: &[Rule]) -> Value {
    let (file, entry) = place(definition, finding);
    let mut physical = json!({"artifactLocation": {"uri": uri(&file)}});
    if entry.is_none() {
        physical["region"] = json!({"startLine": finding.line});
    }
    let mut location = json!({"physicalLocation": physical});
    let named =
        [entry, finding.pointer.clone()].into_iter().flatten().collect::<Vec<_>>().join("#");
    if !named.is_empty() {
        location["logicalLocations"] = json!([{"fullyQualifiedName": named}]);
    }
    json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": rules.binary_search(&finding.rule).unwrap_or_default(),
        "level": finding.rule.level(),
        "message": {"text": finding.rule.help()},
        "locations": [location],
    })
}

/// The file a finding stands in, and the entry when that is an archive.
fn place(definition: &Definition, finding: &Finding) -> (String, Option<String>) {
    let path = match &finding.entry {
        Some(entry) if definition.path.to_ascii_lowercase().ends_with(".zip") => {
            format!("{}!/{entry}", definition.path)
        }
        Some(entry) => format!("{}/{entry}", definition.path.trim_end_matches('/')),
        None => definition.path.clone(),
    };
    match path.split_once("!/") {
        Some((archive, entry)) => (archive.to_owned(), Some(entry.to_owned())),
        None => (path, None),
    }
}

fn notification(unread: &crate::analysis::Unread) -> Value {
    let file = unread.path.split_once("!/").map_or(unread.path.as_str(), |(archive, _)| archive);
    json!({
        "level": "warning",
        "message": {"text": unread.reason.to_string()},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(file)}}}],
    })
}

/// A path as URI reference: relative as it is, absolute as `file`.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let drive = path.as_bytes().get(1) == Some(&b':');
    let mut out = match (path.starts_with('/'), drive) {
        (true, _) => "file://".to_owned(),
        (_, true) => "file:///".to_owned(),
        _ => String::new(),
    };
    for (at, byte) in path.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) || (drive && at == 1);
        if plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("./a b/ö.json"), "a%20b/%C3%B6.json");
        assert_eq!(uri("/tmp/x#1.json"), "file:///tmp/x%231.json");
        assert_eq!(uri("C:/x.json"), "file:///C:/x.json");
    }
}
