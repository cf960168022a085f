//! `vms`: one row per virtual machine.
//!
//! A row is a virtual machine: <https://learn.microsoft.com/azure/templates/microsoft.compute/virtualmachines>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! Other objects that name their machine fill the row: network interfaces (`nic_*`, `balancer_id`), the disk
//! encryption extension and operating system disks with a customer key, and just-in-time policies. With several
//! interfaces the `nic_*` cells are those of one of them, except that one public address is enough for
//! `nic_public`. A row that only such objects gave has no host name: no machine record was seen for it.
//! Traps: machines from specialised images have no host name of their own; then the name of the machine stands in.

use std::borrow::Cow;

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Automation hosts.
pub(crate) static TABLE: Table = Table {
    name: "vms",
    grain: "one row per virtual machine",
    about: "automation hosts",
    scope: Scope::Subscription,
    key: &["vm_id"],
    columns: &[
        Column::text("vm_id").required().business(),
        Column::text("subscription_id").business(),
        Column::text("resource_group").business(),
        Column::text("host_name")
            .business()
            .about("lower-case; missing on specialised images: then the VM name"),
        Column::text("zone").about("'' when told and none"),
        Column::bool("availability_set"),
        Column::bool("encryption_at_host").about("absent = false"),
        Column::bool("disk_encryption_set").derived(),
        Column::bool("has_public_ip").derived(),
        Column::bool("has_jit"),
        Column::bool("behind_bastion").derived(),
        Column::text("nsg_id").business().derived(),
        Column::bool("is_automation").business().derived(),
        Column::bool("os_disk_key").about("the machine record names a disk encryption set"),
        Column::int("nic_count"),
        Column::bool("nic_public").about("an interface has a public address; true or not told"),
        Column::bool("nic_private").about("an interface has none; true or not told"),
        Column::text("nic_nsg_id").business().about("'' when told and none"),
        Column::text("nic_subnet_id").business(),
        Column::text("balancer_id").business().about(
            "whose pool an interface is in; '' when told and none, null when there are several",
        ),
        Column::list("tags").business().about("`name` and `name=value` of every tag, lower-case"),
    ],
    readings: &[
        Reading { source: "arg.resources", read: resource },
        Reading { source: "arg.security", read: just_in_time },
    ],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.compute/virtualmachines") {
        machine(record, rows);
    } else if arm::is(record, "microsoft.network/networkinterfaces") {
        interface(record, rows);
    } else if arm::is(record, "microsoft.compute/virtualmachines/extensions") {
        extension(record, rows);
    } else if arm::is(record, "microsoft.compute/disks") {
        disk(record, rows);
    } else {
        just_in_time(record, rows);
    }
}

fn machine(record: &Record<'_>, rows: &mut Rows) {
    let (vm, full) = (arm::properties(record.json), arm::is_full(record.json));
    let names = [
        vm.at("osProfile.computerName"),
        vm.at("extended.instanceView.computerName"),
        vm.at("instanceView.computerName"),
        record.at("name"),
    ];
    rows.push([
        cell("vm_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("resource_group", arm::resource_group(record)),
        cell("host_name", names.into_iter().find_map(Json::word).map(|name| host(&name))),
        cell("zone", zone(record.at("zones"), full)),
        cell("availability_set", names_set(vm, full)),
        cell(
            "encryption_at_host",
            arm::flag_or(vm.at("securityProfile.encryptionAtHost"), full, false),
        ),
        cell("disk_encryption_set", names_disk_key(vm).then_some(true)),
        cell("os_disk_key", full.then(|| names_disk_key(vm))),
        cell("nic_count", vm.at("networkProfile.networkInterfaces").len()),
        cell("tags", arm::tags(record)),
    ]);
}

fn interface(record: &Record<'_>, rows: &mut Rows) {
    let (nic, full) = (arm::properties(record.json), arm::is_full(record.json));
    let Some(vm) = arm::id(nic.at("virtualMachine.id")) else { return };
    let configurations = nic.at("ipConfigurations");
    let public = configurations
        .items()
        .any(|configuration| arm::properties(configuration).at("publicIPAddress").is_told());
    let subnet = configurations
        .items()
        .find_map(|configuration| arm::id(arm::properties(configuration).at("subnet.id")));
    rows.push([
        cell("vm_id", vm),
        cell("nic_public", public.then_some(true)),
        cell("nic_private", (configurations.is_array() && !public).then_some(true)),
        cell("nic_nsg_id", arm::id_or_none(nic.at("networkSecurityGroup.id"), full)),
        cell("nic_subnet_id", subnet),
        cell("balancer_id", arm::only(balancers(configurations), full)),
    ]);
}

fn extension(record: &Record<'_>, rows: &mut Rows) {
    let extension = arm::properties(record.json);
    let kind = extension.at("type").word().or_else(|| extension.at("typePropertiesType").word());
    let encrypts = kind.is_some_and(|kind| kind.starts_with("azurediskencryption"));
    let works = extension.at("provisioningState").word().is_none_or(|state| state == "succeeded");
    if encrypts && works {
        let vm = arm::id(record.at("id")).and_then(|id| arm::before(&id, "/extensions/"));
        rows.push([cell("vm_id", vm), cell("disk_encryption_set", true)]);
    }
}

/// An operating system disk with a customer key. A disk says whose it is only where `managedBy` was asked for.
fn disk(record: &Record<'_>, rows: &mut Rows) {
    let disk = arm::properties(record.json);
    let Some(vm) = arm::id(record.at("managedBy")) else { return };
    let own_key = disk.at("encryption.type").word().is_some_and(|kind| kind.contains("customer"));
    if own_key && disk.at("osType").is_told() {
        rows.push([cell("vm_id", vm), cell("disk_encryption_set", true)]);
    }
}

fn just_in_time(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.security/locations/jitnetworkaccesspolicies") {
        for vm in arm::properties(record.json).at("virtualMachines").items() {
            rows.push([cell("vm_id", arm::id(vm.at("id"))), cell("has_jit", true)]);
        }
    }
}

fn host(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}

fn zone(zones: Json<'_>, full: bool) -> Option<Cow<'_, str>> {
    match zones.items().next() {
        Some(zone) => zone.word(),
        None => (zones.is_array() || (full && !zones.is_told())).then_some(Cow::Borrowed("")),
    }
}

fn names_set(vm: Json<'_>, full: bool) -> Option<bool> {
    let named = vm.at("availabilitySet.id").is_told();
    (named || full).then_some(named)
}

fn names_disk_key(vm: Json<'_>) -> bool {
    vm.at("storageProfile.osDisk.managedDisk.diskEncryptionSet.id").is_told()
}

/// The load balancers whose pools the interface is in.
pub(super) fn balancers(configurations: Json<'_>) -> Vec<String> {
    let pools = configurations
        .items()
        .map(arm::properties)
        .flat_map(|configuration| configuration.at("loadBalancerBackendAddressPools").items());
    pools
        .filter_map(|pool| arm::before(&arm::id(pool.at("id"))?, "/backendaddresspools/"))
        .map(Cow::into_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    const VM: &str =
        "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/rpa-01";
    const ROW: &str = "vm_id=/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/rpa-01";

    #[test]
    fn a_machine() {
        let text = format!(
            r#"{{"id": "{VM}", "name": "rpa-01", "type": "Microsoft.Compute/virtualMachines", "zones": ["2"], "tags": {{"Workload": "RPA"}},
                "properties": {{"osProfile": {{"computerName": "RPA01"}}, "networkProfile": {{"networkInterfaces": [{{"id": "/n"}}]}},
                "securityProfile": {{"encryptionAtHost": true}}, "availabilitySet": {{"id": "/a"}}}}}}"#
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &text),
            [format!(
                "{ROW}, subscription_id=s, resource_group=rg, host_name=rpa01, zone=2, availability_set=true, encryption_at_host=true, \
                 os_disk_key=false, nic_count=1, tags=[\"workload\", \"workload=rpa\"]"
            )]
        );
    }

    #[test]
    fn a_bare_machine_tells_its_name_only() {
        let text = format!(
            r#"{{"id": "{VM}", "name": "rpa-01", "type": "Microsoft.Compute/virtualMachines", "zones": 3}}"#
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &text),
            [format!("{ROW}, subscription_id=s, resource_group=rg, host_name=rpa-01")]
        );
    }

    #[test]
    fn interfaces_extensions_and_policies_name_their_machine() {
        let nic = format!(
            r#"{{"id": "/n", "type": "microsoft.network/networkinterfaces", "properties": {{"virtualMachine": {{"id": "{VM}"}}, "ipConfigurations": [
                {{"properties": {{"subnet": {{"id": "/v/subnets/A"}}, "publicIPAddress": {{"id": "/ip"}},
                    "loadBalancerBackendAddressPools": [{{"id": "/LB/backendAddressPools/p"}}]}}}}]}}}}"#
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &nic),
            [format!(
                "{ROW}, nic_public=true, nic_nsg_id=, nic_subnet_id=/v/subnets/a, balancer_id=/lb"
            )]
        );
        let extension = format!(
            r#"{{"id": "{VM}/extensions/ade", "type": "microsoft.compute/virtualmachines/extensions", "properties": {{"type": "AzureDiskEncryption"}}}}"#
        );
        assert_eq!(
            rows(&TABLE, "arg.resources", &extension),
            [format!("{ROW}, disk_encryption_set=true")]
        );
        let policy = format!(
            r#"{{"type": "microsoft.security/locations/jitnetworkaccesspolicies", "properties": {{"virtualMachines": [{{"id": "{VM}"}}]}}}}"#
        );
        assert_eq!(rows(&TABLE, "arg.security", &policy), [format!("{ROW}, has_jit=true")]);
    }
}
