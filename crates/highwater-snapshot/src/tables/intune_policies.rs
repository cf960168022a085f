//! `intune_policies`: one row per configuration or update policy.
//!
//! A row is an update ring, an update profile, a configuration or a compliance policy of Intune:
//! <https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfiguration>,
//! <https://learn.microsoft.com/graph/api/resources/intune-softwareupdate-windowsqualityupdateprofile>. The kind
//! comes from the type that Graph names. Settings are not kept.
//! Trap: assignments come only when expanded; the beta lists say `isAssigned` instead, which is stored as one
//! assignment at least.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Patch and configuration.
pub(crate) static TABLE: Table = Table {
    name: "intune_policies",
    grain: "one row per configuration or update policy",
    about: "patch and configuration",
    scope: Scope::Tenant,
    key: &["policy_id"],
    columns: &[
        Column::text("policy_id").required().business(),
        Column::text("kind").about(
            "update_ring, quality_update, feature_update, driver_update, configuration, compliance",
        ),
        Column::int("assignment_count").about("1 = at least one, where only `isAssigned` was told"),
    ],
    readings: &[Reading { source: "graph.intune_policies", read: policy }],
    complete: &[&["graph.intune_policies"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    let assigned = record.at("isAssigned").flag().map(i64::from);
    rows.push([
        cell("policy_id", record.at("id").id()),
        cell("kind", kind(record)),
        cell("assignment_count", record.at("assignments").len().or(assigned)),
    ]);
}

fn kind(record: &Record<'_>) -> Option<&'static str> {
    let told = record.json.key("@odata.type").word()?;
    Some(match told.rsplit('.').next()? {
        "windowsupdateforbusinessconfiguration" => "update_ring",
        "windowsqualityupdateprofile" | "windowsqualityupdatepolicy" => "quality_update",
        "windowsfeatureupdateprofile" => "feature_update",
        "windowsdriverupdateprofile" => "driver_update",
        other if other.ends_with("compliancepolicy") => "compliance",
        _ => "configuration",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn kinds_and_assignments() {
        let ring = r##"{"@odata.type": "#microsoft.graph.windowsUpdateForBusinessConfiguration", "id": "P1", "assignments": [{"id": "x"}]}"##;
        assert_eq!(
            rows(&TABLE, "graph.intune_policies", ring),
            ["policy_id=p1, kind=update_ring, assignment_count=1"]
        );
        let beta = r##"{"@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy", "id": "P2", "isAssigned": false}"##;
        assert_eq!(
            rows(&TABLE, "graph.intune_policies", beta),
            ["policy_id=p2, kind=configuration, assignment_count=0"]
        );
        assert_eq!(
            rows(&TABLE, "graph.intune_policies", r#"{"id": "P3", "assignments": {}}"#),
            ["policy_id=p3"]
        );
    }
}
