//! `vm_scale_sets`: one row per scale set.
//!
//! A row is a virtual machine scale set: <https://learn.microsoft.com/azure/templates/microsoft.compute/virtualmachinescalesets>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! Its instances are not rows of `vms` unless the set is of the flexible kind. `is_automation` follows from the
//! machine groups that config links to the set, from its tags or its resource group.

use super::subscriptions::arm;
use super::vms::balancers;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Elastic hosts.
pub(crate) static TABLE: Table = Table {
    name: "vm_scale_sets",
    grain: "one row per scale set",
    about: "elastic hosts",
    scope: Scope::Subscription,
    key: &["scale_set_id"],
    columns: &[
        Column::text("scale_set_id").required().business(),
        Column::text("subscription_id").business(),
        Column::int("instance_count"),
        Column::int("zones").about("number of zones"),
        Column::text("image_id").business().about("'' for a marketplace image"),
        Column::text("resource_group").business(),
        Column::text("balancer_id").business().about(
            "whose pool the instances are in; '' when told and none, null when there are several",
        ),
        Column::list("tags").business().about("`name` and `name=value` of every tag, lower-case"),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.compute/virtualmachinescalesets") {
        return;
    }
    let (set, full) = (arm::properties(record.json), arm::is_full(record.json));
    let profile = set.at("virtualMachineProfile");
    rows.push([
        cell("scale_set_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("instance_count", record.at("sku.capacity").int()),
        cell("zones", arm::len_or_zero(record.at("zones"), full)),
        cell("image_id", arm::id_or_none(profile.at("storageProfile.imageReference.id"), full)),
        cell("resource_group", arm::resource_group(record)),
        cell("balancer_id", arm::only(pools(profile), full)),
        cell("tags", arm::tags(record)),
    ]);
}

fn pools(profile: Json<'_>) -> Vec<String> {
    let nics = profile.at("networkProfile.networkInterfaceConfigurations").items();
    nics.flat_map(|nic| balancers(arm::properties(nic).at("ipConfigurations"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn full_and_bare_sets() {
        let id = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachineScaleSets/V";
        let row = format!("scale_set_id={}, subscription_id=s", id.to_lowercase());
        let full = format!(
            r#"{{"id": "{id}", "type": "Microsoft.Compute/virtualMachineScaleSets", "sku": {{"capacity": 4}}, "zones": ["1", "2"],
                "properties": {{"virtualMachineProfile": {{"storageProfile": {{"imageReference": {{"sku": "x"}}}}}}}}}}"#
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &full),
            [format!(
                "{row}, instance_count=4, zones=2, image_id=, resource_group=rg, balancer_id=, tags=[]"
            )]
        );
        let bare = format!(r#"{{"id": "{id}", "sku": {{"capacity": "many"}}}}"#);
        assert_eq!(rows(&TABLE, "arg.resources", &bare), [format!("{row}, resource_group=rg")]);
    }
}
