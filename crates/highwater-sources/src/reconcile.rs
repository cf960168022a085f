//! Reconcile: numbers that two sources both know, compared.
//!
//! A difference proves nothing by itself, but it is told: one of the lists is filtered, late or cut.

use std::collections::BTreeMap;

use crate::engine::Ledger;

/// Differences in words.
pub(crate) fn differences(ledger: &Ledger) -> Vec<String> {
    let mut told: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
    for ((what, source), records) in &ledger.tally {
        told.entry(what).or_default().push((source, *records));
    }
    let mut differences = Vec::new();
    for (what, sources) in told {
        for pair in sources.windows(2) {
            if let [(one, of_one), (other, of_other)] = pair
                && of_one != of_other
            {
                differences.push(format!("{what}: {one} lists {of_one}, {other} {of_other}"));
            }
        }
    }
    for (table, environments) in &ledger.short {
        let places = if *environments == 1 { "environment" } else { "environments" };
        differences.push(format!(
            "{table}: in {environments} {places} fewer rows were read than the service counts (its count is up to a day old)"
        ));
    }
    differences
}
