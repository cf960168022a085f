//! `alerts`: one row per alert rule.
//!
//! A row is an alert rule: on metrics, logs or the activity log:
//! <https://learn.microsoft.com/azure/templates/microsoft.insights/metricalerts>,
//! <https://learn.microsoft.com/azure/templates/microsoft.insights/scheduledqueryrules>,
//! <https://learn.microsoft.com/azure/templates/microsoft.insights/activitylogalerts>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. What a rule watches and which action groups it calls stands in `alert_scopes`.
//! Traps: the 2018 shape of log alerts writes `enabled` as text and its actions under `action`; an absent list of
//! actions in a full object is an empty one.

use super::alert_scopes::actions;
use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Alerting.
pub(crate) static TABLE: Table = Table {
    name: "alerts",
    grain: "one row per alert rule",
    about: "alerting",
    scope: Scope::Subscription,
    key: &["alert_id"],
    columns: &[
        Column::text("alert_id").required().business(),
        Column::text("subscription_id").business(),
        Column::text("kind").about("metric, log, activity"),
        Column::bool("enabled").about("the 2018 log alert shape has a string"),
        Column::bool("is_dynamic"),
        Column::text("rule_name").business().about("last segment of the id"),
        Column::int("action_count").about("action groups that the rule calls"),
        Column::bool("has_live_action").derived(),
        Column::bool("is_automation").business().derived(),
        Column::bool("watches_capacity")
            .business()
            .derived()
            .about("Power Platform capacity has no Azure metric"),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    let Some(kind) = kind(record) else { return };
    let (alert, full) = (arm::properties(record.json), arm::is_full(record.json));
    rows.push([
        cell("alert_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("kind", kind),
        cell("enabled", alert.at("enabled").flag()),
        cell("is_dynamic", is_dynamic(kind, alert)),
        cell("rule_name", record.at("id").segment()),
        cell("action_count", full.then(|| i64::try_from(actions(alert).len()).ok()).flatten()),
    ]);
}

/// The kind of an alert rule; none for other resources.
pub(super) fn kind(record: &Record<'_>) -> Option<&'static str> {
    let kinds = [
        ("microsoft.insights/metricalerts", "metric"),
        ("microsoft.insights/scheduledqueryrules", "log"),
        ("microsoft.insights/activitylogalerts", "activity"),
    ];
    kinds.into_iter().find(|(kind, _)| arm::is(record, kind)).map(|(_, word)| word)
}

fn is_dynamic(kind: &str, alert: Json<'_>) -> Option<bool> {
    if kind == "activity" {
        return Some(false);
    }
    let criteria = alert.at("criteria");
    let dynamic = criteria.at("allOf").items().any(|part| {
        part.at("criterionType").word().is_some_and(|kind| kind.contains("dynamicthreshold"))
    });
    (criteria.is_object() || alert.at("source").is_object()).then_some(dynamic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn metric_log_and_activity_rules() {
        let metric = r#"{"id": "/subscriptions/s/metricAlerts/CPU", "type": "Microsoft.Insights/metricAlerts", "properties": {"enabled": true,
            "criteria": {"allOf": [{"criterionType": "DynamicThresholdCriterion"}]}, "actions": [{"actionGroupId": "/G"}]}}"#;
        assert_eq!(
            rows(&TABLE, "arg.resources", metric),
            [
                "alert_id=/subscriptions/s/metricalerts/cpu, subscription_id=s, kind=metric, enabled=true, is_dynamic=true, rule_name=cpu, action_count=1"
            ]
        );
        let old = r#"{"id": "/subscriptions/s/q", "type": "microsoft.insights/scheduledqueryrules", "properties": {"enabled": "true",
            "source": {"query": "x", "dataSourceId": "/W"}, "action": {"aznsAction": {"actionGroup": ["/G", "/H"]}}}}"#;
        assert_eq!(
            rows(&TABLE, "arg.resources", old),
            [
                "alert_id=/subscriptions/s/q, subscription_id=s, kind=log, enabled=true, is_dynamic=false, rule_name=q, action_count=2"
            ]
        );
    }

    #[test]
    fn a_bare_rule_tells_its_kind_only() {
        let bare =
            r#"{"id": "/subscriptions/s/a", "type": "Microsoft.Insights/ActivityLogAlerts"}"#;
        assert_eq!(
            rows(&TABLE, "arg.resources", bare),
            [
                "alert_id=/subscriptions/s/a, subscription_id=s, kind=activity, is_dynamic=false, rule_name=a"
            ]
        );
        assert!(
            rows(
                &TABLE,
                "arg.resources",
                r#"{"id": "/subscriptions/s/g", "type": "Microsoft.Insights/ActionGroups"}"#
            )
            .is_empty()
        );
    }
}
