//! `environment_groups`: one row per environment group.
//!
//! <https://learn.microsoft.com/power-platform/admin/environment-groups>. `bap.environment_groups` is the
//! group object itself; `inventory.query` rows of type `environmentgroups` carry the same names under
//! `properties`. Members are told by the environments (`environments.group_id`), not here.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Maker tiers and rules.
pub(crate) static TABLE: Table = Table {
    name: "environment_groups",
    grain: "one row per environment group",
    about: "maker tiers and rules",
    scope: Scope::Tenant,
    key: &["group_id"],
    columns: &[
        Column::text("group_id").required().business(),
        Column::text("display_name").business(),
        Column::text("description").business(),
        Column::text("stage_by_name").business().derived().about("as environments.stage_by_name"),
    ],
    readings: &[
        Reading { source: "bap.environment_groups", read: bap },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "arg.power_platform", read: inventory },
    ],
    complete: &[&["bap.environment_groups"], &["inventory.query"], &["arg.power_platform"]],
    sample: Sample::Seen,
};

fn bap(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("group_id", record.at("id").id()),
        cell("display_name", record.at("displayName").text()),
        cell("description", record.at("description").text()),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    // The query answers for every type of resource; the other types belong to other tables.
    if record.at("type").word().as_deref() != Some("microsoft.powerplatform/environmentgroups") {
        return;
    }
    rows.push([
        cell("group_id", record.at("name").id()),
        cell("display_name", record.at("properties.displayName").text()),
        cell("description", record.at("properties.description").text()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn both_sources_give_the_same_group() {
        let api = r#"{"id": "G1", "displayName": "Test ring", "createdBy": {"id": "u1", "type": "User"}}"#;
        let inventory = r#"{"type": "Microsoft.PowerPlatform/environmentGroups", "name": "G1", "properties": {"displayName": "Test ring"}}"#;
        assert_eq!(
            rows(&TABLE, "bap.environment_groups", api),
            ["group_id=g1, display_name=Test ring"]
        );
        assert_eq!(
            rows(&TABLE, "inventory.query", inventory),
            ["group_id=g1, display_name=Test ring"]
        );
        assert!(
            rows(&TABLE, "bap.environment_groups", r#"{"id": null, "displayName": "nameless"}"#)
                .is_empty()
        );
    }
}
