//! `protected_items`: one row per protected or replicated item.
//!
//! A row is something that a recovery services vault backs up or replicates:
//! <https://learn.microsoft.com/rest/api/backup/backup-protected-items/list>,
//! <https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/list>
//! (`arg.recovery`, the table `recoveryservicesresources` of Resource Graph, or an import).
//! The last success of a backup is its last recovery point, or the last backup where that completed. The last
//! success of a replication is its last rehearsed failover: without one it is not told.

use std::borrow::Cow;

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Time, cell};

/// Disaster recovery of hosts.
pub(crate) static TABLE: Table = Table {
    name: "protected_items",
    grain: "one row per protected or replicated item",
    about: "disaster recovery of hosts",
    scope: Scope::Subscription,
    key: &["item_id"],
    columns: &[
        Column::text("item_id").required().business(),
        Column::text("resource_id").business().about("what is protected; lower-case"),
        Column::text("kind").about("backup, replication"),
        Column::time("last_success_at").about("replication without a test failover is null"),
        Column::bool("is_healthy"),
    ],
    readings: &[
        Reading { source: "arg.recovery", read: resource },
        Reading { source: "arg.resources", read: resource },
    ],
    complete: &[&["arg.recovery"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    let Some(kind) = kind(record) else { return };
    let item = arm::properties(record.json);
    let backup = kind == "backup";
    rows.push([
        cell("item_id", arm::id(record.at("id"))),
        cell("resource_id", source(item)),
        cell("kind", kind),
        cell(
            "last_success_at",
            if backup {
                last_backup(item)
            } else {
                item.at("lastSuccessfulTestFailoverTime").time()
            },
        ),
        cell("is_healthy", if backup { is_backed_up(item) } else { is_replicated(item) }),
    ]);
}

fn kind(record: &Record<'_>) -> Option<&'static str> {
    let kinds = [
        (
            "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems",
            "backup",
        ),
        (
            "microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers/replicationprotecteditems",
            "replication",
        ),
    ];
    kinds.into_iter().find(|(kind, _)| arm::is(record, kind)).map(|(_, word)| word)
}

fn source(item: Json<'_>) -> Option<Cow<'_, str>> {
    let paths = [
        "sourceResourceId",
        "virtualMachineId",
        "dataSourceInfo.resourceId",
        "providerSpecificDetails.fabricObjectId",
        "providerSpecificDetails.dataSourceInfo.resourceId",
    ];
    paths.into_iter().find_map(|path| arm::id(item.at(path)))
}

fn last_backup(item: Json<'_>) -> Option<Time> {
    let completed = item
        .at("lastBackupStatus")
        .word()
        .is_some_and(|status| status.starts_with("completed") || status == "healthy");
    let last = completed.then(|| item.at("lastBackupTime").time()).flatten();
    last.max(item.at("lastRecoveryPoint").time()).filter(|moment| *moment > Time::NEVER)
}

fn is_backed_up(item: Json<'_>) -> Option<bool> {
    let protected = item.at("protectionState").word()? == "protected";
    Some(
        protected
            && item
                .at("lastBackupStatus")
                .word()
                .is_none_or(|status| status != "failed" && status != "unhealthy"),
    )
}

fn is_replicated(item: Json<'_>) -> Option<bool> {
    let protected = item.at("protectionState").word()? == "protected";
    Some(protected && item.at("replicationHealth").word().is_none_or(|health| health == "normal"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn backups() {
        let backup = |body: &str| {
            let kind = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";
            rows(
                &TABLE,
                "arg.recovery",
                &format!(r#"{{"id": "/I", "type": "{kind}", "properties": {body}}}"#),
            )
        };
        assert_eq!(
            backup(
                r#"{"sourceResourceId": "/VM", "protectionState": "Protected", "lastBackupStatus": "Completed", "lastBackupTime": "2026-11-21T01:00:00Z"}"#
            ),
            [
                "item_id=/i, resource_id=/vm, kind=backup, last_success_at=2026-11-21T01:00:00Z, is_healthy=true"
            ]
        );
        assert_eq!(
            backup(
                r#"{"protectionState": "Protected", "lastBackupStatus": "Failed", "lastBackupTime": "2026-11-21T01:00:00Z", "lastRecoveryPoint": "2026-11-19T01:00:00Z"}"#
            ),
            ["item_id=/i, kind=backup, last_success_at=2026-11-19T01:00:00Z, is_healthy=false"]
        );
        assert_eq!(
            backup(r#"{"lastBackupTime": 5, "lastRecoveryPoint": "0001-01-01T00:00:00Z"}"#),
            ["item_id=/i, kind=backup"]
        );
    }

    #[test]
    fn replications_count_from_their_last_rehearsal() {
        let kind = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers/replicationProtectedItems";
        let text = format!(
            r#"{{"id": "/R", "type": "{kind}", "properties": {{"protectionState": "Protected", "replicationHealth": "Critical",
                "providerSpecificDetails": {{"fabricObjectId": "/VM"}}}}}}"#
        );
        assert_eq!(
            rows(&TABLE, "arg.recovery", &text),
            ["item_id=/r, resource_id=/vm, kind=replication, is_healthy=false"]
        );
        assert!(
            rows(
                &TABLE,
                "arg.recovery",
                r#"{"id": "/p", "type": "microsoft.recoveryservices/vaults/backuppolicies"}"#
            )
            .is_empty()
        );
    }
}
