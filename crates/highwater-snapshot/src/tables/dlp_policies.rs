//! `dlp_policies`: one row per data policy.
//!
//! <https://learn.microsoft.com/power-platform/admin/wp-data-loss-prevention>. `gov.dlp_policy` is one policy in
//! full, `gov.dlp_list` the list without connectors; both wrap the policy in `policyDefinition`, PowerShell's
//! `Get-DlpPolicy` does not. `powershell.dlp` is the older `Get-AdminDlpPolicy` (UNVERIFIED: its filter says
//! `include` or `exclude`, and no filter means all environments).
//!
//! Traps: the service says Confidential for Business and General for Non-business; ScubaGear 1.8 writes
//! `connectorGroups` as `[]` whatever the policy holds, so no groups means that they were not told.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Who sets the boundary for connectors.
pub(crate) static TABLE: Table = Table {
    name: "dlp_policies",
    grain: "one row per data policy",
    about: "who sets the boundary for connectors",
    scope: Scope::Tenant,
    key: &["policy_id"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::text("display_name").business(),
        Column::text("environment_type").required().about(
            "lower-case: allenvironments, onlyenvironments, exceptenvironments, singleenvironment",
        ),
        Column::text("default_classification")
            .about("lower-case: confidential (= Business), general (= Non-business), blocked"),
        Column::time("created_at").business(),
        Column::time("modified_at").required().business(),
        Column::bool("has_business")
            .about("any connector; from the per-policy GET, null when only the list was read"),
        Column::bool("has_non_business"),
        Column::bool("has_blocked")
            .about("ScubaGear 1.8 writes connectorGroups as [] always: null, never false"),
    ],
    readings: &[
        Reading { source: "gov.dlp_policy", read: policy },
        Reading { source: "gov.dlp_list", read: policy },
        Reading { source: "powershell.dlp", read: powershell },
    ],
    complete: &[&["gov.dlp_list"], &["gov.dlp_policy"], &["powershell.dlp"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    let definition = definition(record);
    rows.push([
        cell("policy_id", policy_id(record)),
        cell("display_name", definition.at("displayName").text()),
        cell("environment_type", definition.at("environmentType").word()),
        cell("default_classification", definition.at("defaultConnectorsClassification").word()),
        cell("created_at", definition.at("createdTime").time()),
        cell("modified_at", definition.at("lastModifiedTime").time()),
        cell("has_business", has_class(definition, "confidential")),
        cell("has_non_business", has_class(definition, "general")),
        cell("has_blocked", has_class(definition, "blocked")),
    ]);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    let any = |group: &str| record.at(group).len().map(|connectors| connectors > 0);
    rows.push([
        cell("policy_id", record.at("PolicyName").id()),
        cell("display_name", record.at("DisplayName").text()),
        cell("environment_type", filter_type(record)),
        cell("created_at", record.at("CreatedTime").time()),
        cell("modified_at", record.at("LastModifiedTime").time()),
        cell("has_business", any("BusinessDataGroup")),
        cell("has_non_business", any("NonBusinessDataGroup")),
        cell("has_blocked", any("BlockedGroup")),
    ]);
}

/// The policy itself, whether it is wrapped in `policyDefinition` or not.
pub(super) fn definition<'v>(record: &Record<'v>) -> Json<'v> {
    let definition = record.at("policyDefinition");
    if definition.is_object() { definition } else { record.json }
}

/// The id of the policy, else of the policy that was asked for.
pub(super) fn policy_id<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    definition(record).at("name").id().or_else(|| record.parent())
}

/// Whether any connector is of a class; a class without a group has none, but no groups at all, or a
/// group without its list, leave it open.
fn has_class(definition: Json<'_>, class: &str) -> Option<bool> {
    let groups = definition.at("connectorGroups");
    if groups.len()? == 0 || groups.items().any(|group| !group.at("connectors").is_array()) {
        return None;
    }
    let of_class =
        |group: &Json<'_>| group.at("classification").word().is_some_and(|word| word == class);
    Some(groups.items().any(|group| of_class(&group) && !group.at("connectors").is_empty()))
}

fn filter_type(record: &Record<'_>) -> Option<&'static str> {
    let filter = record.at("FilterType");
    match filter.text().map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("include") => Some("onlyenvironments"),
        Some("exclude") => Some("exceptenvironments"),
        Some("") => Some("allenvironments"),
        None if filter.is_null() => Some("allenvironments"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn the_list_leaves_the_classes_open_and_the_policy_tells_them() {
        let list = r#"{"policyDefinition": {"name": "P1", "displayName": "Baseline", "defaultConnectorsClassification": "General",
            "environmentType": "AllEnvironments", "lastModifiedTime": "2026-01-02T00:00:00Z"}}"#;
        let told = "policy_id=p1, display_name=Baseline, environment_type=allenvironments, default_classification=general, \
                    modified_at=2026-01-02T00:00:00Z";
        assert_eq!(rows(&TABLE, "gov.dlp_list", list), [told]);
        let flat = r#"{"name": "P1", "environmentType": "OnlyEnvironments", "lastModifiedTime": "2026-01-02T00:00:00Z", "connectorGroups": [
            {"classification": "Confidential", "connectors": [{"id": "/providers/Microsoft.PowerApps/apis/shared_sql"}]},
            {"classification": "General", "connectors": []}]}"#;
        assert_eq!(
            rows(&TABLE, "gov.dlp_policy", flat),
            [
                "policy_id=p1, environment_type=onlyenvironments, modified_at=2026-01-02T00:00:00Z, has_business=true, \
              has_non_business=false, has_blocked=false"
            ]
        );
    }

    #[test]
    fn no_groups_are_not_a_policy_without_connectors() {
        let scuba = r#"{"name": "P1", "environmentType": "AllEnvironments", "lastModifiedTime": "2026-01-02T00:00:00Z", "connectorGroups": []}"#;
        let row =
            "policy_id=p1, environment_type=allenvironments, modified_at=2026-01-02T00:00:00Z";
        assert_eq!(rows(&TABLE, "gov.dlp_policy", scuba), [row]);
        assert!(
            rows(
                &TABLE,
                "gov.dlp_list",
                r#"{"policyDefinition": {"name": "P1", "environmentType": "AllEnvironments"}}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn the_older_cmdlet_names_its_filter() {
        let text = r#"{"PolicyName": "P2", "DisplayName": "Old", "LastModifiedTime": "2026-01-02T00:00:00Z", "FilterType": "Exclude",
            "BusinessDataGroup": [{"id": "x"}], "NonBusinessDataGroup": [], "BlockedGroup": "System.Object[]"}"#;
        assert_eq!(
            rows(&TABLE, "powershell.dlp", text),
            [
                "policy_id=p2, display_name=Old, environment_type=exceptenvironments, modified_at=2026-01-02T00:00:00Z, \
              has_business=true, has_non_business=false"
            ]
        );
    }
}
