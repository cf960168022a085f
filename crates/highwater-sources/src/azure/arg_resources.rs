//! Resources: `POST {arm}/providers/Microsoft.ResourceGraph/resources`, table `resources`.
//!
//! Needs Reader at the management group that is audited. One query for all types that tables read; other types, and of
//! these identities, plans and extended locations, are left out. Names the vaults, network security groups, load
//! balancers, Windows machines and workspaces that are read one by one afterwards: other machines cannot host desktop
//! flows or gateways.

use serde::Deserialize;
use serde_json::Value;

use super::{QUERY, READER, body};
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arg.resources",
    about: "Azure resources of the types that tables read",
    page: "https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources",
    service: "arm",
    requests: &[Request {
        body: body!(
            "resources | where type in~ (",
            "'microsoft.compute/disks', ",
            "'microsoft.compute/virtualmachines', ",
            "'microsoft.compute/virtualmachines/extensions', ",
            "'microsoft.compute/virtualmachinescalesets', ",
            "'microsoft.insights/actiongroups', ",
            "'microsoft.insights/activitylogalerts', ",
            "'microsoft.insights/autoscalesettings', ",
            "'microsoft.insights/datacollectionrules', ",
            "'microsoft.insights/metricalerts', ",
            "'microsoft.insights/scheduledqueryrules', ",
            "'microsoft.keyvault/vaults', ",
            "'microsoft.network/bastionhosts', ",
            "'microsoft.network/loadbalancers', ",
            "'microsoft.network/networkinterfaces', ",
            "'microsoft.network/networksecuritygroups', ",
            "'microsoft.network/networkwatchers/connectionmonitors', ",
            "'microsoft.network/networkwatchers/flowlogs', ",
            "'microsoft.network/trafficmanagerprofiles', ",
            "'microsoft.network/virtualnetworks', ",
            "'microsoft.operationalinsights/workspaces', ",
            "'microsoft.operationsmanagement/solutions', ",
            "'microsoft.storage/storageaccounts', ",
            "'microsoft.web/sites') ",
            "| project id, name, type, kind, location, resourceGroup, subscriptionId, managedBy, sku, tags, zones, ",
            "properties | order by id asc",
        ),
        ..QUERY
    }],
    grant: READER,
    names: &["resource", "vault", "workspace"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Resource {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Value,
}

/// Vaults and workspaces with what their own services call them; resources whose logs may leave them, most telling
/// first.
fn find(answer: &Answer<'_>, found: &mut Found) {
    for Resource { id, kind, properties } in answer.list::<Resource>() {
        let text =
            |path: &str| properties.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let rank = match kind.to_ascii_lowercase().as_str() {
            "microsoft.keyvault/vaults" => {
                let address = text("/vaultUri").trim_end_matches('/');
                found.child(object("vault", &id).with("vault_uri", address));
                0
            }
            "microsoft.operationalinsights/workspaces" => {
                let customer = text("/customerId");
                found.child(object("workspace", &id).with("customer_id", customer));
                continue;
            }
            "microsoft.network/loadbalancers" => 1,
            "microsoft.network/networksecuritygroups" => 2,
            "microsoft.compute/virtualmachines" if may_be_windows(&properties) => 3,
            _ => continue,
        };
        found.child(Object { rank, ..object("resource", &id) });
    }
}

/// Machines that say nothing of their system are taken for Windows.
fn may_be_windows(machine: &Value) -> bool {
    let system = machine.pointer("/storageProfile/osDisk/osType").and_then(Value::as_str);
    system.is_none_or(|system| !system.eq_ignore_ascii_case("linux"))
}

/// A resource, with the subscription by which the service counts reads.
fn object(kind: &'static str, id: &str) -> Object {
    let subscription = id.split('/').nth(2).unwrap_or_default();
    Object::new(kind, id).with("subscription", subscription)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{found, payload};

    fn named(page: &str) -> Vec<(&'static str, u64, String)> {
        let found = found(&SOURCE, None, ("", ""), page);
        found.children.into_iter().map(|child| (child.kind, child.rank, child.id)).collect()
    }

    #[test]
    fn what_is_read_one_by_one_is_named_with_its_addresses() {
        let page = r#"{"count": 6, "data": [
            {"id": "/subscriptions/S1/resourceGroups/r/providers/Microsoft.KeyVault/vaults/kv", "type": "microsoft.keyvault/vaults",
             "properties": {"vaultUri": "https://kv.vault.azure.net/"}},
            {"id": "/w", "type": "Microsoft.OperationalInsights/workspaces", "properties": {"customerId": "c1"}},
            {"id": "/lb", "type": "microsoft.network/loadbalancers", "properties": null},
            {"id": "/vm1", "type": "microsoft.compute/virtualmachines", "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}}},
            {"id": "/vm2", "type": "microsoft.compute/virtualmachines", "properties": {"storageProfile": {"osDisk": {"osType": "Windows"}}}},
            {"id": "/vm3", "type": "microsoft.compute/virtualmachines"},
            {"id": "/d", "type": "microsoft.compute/disks", "properties": {}},
            {"type": "microsoft.network/loadbalancers"}
        ]}"#;
        let told: Vec<_> = named(page);
        let vault = "/subscriptions/S1/resourceGroups/r/providers/Microsoft.KeyVault/vaults/kv";
        let wanted = [
            ("vault", 0, vault),
            ("resource", 0, vault),
            ("workspace", 0, "/w"),
            ("resource", 1, "/lb"),
            ("resource", 3, "/vm2"),
            ("resource", 3, "/vm3"),
        ];
        assert_eq!(told, wanted.map(|(kind, rank, id)| (kind, rank, id.to_owned())));
        let vault = &found(&SOURCE, None, ("", ""), page).children[0];
        assert_eq!(vault.fields["vault_uri"], "https://kv.vault.azure.net");
        assert_eq!(vault.fields["subscription"], "S1");
    }

    #[test]
    fn recorded_pages_name_what_they_hold() {
        for name in
            ["basic.json", "first-page.json", "summarize.json", "recorded-skiptoken-page.json"]
        {
            let Some(page) = payload(&format!("azure/resource-graph/{name}")) else { continue };
            let told = named(&page);
            assert!(told.iter().all(|(_, _, id)| id.starts_with('/')), "{name}: {told:?}");
        }
        let Some(page) = payload("azure/keyvault-vaults/list-by-subscription.json") else { return };
        let told = named(&page);
        assert!(told.iter().any(|(kind, _, _)| *kind == "vault"), "{told:?}");
    }
}
