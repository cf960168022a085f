//! `nsgs`: one row per network security group.
//!
//! A row is a network security group: <https://learn.microsoft.com/azure/templates/microsoft.network/networksecuritygroups>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! A full object leaves out the lists of interfaces and subnets when they are empty: then they count 0.
//! `is_automation` follows from the virtual machines that use the group, or from the configured resource groups.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Network boundary.
pub(crate) static TABLE: Table = Table {
    name: "nsgs",
    grain: "one row per network security group",
    about: "network boundary",
    scope: Scope::Subscription,
    key: &["nsg_id"],
    columns: &[
        Column::text("nsg_id").required().business(),
        Column::text("subscription_id").business(),
        Column::text("resource_group").business().about("lower-case"),
        Column::text("location"),
        Column::int("attached_nics"),
        Column::int("attached_subnets"),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.network/networksecuritygroups") {
        return;
    }
    let (group, full) = (arm::properties(record.json), arm::is_full(record.json));
    rows.push([
        cell("nsg_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("resource_group", arm::resource_group(record)),
        cell("location", record.at("location").word()),
        cell("attached_nics", arm::len_or_zero(group.at("networkInterfaces"), full)),
        cell("attached_subnets", arm::len_or_zero(group.at("subnets"), full)),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn full_bare_and_mistyped_groups() {
        let full = r#"{"id": "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/N", "location": "WestEurope",
            "type": "Microsoft.Network/networkSecurityGroups", "properties": {"subnets": [{"id": "x"}], "securityRules": []}}"#;
        let row = "nsg_id=/subscriptions/s1/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/n, subscription_id=s1, resource_group=rg";
        assert_eq!(
            rows(&TABLE, "arg.resources", full),
            [format!("{row}, location=westeurope, attached_nics=0, attached_subnets=1")]
        );
        let bare = r#"{"id": "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/N"}"#;
        assert_eq!(rows(&TABLE, "arg.resources", bare), [row], "the type is told by the id");
        let odd = bare.replace('}', r#", "properties": {"subnets": 7}}"#);
        assert_eq!(rows(&TABLE, "arg.resources", &odd), [format!("{row}, attached_nics=0")]);
        assert!(
            rows(&TABLE, "arg.resources", r#"{"id": "/x", "type": "microsoft.web/sites"}"#)
                .is_empty()
        );
    }
}
