//! Script: the script of a desktop flow without what looks like a secret in it.
//!
//! Guarantees that the script counts as before, or that nothing of it is left. Looks only at the lines that
//! `highwater-definitions` finds fault with.

use std::collections::BTreeSet;
use std::ops::Range;

use highwater_definitions::{DesktopFlow, DesktopScript, Rule, desktop_flow, desktop_script};
use serde_json::Value;

use super::{LITERAL, PLAUSIBLE};

/// Cleans the script in the Dataverse row of a desktop flow; whether it is one.
pub(super) fn of_row(row: &mut Value) -> bool {
    if row["category"] != 6 {
        return false;
    }
    let told = |name: &str| row[name].as_str();
    let found = desktop_script(told("definition"), told("clientdata"));
    let Ok(DesktopScript::Known(script)) = found else {
        if found.is_err() {
            row["definition"] = Value::Null;
            row["clientdata"] = Value::Null;
        }
        return found.is_err();
    };
    let kept = quiet(&script).map(|script| Value::from(script).to_string());
    row["definition"] = kept.unwrap_or_default().into();
    row["clientdata"] = Value::Null;
    true
}

/// The script with stand-ins; none where it would not count as before.
fn quiet(script: &str) -> Option<String> {
    let known = desktop_flow(script);
    let suspects: BTreeSet<u32> = known
        .findings
        .iter()
        .filter(|finding| matches!(finding.rule, Rule::Secret(_)))
        .map(|finding| finding.line)
        .collect();
    let mut lines: Vec<String> = script.lines().map(str::to_owned).collect();
    for number in suspects {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        if lines.get(at)?.trim_start().starts_with('#') {
            lines[at] = format!("# {LITERAL}");
            continue;
        }
        // From the last to the first, so that places before stay where they are.
        for literal in literals(&lines[at]).into_iter().rev() {
            replace(&mut lines, at, literal, &known)?;
        }
    }
    same(&known, &lines).then(|| lines.join("\n"))
}

/// Puts a stand-in for one literal; none where no stand-in counts like it. What is no suspect may stay.
fn replace(
    lines: &mut [String],
    at: usize,
    literal: Range<usize>,
    known: &DesktopFlow,
) -> Option<()> {
    let before = lines[at].clone();
    for stand_in in [LITERAL, PLAUSIBLE] {
        lines[at].replace_range(literal.clone(), stand_in);
        if same(known, lines) {
            return Some(());
        }
        lines[at].clone_from(&before);
    }
    lines[at].replace_range(literal, "");
    let without = desktop_flow(&lines.join("\n"));
    lines[at].clone_from(&before);
    (without.features.secret_suspect_count == known.features.secret_suspect_count).then_some(())
}

/// Whether lines count as a script did; which rules found the suspects does not matter.
fn same(known: &DesktopFlow, lines: &[String]) -> bool {
    let plain = |mut flow: DesktopFlow| {
        flow.findings.clear();
        flow.features.secret_rules.clear();
        flow
    };
    plain(known.clone()) == plain(desktop_flow(&lines.join("\n")))
}

/// Places of the texts between single quotes.
fn literals(line: &str) -> Vec<Range<usize>> {
    let (mut found, mut open, mut escaped) = (Vec::new(), None, false);
    for (at, byte) in line.bytes().enumerate() {
        match (byte, open) {
            _ if escaped => escaped = false,
            (b'\\', Some(_)) => escaped = true,
            (b'\'', None) => open = Some(at + 1),
            (b'\'', Some(start)) => {
                found.push(start..at);
                open = None;
            }
            _ => {}
        }
    }
    found
}
