//! `dlp_connector_rules`: one row per data policy and connector that it classifies or configures.
//!
//! Classes: <https://learn.microsoft.com/power-platform/admin/dlp-connector-classification>; action and endpoint
//! rules: <https://learn.microsoft.com/power-platform/admin/connector-action-control>. Only the policy in full
//! (`gov.dlp_policy`) has connectors; `powershell.dlp` has the three groups without rules. A connector that
//! is configured but not classified has the class `''`. Rule counts stay open where the policy configures
//! nothing for the connector: whether it says so in full shows in the coverage of the policy.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::dlp_policies::{definition, policy_id};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Named, Record, Rows, cell};

/// Classification and fine rules of a connector.
pub(crate) static TABLE: Table = Table {
    name: "dlp_connector_rules",
    grain: "one row per policy and connector",
    about: "classification and fine rules of a connector",
    scope: Scope::Policy,
    key: &["policy_id", "connector_id"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::text("connector_id")
            .required()
            .about("last segment, lower-case; also connectors named only by configurations"),
        Column::text("classification")
            .required()
            .about("as default_classification; '' when the connector is only configured"),
        Column::text("default_action_behavior").about("allow, block"),
        Column::int("action_rule_count").about("rules that differ from the default; null where the policy configures no actions of the connector"),
        Column::int("endpoint_rule_count").about("rules other than Allow `*`; null where the policy configures no endpoints of the connector"),
    ],
    readings: &[
        Reading { source: "gov.dlp_policy", read: policy },
        Reading { source: "powershell.dlp", read: powershell },
    ],
    complete: &[&["gov.dlp_policy"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    let policy = policy_id(record);
    let rules = record.at("connectorConfigurationsDefinition");
    let (actions, endpoints) =
        (rules.at("connectorActionConfigurations"), rules.at("endpointConfigurations"));
    let mut classified = BTreeSet::new();
    for group in definition(record).at("connectorGroups").items() {
        for connector in
            group.at("connectors").items().filter_map(|connector| connector.at("id").segment())
        {
            rows.push(row(
                policy.clone(),
                &connector,
                group.at("classification").word(),
                actions,
                endpoints,
            ));
            classified.insert(connector.into_owned());
        }
    }
    let configured: BTreeSet<String> =
        actions.items().chain(endpoints.items()).filter_map(connector_id).collect();
    for connector in configured.difference(&classified) {
        rows.push(row(policy.clone(), connector, Some(Cow::Borrowed("")), actions, endpoints));
    }
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    let groups = [
        ("BusinessDataGroup", "confidential"),
        ("NonBusinessDataGroup", "general"),
        ("BlockedGroup", "blocked"),
    ];
    for (group, class) in groups {
        for connector in record.at(group).items() {
            rows.push([
                cell("policy_id", record.at("PolicyName").id()),
                cell("connector_id", connector.at("id").segment()),
                cell("classification", class),
            ]);
        }
    }
}

fn row<'v>(
    policy: Option<Cow<'v, str>>,
    connector: &str,
    class: Option<Cow<'v, str>>,
    actions: Json<'v>,
    endpoints: Json<'v>,
) -> [Named<'v>; 6] {
    let of_connector = |rule: &Json<'_>| connector_id(*rule).is_some_and(|id| id == connector);
    let action = actions.items().find(of_connector).unwrap_or(Json::NULL);
    let endpoint = endpoints.items().find(of_connector).unwrap_or(Json::NULL);
    [
        cell("policy_id", policy),
        cell("connector_id", connector.to_owned()),
        cell("classification", class),
        cell("default_action_behavior", action.at("defaultConnectorActionRuleBehavior").word()),
        cell("action_rule_count", action_rules(action)),
        cell("endpoint_rule_count", endpoint_rules(endpoint)),
    ]
}

fn connector_id(rule: Json<'_>) -> Option<String> {
    rule.at("connectorId").segment().map(Cow::into_owned)
}

/// Rules that differ from the connector's default.
fn action_rules(action: Json<'_>) -> Option<i64> {
    let default = action.at("defaultConnectorActionRuleBehavior").word();
    let rules = action.at("actionRules");
    rules.len()?;
    i64::try_from(rules.items().filter(|rule| rule.at("behavior").word() != default).count()).ok()
}

/// Rules other than "allow everything".
fn endpoint_rules(endpoint: Json<'_>) -> Option<i64> {
    let rules = endpoint.at("endpointRules");
    rules.len()?;
    let allows_all = |rule: &Json<'_>| {
        rule.at("behavior").word().as_deref() == Some("allow")
            && rule.at("endpoint").text().as_deref() == Some("*")
    };
    i64::try_from(rules.items().filter(|rule| !allows_all(rule)).count()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn classes_and_configurations_meet_in_one_row() {
        let text = r#"{"policyDefinition": {"name": "P1", "connectorGroups": [
              {"classification": "Confidential", "connectors": [{"id": "/providers/Microsoft.PowerApps/apis/shared_SQL"}, {"id": 7}]},
              {"classification": "Blocked", "connectors": [{"id": "shared_twitter"}]}]},
            "connectorConfigurationsDefinition": {
              "connectorActionConfigurations": [{"connectorId": "/providers/Microsoft.PowerApps/apis/shared_sql",
                "defaultConnectorActionRuleBehavior": "Allow",
                "actionRules": [{"actionId": "DeleteItem", "behavior": "Block"}, {"actionId": "GetItem", "behavior": "Allow"}]}],
              "endpointConfigurations": [{"connectorId": "shared_http", "endpointRules": [
                {"order": 1, "endpoint": "contoso.example", "behavior": "Allow"}, {"order": 2, "endpoint": "*", "behavior": "Deny"}]},
                {"connectorId": "shared_sql", "endpointRules": [{"order": 1, "endpoint": "*", "behavior": "Allow"}]}]}}"#;
        assert_eq!(
            rows(&TABLE, "gov.dlp_policy", text),
            [
                "policy_id=p1, connector_id=shared_sql, classification=confidential, default_action_behavior=allow, \
                 action_rule_count=1, endpoint_rule_count=0",
                "policy_id=p1, connector_id=7, classification=confidential",
                "policy_id=p1, connector_id=shared_twitter, classification=blocked",
                "policy_id=p1, connector_id=shared_http, classification=, endpoint_rule_count=2",
            ]
        );
    }

    #[test]
    fn the_older_cmdlet_has_three_groups() {
        let text = r#"{"PolicyName": "P2", "BusinessDataGroup": [{"id": "/a/shared_sql"}], "BlockedGroup": "System.Object[]"}"#;
        assert_eq!(
            rows(&TABLE, "powershell.dlp", text),
            ["policy_id=p2, connector_id=shared_sql, classification=confidential"]
        );
    }
}
