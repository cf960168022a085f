//! `environment_group_rules`: one row per group, rule type and setting.
//!
//! <https://learn.microsoft.com/power-platform/admin/environment-groups-rules>. `gov.group_rulesets` is a
//! rule set with its parameters, written for every group its filter includes, else for the group that was
//! asked for. `ppapi.group_rules` (UNVERIFIED, field names only) is a rule-based policy; which groups it is
//! assigned to is another answer, so the collector must write the policy once for each assigned group, with
//! the group as parent. Values are kept where they are plain words or numbers; anything else becomes `set`.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Named, Record, Rows, cell};

/// Which rules a group enforces.
pub(crate) static TABLE: Table = Table {
    name: "environment_group_rules",
    grain: "one row per group, rule type and setting",
    about: "which rules a group enforces",
    scope: Scope::EnvironmentGroup,
    key: &["group_id", "rule_type", "setting"],
    columns: &[
        Column::text("group_id").required().business(),
        Column::text("rule_type").required(),
        Column::text("setting").required(),
        Column::text("value")
            .business()
            .about("strings; free text (welcome content) is replaced by `set`"),
        Column::bool("is_published").about("false when changes are only staged"),
    ],
    readings: &[
        Reading { source: "gov.group_rulesets", read: rule_set },
        Reading { source: "ppapi.group_rules", read: policy },
    ],
    complete: &[&["gov.group_rulesets"], &["ppapi.group_rules"]],
    sample: Sample::Seen,
};

fn rule_set(record: &Record<'_>, rows: &mut Rows) {
    for group in groups(record) {
        for parameter in record.at("parameters").items() {
            let published = parameter.at("hasStagedChanges").flag().map(|staged| !staged);
            for setting in parameter.at("value").items() {
                rows.push([
                    cell("group_id", group.clone()),
                    cell("rule_type", parameter.at("type").word()),
                    cell("setting", setting.at("id").word()),
                    cell("value", value(setting.at("value"))),
                    cell("is_published", published),
                ]);
            }
        }
    }
}

fn policy(record: &Record<'_>, rows: &mut Rows) {
    for rules in record.at("ruleSets").items() {
        let mut inputs = rules.at("inputs").entries().peekable();
        if inputs.peek().is_none() {
            rows.push(row(record, rules, "", Json::NULL));
        }
        for (setting, told) in inputs {
            rows.push(row(record, rules, setting, told));
        }
    }
}

fn row<'v>(record: &Record<'v>, rules: Json<'v>, setting: &str, told: Json<'v>) -> [Named<'v>; 4] {
    [
        cell("group_id", record.parent()),
        cell("rule_type", rules.at("id").word()),
        cell("setting", setting.to_lowercase()),
        cell("value", value(told)),
    ]
}

/// The groups that the filter includes, else the group that was asked for.
fn groups<'v>(record: &Record<'v>) -> Vec<Option<Cow<'v, str>>> {
    let filter = record.at("environmentFilter");
    let excludes = filter.at("type").word().is_some_and(|kind| kind == "exclude");
    let named = filter
        .at("values")
        .items()
        .filter(|value| value.at("type").word().is_some_and(|kind| kind == "environmentgroup"));
    let groups: Vec<_> = named.map(|value| value.at("id").id()).collect();
    if groups.is_empty() || excludes { vec![record.parent()] } else { groups }
}

/// A plain word or number as it stands, any other text only as the fact that it is set.
fn value(told: Json<'_>) -> Option<Cow<'_, str>> {
    if let Some(flag) = told.flag() {
        return Some(Cow::Borrowed(if flag { "true" } else { "false" }));
    }
    let plain = |text: &str| {
        text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
    };
    told.text().map(|text| {
        if plain(&text) { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed("set") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    #[test]
    fn free_text_is_only_said_to_be_set() {
        let text = r#"{"id": "r1", "environmentFilter": {"type": "Include", "values": [{"id": "G1", "type": "EnvironmentGroup"}]},
            "parameters": [{"type": "MakerOnboarding", "hasStagedChanges": true, "value": [
                {"id": "makerOnboardingMarkdown", "value": "Hello makers"}, {"id": "makerOnboardingUrl", "value": ""}]},
              {"type": "SolutionChecker", "hasStagedChanges": false, "value": [{"id": "solutionCheckerMode", "value": "Block"}]},
              {"type": "Sharing", "value": [{"id": "MaximumShareLimit", "value": {"n": 1}}, {"value": "nameless"}]}]}"#;
        assert_eq!(
            rows(&TABLE, "gov.group_rulesets", text),
            [
                "group_id=g1, rule_type=makeronboarding, setting=makeronboardingmarkdown, value=set, is_published=false",
                "group_id=g1, rule_type=makeronboarding, setting=makeronboardingurl, value=, is_published=false",
                "group_id=g1, rule_type=solutionchecker, setting=solutioncheckermode, value=block, is_published=true",
                "group_id=g1, rule_type=sharing, setting=maximumsharelimit",
            ]
        );
    }

    #[test]
    fn a_policy_belongs_to_the_group_that_it_was_read_for() {
        let place = Place { parent: Some("g2".into()), ..Place::default() };
        let text = r#"{"id": "p1", "ruleSets": [{"id": "Sharing", "inputs": {"Limit": 20}}, {"id": "Lifecycle", "inputs": {}}]}"#;
        assert_eq!(
            rows_at(&TABLE, "ppapi.group_rules", &place, text),
            [
                "group_id=g2, rule_type=sharing, setting=limit, value=20",
                "group_id=g2, rule_type=lifecycle, setting="
            ]
        );
        assert!(rows(&TABLE, "ppapi.group_rules", text).is_empty());
    }
}
