//! `storage_accounts`: one row per storage account.
//!
//! A row is a storage account: <https://learn.microsoft.com/azure/templates/microsoft.storage/storageaccounts>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. `az` calls the HTTPS switch `enableHttpsTrafficOnly`.
//! Old accounts lack the fields on transport: then a full object means HTTP allowed and TLS 1.0.
//! `is_automation` follows from the configured resource groups, or from telemetry that is exported here.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Encryption and transport.
pub(crate) static TABLE: Table = Table {
    name: "storage_accounts",
    grain: "one row per storage account",
    about: "encryption and transport",
    scope: Scope::Subscription,
    key: &["storage_id"],
    columns: &[
        Column::text("storage_id").required().business(),
        Column::text("subscription_id").business(),
        Column::bool("https_only").about("absent on old accounts = false"),
        Column::text("min_tls").about("absent = TLS1_0"),
        Column::text("key_source").about("microsoft.storage, microsoft.keyvault"),
        Column::bool("is_hns").about("context: data lake"),
        Column::text("resource_group").business(),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.storage/storageaccounts") {
        return;
    }
    let (account, full) = (arm::properties(record.json), arm::is_full(record.json));
    rows.push([
        cell("storage_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("https_only", arm::flag_or(https_switch(account), full, false)),
        cell(
            "min_tls",
            account
                .at("minimumTlsVersion")
                .word()
                .or_else(|| oldest(account, full).then_some("tls1_0".into())),
        ),
        cell("key_source", account.at("encryption.keySource").word()),
        cell("is_hns", arm::flag_or(account.at("isHnsEnabled"), full, false)),
        cell("resource_group", arm::resource_group(record)),
    ]);
}

fn https_switch(account: Json<'_>) -> Json<'_> {
    let told = account.at("supportsHttpsTrafficOnly");
    if told.is_present() { told } else { account.at("enableHttpsTrafficOnly") }
}

fn oldest(account: Json<'_>, full: bool) -> bool {
    full && !account.at("minimumTlsVersion").is_told()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn new_old_and_bare_accounts() {
        let told = |rest: &str| {
            let text = format!(
                r#"{{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/a"{rest}}}"#
            );
            let row = rows(&TABLE, "arg.resources", &text).remove(0);
            row.split_once("subscription_id=s, ").unwrap().1.to_owned()
        };
        assert_eq!(
            told(
                r#", "properties": {"supportsHttpsTrafficOnly": true, "minimumTlsVersion": "TLS1_2", "encryption": {"keySource": "Microsoft.Keyvault"}, "isHnsEnabled": true}"#
            ),
            "https_only=true, min_tls=tls1_2, key_source=microsoft.keyvault, is_hns=true, resource_group=r"
        );
        assert_eq!(
            told(r#", "properties": {}"#),
            "https_only=false, min_tls=tls1_0, is_hns=false, resource_group=r"
        );
        assert_eq!(
            told(
                r#", "provisioningState": "Succeeded", "enableHttpsTrafficOnly": true, "minimumTlsVersion": []"#
            ),
            "https_only=true, is_hns=false, resource_group=r"
        );
        assert_eq!(told(""), "resource_group=r");
    }
}
