//! `key_vaults`: one row per vault.
//!
//! A row is a key vault: <https://learn.microsoft.com/azure/templates/microsoft.keyvault/vaults>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. The generic resource list and `az keyvault list` give vaults without properties: then nothing is told.
//! In a full object an absent switch is off, and absent network rules allow everybody. Event subscriptions of a
//! vault (`arm.event_subscriptions`) tell whether somebody listens for expiring secrets.
//! `is_referenced` says whether Power Platform names the vault; variable groups of pipelines are not read.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Credential stores.
pub(crate) static TABLE: Table = Table {
    name: "key_vaults",
    grain: "one row per vault",
    about: "credential stores",
    scope: Scope::Subscription,
    key: &["vault_id"],
    columns: &[
        Column::text("vault_id")
            .required()
            .business()
            .about("lower-case; az keyvault list lacks properties: then everything is null"),
        Column::text("subscription_id").business(),
        Column::bool("enable_rbac").about("absent in a full record = false"),
        Column::bool("purge_protection").about("absent in a full record = false"),
        Column::bool("network_restricted").about("absent networkAcls = Allow"),
        Column::bool("rotation_event")
            .about("somebody listens for expiring secrets; true or not told"),
        Column::bool("is_referenced").business().derived(),
    ],
    readings: &[
        Reading { source: "arg.resources", read: resource },
        Reading { source: "arm.event_subscriptions", read: events },
    ],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.keyvault/vaults") {
        return;
    }
    let (vault, full) = (arm::properties(record.json), arm::is_full(record.json));
    rows.push([
        cell("vault_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("enable_rbac", arm::flag_or(vault.at("enableRbacAuthorization"), full, false)),
        cell("purge_protection", arm::flag_or(vault.at("enablePurgeProtection"), full, false)),
        cell("network_restricted", network_restricted(vault, full)),
    ]);
}

fn events(record: &Record<'_>, rows: &mut Rows) {
    let vault = record.parent().or_else(|| arm::id(arm::properties(record.json).at("topic")));
    if vault.as_ref().is_some_and(|vault| vault.contains("/vaults/")) && hears_expiry(record) {
        rows.push([cell("vault_id", vault), cell("rotation_event", true)]);
    }
}

fn network_restricted(vault: Json<'_>, full: bool) -> Option<bool> {
    let (public, rules) = (vault.at("publicNetworkAccess"), vault.at("networkAcls.defaultAction"));
    if public.word().as_deref() == Some("disabled") {
        return Some(true);
    }
    match rules.word() {
        Some(action) => Some(action == "deny"),
        None => (full && !rules.is_told()).then_some(false),
    }
}

/// Whether the subscription hears of secrets that expire; no list of types means all types.
fn hears_expiry(record: &Record<'_>) -> bool {
    let subscription = arm::properties(record.json);
    let types = subscription.at("filter.includedEventTypes");
    let works =
        subscription.at("provisioningState").word().is_none_or(|state| state == "succeeded");
    let names = |kind: Json<'_>| {
        kind.word()
            .is_some_and(|kind| kind.contains("secretnearexpiry") || kind.contains("secretexpired"))
    };
    works && subscription.at("filter").is_object() && (!types.is_told() || types.items().any(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    const ID: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.KeyVault/vaults/v";

    fn vault(rest: &str) -> Vec<String> {
        rows(
            &TABLE,
            "arg.resources",
            &format!(r#"{{"id": "{ID}", "type": "Microsoft.KeyVault/vaults"{rest}}}"#),
        )
    }

    #[test]
    fn absent_switches_are_off_in_full_objects_only() {
        let row = format!("vault_id={}, subscription_id=s", ID.to_lowercase());
        assert_eq!(
            vault(
                r#", "properties": {"enableRbacAuthorization": true, "enablePurgeProtection": true, "networkAcls": {"defaultAction": "Deny"}}"#
            ),
            [format!("{row}, enable_rbac=true, purge_protection=true, network_restricted=true")]
        );
        assert_eq!(
            vault(
                r#", "properties": {"enableRbacAuthorization": null, "publicNetworkAccess": "Enabled"}"#
            ),
            [format!("{row}, enable_rbac=false, purge_protection=false, network_restricted=false")]
        );
        assert_eq!(
            vault(
                r#", "properties": {"enableRbacAuthorization": 1, "enablePurgeProtection": {}, "networkAcls": {"defaultAction": []}}"#
            ),
            std::slice::from_ref(&row)
        );
        assert_eq!(vault(""), [row]);
    }

    #[test]
    fn somebody_listens_for_expiry() {
        let events = |kinds: &str| {
            rows(
                &TABLE,
                "arm.event_subscriptions",
                &format!(
                    r#"{{"properties": {{"topic": "{ID}", "filter": {{"includedEventTypes": {kinds}}}}}}}"#
                ),
            )
        };
        assert_eq!(
            events(r#"["Microsoft.KeyVault.SecretNearExpiry"]"#),
            [format!("vault_id={}, rotation_event=true", ID.to_lowercase())]
        );
        assert_eq!(events("null").len(), 1);
        assert!(events(r#"["Microsoft.KeyVault.KeyNearExpiry"]"#).is_empty());
    }
}
