//! `environment_backups`: one row per manual backup of an environment.
//!
//! `ppapi.backups` is the backup list of the Power Platform API
//! (<https://learn.microsoft.com/rest/api/power-platform/>). UNVERIFIED: only the field names of Microsoft's own
//! client were at hand, so both the SDK's names and the shorter ones of the documentation are read. System
//! backups are not listed; how far they reach back is `environments.backups_available_from`.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, Time, cell};

/// Restore readiness.
pub(crate) static TABLE: Table = Table {
    name: "environment_backups",
    grain: "one row per manual backup",
    about: "restore readiness",
    scope: Scope::Environment,
    key: &["environment_id", "backup_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("backup_id").required().business(),
        Column::time("taken_at").required().business(),
        Column::time("expires_at").business(),
    ],
    readings: &[Reading { source: "ppapi.backups", read: backup }],
    complete: &[&["ppapi.backups"]],
    sample: Sample::Unseen,
};

fn backup(record: &Record<'_>, rows: &mut Rows) {
    let taken = ["backupPointDateTime", "backupPoint", "createdDateTime"];
    let expires = ["backupExpiryDateTime", "backupExpiry", "expiryDateTime"];
    rows.push([
        cell("environment_id", record.environment("environmentId")),
        cell("backup_id", record.at("id").segment()),
        cell("taken_at", first(record, &taken)),
        cell("expires_at", first(record, &expires)),
    ]);
}

fn first(record: &Record<'_>, names: &[&str]) -> Option<Time> {
    names.iter().find_map(|name| record.at(name).time())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    #[test]
    fn a_backup_belongs_to_the_environment_that_was_asked() {
        let place = Place { environment: Some("e1".into()), ..Place::default() };
        let text = r#"{"id": "B1", "label": "before upgrade", "backupPointDateTime": "2026-03-01T00:00:00Z", "backupExpiryDateTime": null}"#;
        let row = "environment_id=e1, backup_id=b1, taken_at=2026-03-01T00:00:00Z";
        assert_eq!(rows_at(&TABLE, "ppapi.backups", &place, text), [row]);
        assert!(
            rows_at(
                &TABLE,
                "ppapi.backups",
                &place,
                r#"{"id": "B2", "backupPointDateTime": true}"#
            )
            .is_empty()
        );
    }
}
