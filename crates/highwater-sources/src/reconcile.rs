//! Reconcile: numbers that two sources both know, compared.
//!
//! A difference proves nothing by itself, but it is told, with what is known of why: one of the lists was not read
//! everywhere, was asked of some environments only, or follows the other late. Guesses no further.

use std::collections::BTreeMap;

use crate::choice::is_alternative;
use crate::engine::Ledger;
use crate::source::Scope;
use crate::{Plan, source};

/// Differences in words.
pub(crate) fn differences(ledger: &Ledger, plan: &Plan) -> Vec<String> {
    let mut told: BTreeMap<&str, Vec<(&'static str, u64)>> = BTreeMap::new();
    for ((what, source), records) in &ledger.tally {
        told.entry(what).or_default().push((source, *records));
    }
    let mut differences = Vec::new();
    for (what, sources) in told {
        for pair in sources.windows(2) {
            if let [(one, of_one), (other, of_other)] = pair
                && of_one != of_other
                // Alternatives answer for different environments: their numbers add up.
                && !is_alternative(one, other, plan.identity)
            {
                let why = why(ledger, plan, [one, other]);
                differences
                    .push(format!("{what}: {one} lists {of_one}, {other} {of_other} ({why})"));
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

/// What is known of why two lists differ.
fn why(ledger: &Ledger, plan: &Plan, pair: [&'static str; 2]) -> String {
    let gaps = |id: &str| ledger.sources.get(id).map_or(0, |counts| counts.gaps);
    let by_environment = |id: &str| source(id).is_some_and(|told| told.scope == Scope::Environment);
    let mut reasons: Vec<String> = Vec::new();
    for id in pair {
        match gaps(id) {
            0 => {}
            1 => reasons.push(format!("{id} was not read in full at 1 place")),
            places => reasons.push(format!("{id} was not read in full at {places} places")),
        }
        if !plan.environments.is_empty() && by_environment(id) {
            reasons.push(format!("{id} was asked of the chosen environments only"));
        }
    }
    if reasons.is_empty() && pair.contains(&"inventory.query") {
        reasons.push("both were read to the end: the inventory follows changes late".to_owned());
    }
    if reasons.is_empty() {
        reasons
            .push("both were read to the end: things may have changed between the two".to_owned());
    }
    reasons.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Identity;

    fn told(change: impl FnOnce(&mut Ledger, &mut Plan)) -> Vec<String> {
        let mut ledger = Ledger::default();
        for (what, source, records) in [
            ("canvas apps", "powerapps.apps", 5),
            ("canvas apps", "inventory.query", 7),
            ("cloud flows", "flow.admin_flows", 3),
            ("cloud flows", "ppapi.cloud_flows", 9),
            ("environments", "bap.environments", 4),
            ("environments", "inventory.query", 4),
        ] {
            ledger.tally.insert((what, source), records);
        }
        let mut plan = Plan::new("t", Identity::Delegated, "2026-11-22T06:00:00Z");
        change(&mut ledger, &mut plan);
        differences(&ledger, &plan)
    }

    #[test]
    fn a_difference_says_what_is_known_of_why() {
        assert_eq!(
            told(|_, _| {}),
            [
                "canvas apps: inventory.query lists 7, powerapps.apps 5 (both were read to the end: the inventory follows changes late)"
            ]
        );
        let refused = told(|ledger, _| {
            ledger.sources.entry("powerapps.apps").or_default().gaps = 2;
        });
        assert_eq!(
            refused,
            [
                "canvas apps: inventory.query lists 7, powerapps.apps 5 (powerapps.apps was not read in full at 2 places)"
            ]
        );
        let chosen = told(|_, plan| plan.environments = ["e1".to_owned()].into());
        assert!(chosen[0].ends_with("(powerapps.apps was asked of the chosen environments only)"));
    }

    #[test]
    fn equal_numbers_and_numbers_that_add_up_are_no_difference() {
        let same = told(|ledger, _| {
            ledger.tally.insert(("canvas apps", "powerapps.apps"), 7);
        });
        assert_eq!(same, Vec::<String>::new());
    }
}
