//! `groups`: one row per group that is named by config, roles, licences, environments, teams or conditional access.
//!
//! A row is a directory group: <https://learn.microsoft.com/graph/api/resources/group>.
//! `graph.groups` gives everything but `member_count` (counted from `group_members` where those were read in
//! full) and `grants_access` (whether anything names the group).
//! Traps: a dynamic rule whose processing is paused is not dynamic; `resourceProvisioningOptions` and
//! `assignedLicenses` come only when selected; security groups have empty `groupTypes`.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Access by groups.
pub(crate) static TABLE: Table = Table {
    name: "groups",
    grain: "one row per group that is named by config, roles, licences, environments, teams or conditional access",
    about: "access by groups",
    scope: Scope::Tenant,
    key: &["group_id"],
    columns: &[
        Column::text("group_id").required().business(),
        Column::text("display_name").business(),
        Column::bool("is_dynamic"),
        Column::bool("security_enabled"),
        Column::bool("is_team"),
        Column::bool("grants_access")
            .derived()
            .about("the population of access.automated_group_share"),
        Column::int("member_count").derived().about("null where the members were not read in full"),
    ],
    readings: &[Reading { source: "graph.groups", read: group }],
    complete: &[&["graph.groups"]],
    sample: Sample::Seen,
};

fn group(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("group_id", record.at("id").id()),
        cell("display_name", record.at("displayName").filled()),
        cell("is_dynamic", is_dynamic(record)),
        cell("security_enabled", record.at("securityEnabled").flag()),
        cell("is_team", names(record.at("resourceProvisioningOptions"), "team")),
    ]);
}

fn is_dynamic(record: &Record<'_>) -> Option<bool> {
    if !names(record.at("groupTypes"), "dynamicmembership")? {
        return Some(false);
    }
    record.at("membershipRuleProcessingState").word().map(|state| state == "on")
}

/// Whether a list of words holds a word; not told where it is no list.
fn names(list: Json<'_>, word: &str) -> Option<bool> {
    list.is_array().then(|| list.items().any(|item| item.word().as_deref() == Some(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_paused_rule_is_not_dynamic() {
        let team = r#"{"id": "G1", "displayName": "Makers", "groupTypes": ["Unified", "DynamicMembership"],
            "membershipRuleProcessingState": "Paused", "securityEnabled": false, "resourceProvisioningOptions": ["Team"]}"#;
        assert_eq!(
            rows(&TABLE, "graph.groups", team),
            [
                "group_id=g1, display_name=Makers, is_dynamic=false, security_enabled=false, is_team=true"
            ]
        );
    }

    #[test]
    fn what_was_not_selected_is_not_told() {
        assert_eq!(
            rows(&TABLE, "graph.groups", r#"{"id": "G2", "displayName": "Golf"}"#),
            ["group_id=g2, display_name=Golf"]
        );
        assert_eq!(
            rows(&TABLE, "graph.groups", r#"{"id": "G3", "groupTypes": ["DynamicMembership"]}"#),
            ["group_id=g3"]
        );
    }
}
