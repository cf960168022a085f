//! `machine_groups`: one row per machine group.
//!
//! Dataverse table `flowmachinegroup`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowmachinegroup>). Never select
//! `primarykeypackage`. No recorded payload was at hand.
//!
//! No API links a group to a scale set: `scale_set_id` comes from the tag `scale_set` of the group.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Pooling.
pub(crate) static TABLE: Table = Table {
    name: "machine_groups",
    grain: "one row per machine group",
    about: "pooling",
    scope: Scope::Dataverse,
    key: &["environment_id", "machine_group_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("machine_group_id").required().business(),
        Column::text("display_name").business(),
        Column::text("kind")
            .required()
            .about("keyless 545940000, standard 545940001, implicit 545940002"),
        Column::bool("is_hosted").required().about("1 = managed (hosted)"),
        Column::int("max_managed_machines"),
        Column::text("scale_set_id")
            .business()
            .derived()
            .about("no API links them: from the tag `scale_set` of the group"),
    ],
    readings: &[Reading { source: "dv.machine_groups", read: dataverse }],
    complete: &[&["dv.machine_groups"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("machine_group_id", record.at("flowmachinegroupid").id()),
        cell("display_name", record.at("name").filled()),
        cell("kind", record.at("flowgrouptype").int().and_then(kind)),
        cell("is_hosted", record.at("managementtype").int().and_then(is_hosted)),
        cell("max_managed_machines", record.at("maxmanagedmachinecount").int()),
    ]);
}

fn kind(number: i64) -> Option<&'static str> {
    match number {
        545_940_000 => Some("keyless"),
        545_940_001 => Some("standard"),
        545_940_002 => Some("implicit"),
        _ => None,
    }
}

fn is_hosted(management: i64) -> Option<bool> {
    match management {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn knows_hosted_groups_by_their_management() {
        let group = r#"{"flowmachinegroupid": "G1", "name": "Bots", "flowgrouptype": 545940001, "managementtype": 1, "maxmanagedmachinecount": 4}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.machine_groups", &place(), group),
            [
                "environment_id=e1, machine_group_id=g1, display_name=Bots, kind=standard, is_hosted=true, max_managed_machines=4"
            ]
        );
    }

    #[test]
    fn a_group_of_an_unknown_kind_is_rejected() {
        let unknown = r#"{"flowmachinegroupid": "g1", "flowgrouptype": 9, "managementtype": 0}"#;
        assert!(rows_at(&TABLE, "dv.machine_groups", &place(), unknown).is_empty());
        let bare = r#"{"flowmachinegroupid": "g1", "flowgrouptype": 545940002, "managementtype": 0, "maxmanagedmachinecount": "many"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.machine_groups", &place(), bare),
            ["environment_id=e1, machine_group_id=g1, kind=implicit, is_hosted=false"]
        );
    }
}
