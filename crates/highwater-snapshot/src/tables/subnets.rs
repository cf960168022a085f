//! `subnets`: one row per subnet.
//!
//! A row is a subnet: part of <https://learn.microsoft.com/azure/templates/microsoft.network/virtualnetworks>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! A Bastion host marks the subnet that it lives in (`has_bastion`); the developer kind of Bastion names no
//! subnet and is not seen. `peer_vnet_id` is the network peered with this one where there is exactly one.

use std::borrow::Cow;

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// NSG coverage and delegation.
pub(crate) static TABLE: Table = Table {
    name: "subnets",
    grain: "one row per subnet",
    about: "NSG coverage and delegation",
    scope: Scope::Subscription,
    key: &["subnet_id"],
    columns: &[
        Column::text("subnet_id").required().business(),
        Column::text("vnet_id").required().business(),
        Column::text("subscription_id").business(),
        Column::text("nsg_id").business().about("'' when told and none"),
        Column::bool("is_delegated_power_platform"),
        Column::bool("has_bastion").about("a Bastion host lives here; true or not told"),
        Column::text("peer_vnet_id")
            .business()
            .about("the one peered network; '' when told and none, null when there are several"),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.network/virtualnetworks") {
        let network = arm::properties(record.json);
        let peer = arm::only(peers(network), arm::is_full(record.json));
        for subnet in network.at("subnets").items() {
            push(record, subnet, peer.clone(), rows);
        }
    } else if arm::is(record, "microsoft.network/virtualnetworks/subnets") {
        push(record, record.json, None, rows);
    } else if arm::is(record, "microsoft.network/bastionhosts") {
        bastion(record, rows);
    }
}

fn push(record: &Record<'_>, subnet: Json<'_>, peer: Option<String>, rows: &mut Rows) {
    let (body, full) = (arm::properties(subnet), arm::is_full(subnet));
    rows.push([
        cell("subnet_id", arm::id(subnet.at("id"))),
        cell("vnet_id", network_of(subnet.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("nsg_id", arm::id_or_none(body.at("networkSecurityGroup.id"), full)),
        cell("is_delegated_power_platform", is_delegated(body.at("delegations"), full)),
        cell("peer_vnet_id", peer),
    ]);
}

fn bastion(record: &Record<'_>, rows: &mut Rows) {
    for configuration in arm::properties(record.json).at("ipConfigurations").items() {
        let subnet = arm::properties(configuration).at("subnet.id");
        if subnet.is_told() {
            rows.push([
                cell("subnet_id", arm::id(subnet)),
                cell("vnet_id", network_of(subnet)),
                cell("has_bastion", true),
            ]);
        }
    }
}

fn network_of(subnet: Json<'_>) -> Option<Cow<'_, str>> {
    arm::before(&arm::id(subnet)?, "/subnets/")
}

fn peers(network: Json<'_>) -> Vec<String> {
    let peerings = network.at("virtualNetworkPeerings").items().map(arm::properties);
    let connected = peerings.filter(|peering| {
        peering.at("peeringState").word().is_none_or(|state| state == "connected")
    });
    connected
        .filter_map(|peering| arm::id(peering.at("remoteVirtualNetwork.id")))
        .map(Cow::into_owned)
        .collect()
}

fn is_delegated(delegations: Json<'_>, full: bool) -> Option<bool> {
    if delegations.is_told() && !delegations.is_array() {
        return None;
    }
    let names = |delegation| arm::properties(delegation).at("serviceName").word();
    let found = delegations.items().any(|delegation| {
        names(delegation).as_deref() == Some("microsoft.powerplatform/enterprisepolicies")
    });
    (found || full || delegations.is_array()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    const NETWORK: &str =
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/v";

    #[test]
    fn subnets_of_a_network() {
        let text = format!(
            r#"{{"id": "{NETWORK}", "type": "microsoft.network/virtualnetworks", "properties": {{
                "virtualNetworkPeerings": [{{"properties": {{"peeringState": "Connected", "remoteVirtualNetwork": {{"id": "/hub"}}}}}}],
                "subnets": [{{"id": "{NETWORK}/subnets/A", "properties": {{"networkSecurityGroup": {{"id": "/N"}},
                    "delegations": [{{"properties": {{"serviceName": "Microsoft.PowerPlatform/enterprisePolicies"}}}}]}}}},
                    {{"id": "{NETWORK}/subnets/B", "properties": {{"delegations": []}}}}, {{"id": "{NETWORK}/subnets/C"}}]}}}}"#
        );
        let id = NETWORK.to_lowercase();
        let row = |name: &str, rest: &str| {
            format!(
                "subnet_id={id}/subnets/{name}, vnet_id={id}, subscription_id=s, {rest}peer_vnet_id=/hub"
            )
        };
        assert_eq!(
            rows(&TABLE, "arg.resources", &text),
            [
                row("a", "nsg_id=/n, is_delegated_power_platform=true, "),
                row("b", "nsg_id=, is_delegated_power_platform=false, "),
                row("c", "")
            ]
        );
    }

    #[test]
    fn a_bastion_marks_its_subnet() {
        let text = format!(
            r#"{{"id": "/b", "type": "Microsoft.Network/bastionHosts", "properties": {{"ipConfigurations": [
                {{"properties": {{"subnet": {{"id": "{NETWORK}/subnets/AzureBastionSubnet"}}}}}}, {{"properties": {{}}}}]}}}}"#
        );
        let id = NETWORK.to_lowercase();
        assert_eq!(
            rows(&TABLE, "arg.resources", &text),
            [format!("subnet_id={id}/subnets/azurebastionsubnet, vnet_id={id}, has_bastion=true")]
        );
    }
}
