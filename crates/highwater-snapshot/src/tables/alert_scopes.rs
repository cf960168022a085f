//! `alert_scopes`: one row per alert rule and scope.
//!
//! A row says what an alert rule watches (`scope`) or calls (`action`); an action group gives a row about itself
//! (`action_group`, both ids its own), which no alert rule shares, that says whether it is switched on and
//! reaches anybody: <https://learn.microsoft.com/azure/templates/microsoft.insights/actiongroups>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. Receivers, with their addresses and telephone numbers, are not kept.
//! Scopes stand as the rule writes them: a resource group or subscription stands for what is in it.

use std::borrow::Cow;

use super::alerts::kind;
use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// What an alert watches.
pub(crate) static TABLE: Table = Table {
    name: "alert_scopes",
    grain: "one row per alert rule and what it watches or calls",
    about: "what an alert watches",
    scope: Scope::Subscription,
    key: &["alert_id", "scope_id"],
    columns: &[
        Column::text("alert_id").required().business(),
        Column::text("scope_id")
            .required()
            .business()
            .about("lower-case: resource, resource group, subscription or action group"),
        Column::text("relation").about("scope, action, action_group"),
        Column::bool("is_live").about("told on the row of an action group itself"),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.insights/actiongroups") {
        action_group(record, rows);
    } else if kind(record).is_some() {
        let alert = arm::properties(record.json);
        for scope in scopes(alert) {
            push(record, scope, "scope", rows);
        }
        for action in actions(alert) {
            push(record, action, "action", rows);
        }
    }
}

/// The action groups of an alert rule, in the shapes of metric, activity and log alerts.
pub(super) fn actions(alert: Json<'_>) -> Vec<Cow<'_, str>> {
    let groups = |list: Json<'_>| -> Vec<_> {
        list.items()
            .filter_map(|item| arm::id(item).or_else(|| arm::id(item.at("actionGroupId"))))
            .map(|id| id.into_owned().into())
            .collect()
    };
    let lists = [
        alert.at("actions"),
        alert.at("actions.actionGroups"),
        alert.at("action.aznsAction.actionGroup"),
    ];
    let mut found: Vec<Cow<'_, str>> = lists.into_iter().flat_map(groups).collect();
    found.sort();
    found.dedup();
    found
}

fn scopes(alert: Json<'_>) -> Vec<Cow<'_, str>> {
    let old = [alert.at("source.dataSourceId")];
    alert
        .at("scopes")
        .items()
        .chain(old)
        .chain(alert.at("source.authorizedResources").items())
        .filter_map(arm::id)
        .collect()
}

fn push<'v>(record: &Record<'v>, scope: Cow<'v, str>, relation: &'static str, rows: &mut Rows) {
    rows.push([
        cell("alert_id", arm::id(record.at("id"))),
        cell("scope_id", scope),
        cell("relation", relation),
    ]);
}

fn action_group(record: &Record<'_>, rows: &mut Rows) {
    let group = arm::properties(record.json);
    let reaches = group.entries().any(|(name, list)| {
        name.to_ascii_lowercase().ends_with("receivers")
            && list
                .items()
                .any(|one| one.at("status").word().is_none_or(|state| state != "disabled"))
    });
    rows.push([
        cell("alert_id", arm::id(record.at("id"))),
        cell("scope_id", arm::id(record.at("id"))),
        cell("relation", "action_group"),
        cell("is_live", group.at("enabled").flag().map(|enabled| enabled && reaches)),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn scopes_and_actions_in_all_shapes() {
        let rule = |kind: &str, body: &str| {
            rows(
                &TABLE,
                "arg.resources",
                &format!(
                    r#"{{"id": "/A", "type": "microsoft.insights/{kind}", "properties": {body}}}"#
                ),
            )
        };
        let both = [
            "alert_id=/a, scope_id=/v, relation=scope",
            "alert_id=/a, scope_id=/g, relation=action",
        ];
        assert_eq!(
            rule("metricAlerts", r#"{"scopes": ["/V"], "actions": [{"actionGroupId": "/G"}]}"#),
            both
        );
        assert_eq!(
            rule(
                "scheduledQueryRules",
                r#"{"scopes": ["/V"], "actions": {"actionGroups": ["/G"]}}"#
            ),
            both
        );
        assert_eq!(
            rule(
                "activityLogAlerts",
                r#"{"scopes": ["V"], "actions": {"actionGroups": [{"actionGroupId": "/G"}]}}"#
            ),
            both
        );
        assert_eq!(
            rule(
                "scheduledQueryRules",
                r#"{"source": {"dataSourceId": "/V"}, "action": {"aznsAction": {"actionGroup": ["/G"]}}}"#
            ),
            both
        );
        assert!(rule("metricAlerts", r#"{"scopes": "/V", "actions": null}"#).is_empty());
    }

    #[test]
    fn an_action_group_is_live_when_it_reaches_somebody() {
        let group = |body: &str| {
            rows(
                &TABLE,
                "arg.resources",
                &format!(
                    r#"{{"id": "/G", "type": "Microsoft.Insights/ActionGroups", "properties": {body}}}"#
                ),
            )
        };
        let row = "alert_id=/g, scope_id=/g, relation=action_group";
        assert_eq!(
            group(
                r#"{"enabled": true, "emailReceivers": [{"status": "Disabled"}], "webhookReceivers": [{"name": "w"}]}"#
            ),
            [format!("{row}, is_live=true")]
        );
        assert_eq!(
            group(r#"{"enabled": true, "emailReceivers": [{"status": "Disabled"}]}"#),
            [format!("{row}, is_live=false")]
        );
        assert_eq!(group(r#"{"enabled": "?"}"#), [row]);
    }
}
