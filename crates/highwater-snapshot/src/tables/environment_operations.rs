//! `environment_operations`: one row per lifecycle operation of an environment.
//!
//! `bap.lifecycle_operations` is the operation object that environment reads and changes poll; what can be
//! done is described at <https://learn.microsoft.com/power-platform/admin/backup-restore-environments>. How far
//! back the service keeps operations is UNVERIFIED, so counts are lower bounds. Unified-audit events of the
//! same operations stay in `audit_events`: their spellings are not known well enough to be counted as restores.

use super::asset_shares::person;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Restore tests, automated creation.
pub(crate) static TABLE: Table = Table {
    name: "environment_operations",
    grain: "one row per lifecycle operation",
    about: "restore tests, automated creation",
    scope: Scope::Environment,
    key: &["environment_id", "operation_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("operation_id").required().business(),
        Column::text("kind")
            .required()
            .about("lower-case: create, restore, copy, backup, reset, delete, ..."),
        Column::text("state"),
        Column::text("requested_by").personal(),
        Column::text("requested_by_type").about("`Service` = platform raised"),
        Column::time("started_at")
            .required()
            .business()
            .about("how far back the service keeps them is UNVERIFIED"),
        Column::time("ended_at").business(),
    ],
    readings: &[Reading { source: "bap.lifecycle_operations", read: bap }],
    complete: &[&["bap.lifecycle_operations"]],
    sample: Sample::Seen,
};

fn bap(record: &Record<'_>, rows: &mut Rows) {
    let requester = record.at("requestedBy");
    rows.push([
        cell("environment_id", record.environment("links.environment.path")),
        cell("operation_id", record.at("id").segment()),
        cell("kind", record.at("type.id").word()),
        cell("state", record.at("state.id").word()),
        person("requested_by", requester, Some("system")),
        cell("requested_by_type", requester.at("type").word()),
        cell("started_at", record.at("createdDateTime").time()),
        cell("ended_at", record.at("lastActionDateTime").time()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn an_operation_names_its_environment_by_path() {
        let text = r#"{"id": "Op1", "links": {"environment": {"path": "/providers/Microsoft.BusinessAppPlatform/environments/Default-E1"}},
            "type": {"id": "Restore"}, "state": {"id": "Succeeded"}, "createdDateTime": "2026-02-03T04:05:06.1234567Z",
            "lastActionDateTime": "2026-02-03T05:00:00Z", "requestedBy": {"id": "S1", "type": "ServicePrincipal"}}"#;
        assert_eq!(
            rows(&TABLE, "bap.lifecycle_operations", text),
            [
                "environment_id=default-e1, operation_id=op1, kind=restore, state=succeeded, requested_by=s1, \
              requested_by_type=serviceprincipal, started_at=2026-02-03T04:05:06.123456Z, ended_at=2026-02-03T05:00:00Z"
            ]
        );
    }

    #[test]
    fn without_a_start_it_is_no_row() {
        let text = r#"{"id": "op2", "type": {"id": "Copy"}, "links": {"environment": {"path": "/environments/e1"}}, "createdDateTime": 7}"#;
        assert!(rows(&TABLE, "bap.lifecycle_operations", text).is_empty());
    }
}
