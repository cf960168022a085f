//! `autoscale_settings`: one row per autoscale setting.
//!
//! A row is an autoscale setting: <https://learn.microsoft.com/azure/templates/microsoft.insights/autoscalesettings>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. Rules are counted over all profiles.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Elasticity.
pub(crate) static TABLE: Table = Table {
    name: "autoscale_settings",
    grain: "one row per autoscale setting",
    about: "elasticity",
    scope: Scope::Subscription,
    key: &["autoscale_id"],
    columns: &[
        Column::text("autoscale_id").required().business(),
        Column::text("target_id").business().about("lower-case"),
        Column::bool("enabled"),
        Column::int("rule_count").about("over all profiles"),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.insights/autoscalesettings") {
        return;
    }
    let setting = arm::properties(record.json);
    rows.push([
        cell("autoscale_id", arm::id(record.at("id"))),
        cell("target_id", arm::id(setting.at("targetResourceUri"))),
        cell("enabled", setting.at("enabled").flag()),
        cell("rule_count", rule_count(setting.at("profiles"))),
    ]);
}

fn rule_count(profiles: Json<'_>) -> Option<i64> {
    profiles
        .is_array()
        .then(|| profiles.items().filter_map(|profile| profile.at("rules").len()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn rules_of_all_profiles() {
        let full = r#"{"id": "/A", "type": "Microsoft.Insights/autoscaleSettings", "properties": {"targetResourceUri": "/VMSS",
            "enabled": true, "profiles": [{"rules": [{}, {}]}, {"rules": [{}]}, {}]}}"#;
        assert_eq!(
            rows(&TABLE, "arg.resources", full),
            ["autoscale_id=/a, target_id=/vmss, enabled=true, rule_count=3"]
        );
        let odd = r#"{"id": "/A", "type": "Microsoft.Insights/autoscaleSettings", "properties": {"enabled": 1, "profiles": {}}}"#;
        assert_eq!(rows(&TABLE, "arg.resources", odd), ["autoscale_id=/a"]);
    }
}
