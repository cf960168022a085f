//! Azure: subscriptions of a made tenant, each with a vault and a virtual machine.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Kind, Made, held, made};
use crate::paging::Rows;
use crate::world::Found;

impl Made {
    const fn subscriptions(&self) -> usize {
        2 + self.scale.environments / 600
    }

    /// Rows of a table of Resource Graph.
    pub(super) fn azure_rows(&self, table: &str) -> Rows {
        let tenant = *self;
        match table.to_ascii_lowercase().as_str() {
            "resourcecontainers" => Rows::Made(
                self.subscriptions(),
                Arc::new(move |number| tenant.subscription(number)),
            ),
            "resources" => Rows::Made(
                self.subscriptions() * 2,
                Arc::new(move |number| {
                    if number.is_multiple_of(2) {
                        tenant.vault(number / 2)
                    } else {
                        tenant.machine(number / 2)
                    }
                }),
            ),
            _ => Rows::default(),
        }
    }

    pub(super) fn resource_manager(&self, parts: &[&str]) -> Found {
        let tenant = *self;
        match parts {
            ["subscriptions"] => {
                made(self.subscriptions(), move |number| tenant.subscription(number))
            }
            [.., "vaults", vault, "secrets"] => {
                match vault.strip_prefix("kv-").and_then(|number| number.parse::<usize>().ok()) {
                    Some(number) if number < self.subscriptions() => {
                        made(8, move |secret| tenant.secret(number, secret))
                    }
                    _ => Found::Nothing,
                }
            }
            _ => held(Vec::new()),
        }
    }

    /// The number of a vault by its host.
    pub(super) fn vault_at(&self, host: &str) -> Option<usize> {
        let number = host.strip_suffix(".vault.azure.net")?.strip_prefix("kv-")?.parse().ok()?;
        (number < self.subscriptions()).then_some(number)
    }

    /// What a vault tells on its own host.
    pub(super) fn vault_secrets(&self, host: &str, parts: &[&str]) -> Found {
        let (tenant, place) = (*self, host.to_owned());
        match (self.vault_at(host), parts) {
            (Some(vault), ["secrets"]) => made(8, move |number| {
                let secret = tenant.secret(vault, number);
                json!({"id": format!("https://{place}/secrets/secret-{number}"), "contentType": "password", "attributes": secret["properties"]["attributes"], "tags": {}})
            }),
            (Some(_), _) => held(Vec::new()),
            (None, _) => Found::Nothing,
        }
    }

    fn subscription(&self, number: usize) -> Value {
        let id = self.id(Kind::Subscription, number as u64);
        json!({"id": format!("/subscriptions/{id}"), "name": format!("Subscription {number}"), "type": "microsoft.resources/subscriptions", "subscriptionId": id, "tenantId": self.tenant_id(),
            "properties": {"state": "Enabled"}})
    }

    fn path(&self, number: usize, kind: &str, name: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/rg-automation/providers/{kind}/{name}",
            self.id(Kind::Subscription, number as u64)
        )
    }

    fn resource(&self, number: usize, kind: &str, name: &str, properties: &Value) -> Value {
        json!({"id": self.path(number, kind, name), "name": name, "type": kind.to_ascii_lowercase(), "kind": "", "location": "westeurope", "resourceGroup": "rg-automation",
            "subscriptionId": self.id(Kind::Subscription, number as u64), "tags": {}, "sku": null, "plan": null, "zones": null, "identity": null, "properties": properties})
    }

    fn vault(&self, number: usize) -> Value {
        let name = format!("kv-{number}");
        self.resource(number, "Microsoft.KeyVault/vaults", &name, &json!({"sku": {"family": "A", "name": "standard"}, "tenantId": self.tenant_id(), "enableSoftDelete": true,
            "enableRbacAuthorization": true, "enablePurgeProtection": true, "vaultUri": format!("https://{name}.vault.azure.net/"), "provisioningState": "Succeeded"}))
    }

    fn machine(&self, number: usize) -> Value {
        self.resource(number, "Microsoft.Compute/virtualMachines", &format!("RPA{number:03}"), &json!({"provisioningState": "Succeeded", "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
            "storageProfile": {"osDisk": {"osType": "Windows"}}}))
    }

    fn secret(&self, vault: usize, number: usize) -> Value {
        let (vault_name, name) = (format!("kv-{vault}"), format!("secret-{number}"));
        let created = self.now - 86_400 * 400;
        json!({"id": format!("{}/secrets/{name}", self.path(vault, "Microsoft.KeyVault/vaults", &vault_name)), "name": name, "type": "Microsoft.KeyVault/vaults/secrets", "location": "westeurope",
            "properties": {"attributes": {"enabled": true, "created": created, "updated": created, "exp": self.now + 86_400 * 90}, "contentType": "password",
                "secretUri": format!("https://{vault_name}.vault.azure.net/secrets/{name}")}})
    }
}
