//! `key_vault_secrets`: one row per secret of a referenced vault.
//!
//! A row is a secret of a vault: its name and dates, never its value.
//! `arm.key_vault_secrets` is the list of the management plane:
//! <https://learn.microsoft.com/rest/api/keyvault/secrets/list-secrets>; whether it holds every secret that was
//! made on the data plane is UNVERIFIED. `kv.secrets` is the list of the data plane:
//! <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets>. The vault is the parent of the
//! request. Moments are whole seconds since 1970. Only the current version is listed.

use std::borrow::Cow;

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Rotation.
pub(crate) static TABLE: Table = Table {
    name: "key_vault_secrets",
    grain: "one row per secret of a referenced vault",
    about: "rotation",
    scope: Scope::Vault,
    key: &["vault_id", "secret_name"],
    columns: &[
        Column::text("vault_id").required().business(),
        Column::text("secret_name").required().business().about("name only; never a value"),
        Column::bool("enabled"),
        Column::bool("has_expiry").about("absent in a read record = false"),
        Column::time("expires_at").about("Unix seconds; null when has_expiry is false"),
        Column::time("updated_at"),
        Column::bool("is_referenced").business().derived(),
        Column::bool("rotation_event").derived(),
    ],
    readings: &[
        Reading { source: "arm.key_vault_secrets", read: secret },
        Reading { source: "kv.secrets", read: secret },
        Reading { source: "arg.resources", read: resource },
    ],
    complete: &[&["arm.key_vault_secrets"], &["kv.secrets"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if arm::is(record, "microsoft.keyvault/vaults/secrets") {
        secret(record, rows);
    }
}

fn secret(record: &Record<'_>, rows: &mut Rows) {
    let attributes = arm::properties(record.json).at("attributes");
    let expiry = attributes.at("exp");
    let expires = expiry.unix_seconds().or_else(|| attributes.at("expires").time());
    rows.push([
        cell("vault_id", vault(record)),
        cell("secret_name", record.at("id").segment().or_else(|| record.at("name").id())),
        cell("enabled", attributes.at("enabled").flag()),
        cell(
            "has_expiry",
            (attributes.is_object() && (expires.is_some() || !expiry.is_told()))
                .then_some(expires.is_some()),
        ),
        cell("expires_at", expires),
        cell(
            "updated_at",
            attributes.at("updated").unix_seconds().or_else(|| attributes.at("updated").time()),
        ),
    ]);
}

/// The vault: of the request, else of the management id. An address such as `https://v.vault.azure.net` does
/// not tell the vault's id.
fn vault<'v>(record: &Record<'v>) -> Option<Cow<'v, str>> {
    record.parent().or_else(|| {
        let id = record.at("id").id().filter(|id| id.contains("/vaults/"))?;
        arm::before(&id, "/secrets/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    use crate::Place;
    use crate::testing::rows_at;

    #[test]
    fn secrets_of_both_planes() {
        let management = r#"{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.KeyVault/vaults/V/secrets/Db", "name": "Db",
            "properties": {"attributes": {"enabled": true, "exp": 1798761600, "updated": 1767225600}}}"#;
        assert_eq!(
            rows(&TABLE, "arm.key_vault_secrets", management),
            [
                "vault_id=/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/v, secret_name=db, enabled=true, has_expiry=true, \
              expires_at=2027-01-01T00:00:00Z, updated_at=2026-01-01T00:00:00Z"
            ]
        );
        let place = Place { parent: Some("/v".into()), ..Place::default() };
        let data = r#"{"id": "https://v.vault.azure.net/secrets/Api", "attributes": {"enabled": false, "updated": 1767225600}}"#;
        assert_eq!(
            rows_at(&TABLE, "kv.secrets", &place, data),
            [
                "vault_id=/v, secret_name=api, enabled=false, has_expiry=false, updated_at=2026-01-01T00:00:00Z"
            ]
        );
    }

    #[test]
    fn what_is_not_read_is_not_told() {
        let place = Place { parent: Some("/v".into()), ..Place::default() };
        assert_eq!(
            rows_at(
                &TABLE,
                "kv.secrets",
                &place,
                r#"{"id": "https://v.vault.azure.net/secrets/a"}"#
            ),
            ["vault_id=/v, secret_name=a"]
        );
        let odd = r#"{"id": "https://v.vault.azure.net/secrets/a", "attributes": {"exp": "soon", "enabled": 1}}"#;
        assert_eq!(rows_at(&TABLE, "kv.secrets", &place, odd), ["vault_id=/v, secret_name=a"]);
    }
}
