//! `vm_insights`: one row per VM and association.
//!
//! A row ties a machine to a data collection rule:
//! <https://learn.microsoft.com/azure/templates/microsoft.insights/datacollectionruleassociations>
//! (`arg.insights`, or an import). The rule itself,
//! <https://learn.microsoft.com/azure/templates/microsoft.insights/datacollectionrules>, gives a row of its own
//! with the machine told and none (`''`) that says whether it carries the insights stream; `has_insights` of a
//! machine follows from it. The agent of the older solutions was retired in August 2024 and is left out.
//! Associations with data collection endpoints only are left out too.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Host monitoring.
pub(crate) static TABLE: Table = Table {
    name: "vm_insights",
    grain: "one row per VM and association",
    about: "host monitoring",
    scope: Scope::Subscription,
    key: &["vm_id", "rule_id"],
    columns: &[
        Column::text("vm_id").required().business().about("'' on the row of a rule itself"),
        Column::text("rule_id").required().business(),
        Column::bool("has_insights").derived(),
        Column::bool("carries_insights").about("told on the row of a rule itself"),
        Column::time("last_heartbeat_at").about("optional"),
    ],
    readings: &[
        Reading { source: "arg.insights", read: association },
        Reading { source: "arg.resources", read: resource },
    ],
    complete: &[&["arg.insights", "arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.insights/datacollectionrules") {
        rule(record, rows);
    } else {
        association(record, rows);
    }
}

fn association(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.insights/datacollectionruleassociations") {
        return;
    }
    let rule = arm::properties(record.json).at("dataCollectionRuleId");
    if rule.is_told() {
        let machine = arm::id(record.at("id")).and_then(|id| arm::before(&id, "/providers/"));
        rows.push([cell("vm_id", machine), cell("rule_id", arm::id(rule))]);
    }
}

fn rule(record: &Record<'_>, rows: &mut Rows) {
    let rule = arm::properties(record.json);
    let sources = rule.at("dataSources.performanceCounters");
    let flows = rule.at("dataFlows");
    let carries =
        flows.items().chain(sources.items()).any(|part| holds_insights(part.at("streams")));
    let told = flows.is_array() || sources.is_array();
    rows.push([
        cell("vm_id", ""),
        cell("rule_id", arm::id(record.at("id"))),
        cell("carries_insights", told.then_some(carries)),
    ]);
}

fn holds_insights(streams: Json<'_>) -> bool {
    streams.items().any(|stream| stream.word().as_deref() == Some("microsoft-insightsmetrics"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn machines_and_rules() {
        let association = r#"{"id": "/subscriptions/s/VM/providers/Microsoft.Insights/dataCollectionRuleAssociations/a",
            "type": "Microsoft.Insights/dataCollectionRuleAssociations", "properties": {"dataCollectionRuleId": "/R"}}"#;
        assert_eq!(
            rows(&TABLE, "arg.insights", association),
            ["vm_id=/subscriptions/s/vm, rule_id=/r"]
        );
        assert!(
            rows(&TABLE, "arg.insights", &association.replace("RuleId", "EndpointId")).is_empty()
        );
        let rule = r#"{"id": "/R", "type": "Microsoft.Insights/dataCollectionRules", "properties": {"dataFlows": [
            {"streams": ["Microsoft-Syslog"]}, {"streams": ["Microsoft-InsightsMetrics"]}]}}"#;
        assert_eq!(
            rows(&TABLE, "arg.resources", rule),
            ["vm_id=, rule_id=/r, carries_insights=true"]
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &rule.replace("InsightsMetrics", "Perf")),
            ["vm_id=, rule_id=/r, carries_insights=false"]
        );
        assert_eq!(
            rows(
                &TABLE,
                "arg.resources",
                r#"{"id": "/R", "type": "microsoft.insights/datacollectionrules"}"#
            ),
            ["vm_id=, rule_id=/r"]
        );
    }
}
