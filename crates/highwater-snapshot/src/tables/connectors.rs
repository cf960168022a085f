//! `connectors`: one row per connector of the catalogue.
//!
//! `powerapps.connectors` is the catalogue as data policies see it
//! (<https://learn.microsoft.com/connectors/connector-reference/>), `gov.connector_metadata` the lists of
//! connectors that no policy can block and of virtual ones, `inventory.query` rows of type `connectors`,
//! `powershell.connectors` the objects of `Get-AdminPowerAppConnector`. Of `connectionParameters` only the
//! declared types are looked at: they say what kind of sign-in the connector asks for. Custom connectors of one
//! environment have a table of their own, and a row here where the catalogue lists them.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Tier, class and category.
pub(crate) static TABLE: Table = Table {
    name: "connectors",
    grain: "one row per connector of the catalogue",
    about: "tier, class and category",
    scope: Scope::Tenant,
    key: &["connector_id"],
    columns: &[
        Column::text("connector_id").required(),
        Column::text("display_name"),
        Column::text("tier").about("standard, premium"),
        Column::text("publisher"),
        Column::bool("is_custom"),
        Column::text("sign_in").about("oauth, secret or none where the connector leaves no choice"),
        Column::bool("is_blockable").about("unblockable: true becomes is_blockable = false"),
        Column::text("store_class").derived().about("scalable, file_list or null: Dataverse, SQL, Blob, Data Lake, Cosmos = scalable; Excel, SharePoint list, OneDrive = file_list"),
        Column::time("first_seen_at").derived().about("null with a single snapshot"),
    ],
    readings: &[
        Reading { source: "powerapps.connectors", read: catalogue },
        Reading { source: "gov.connector_metadata", read: metadata },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "arg.power_platform", read: inventory },
        Reading { source: "powershell.connectors", read: powershell },
        Reading { source: "coe.connectors", read: catalogue },
    ],
    complete: &[&["powerapps.connectors"], &["inventory.query"], &["arg.power_platform"]],
    sample: Sample::Seen,
};

fn catalogue(record: &Record<'_>, rows: &mut Rows) {
    let properties = record.at("properties");
    rows.push([
        cell("connector_id", record.at("name").segment()),
        cell("display_name", properties.at("displayName").text()),
        cell("tier", properties.at("tier").word()),
        cell("publisher", properties.at("publisher").filled()),
        cell("is_custom", properties.at("isCustomApi").flag()),
        cell("sign_in", sign_in(properties)),
    ]);
}

fn metadata(record: &Record<'_>, rows: &mut Rows) {
    let metadata = record.at("metadata");
    rows.push([
        cell("connector_id", record.at("id").segment()),
        cell("display_name", metadata.at("name").text()),
        cell("is_blockable", metadata.at("unblockable").flag().map(|unblockable| !unblockable)),
    ]);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    // The query answers for every type of resource; the other types belong to other tables.
    if record.at("type").word().as_deref() != Some("microsoft.powerplatformconnector/connectors") {
        return;
    }
    let properties = record.at("properties");
    rows.push([
        cell(
            "connector_id",
            properties.at("connectorId").segment().or_else(|| record.at("name").segment()),
        ),
        cell("display_name", properties.at("displayName").text()),
        cell("tier", properties.at("tier").word()),
        cell("publisher", properties.at("publisher").filled()),
    ]);
}

fn powershell(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell(
            "connector_id",
            record.at("ConnectorName").segment().or_else(|| record.at("ConnectorId").segment()),
        ),
        cell("display_name", record.at("DisplayName").text()),
    ]);
}

/// The one kind of credential that every connection of the connector holds: `oauth`, `secret` or `none`.
/// Not told where the connector offers a choice or declares a type that is not known here.
fn sign_in(properties: Json<'_>) -> Option<&'static str> {
    let sets = properties.at("connectionParameterSets");
    let parameters = properties.at("connectionParameters");
    if sets.is_told() || !parameters.is_object() {
        return None;
    }
    let types: Vec<_> =
        parameters.entries().map(|(_, parameter)| parameter.at("type").word()).collect();
    let has = |wanted: &str| types.iter().flatten().any(|word| word == wanted);
    let known = |word: &Option<Cow<'_, str>>| {
        matches!(word.as_deref(), Some("string" | "int" | "bool" | "gatewaysetting"))
    };
    match (has("oauthsetting"), has("securestring")) {
        (true, false) => Some("oauth"),
        (false, true) => Some("secret"),
        (true, true) => None,
        (false, false) => types.iter().all(known).then_some("none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn the_catalogue_tells_tier_and_sign_in() {
        let text = r#"{"name": "shared_Sql", "properties": {"displayName": "SQL", "tier": "Premium", "isCustomApi": false, "publisher": "",
            "connectionParameters": {"server": {"type": "string"}, "password": {"type": "securestring"}}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.connectors", text),
            [
                "connector_id=shared_sql, display_name=SQL, tier=premium, is_custom=false, sign_in=secret"
            ]
        );
        let either = r#"{"name": "shared_x", "properties": {"connectionParameters": {"token": {"type": "oauthSetting"}, "key": {"type": "securestring"}}}}"#;
        assert_eq!(rows(&TABLE, "powerapps.connectors", either), ["connector_id=shared_x"]);
        let odd = r#"{"name": "shared_y", "properties": {"connectionParameters": {"token": {"type": "new"}}, "tier": 4}}"#;
        assert_eq!(rows(&TABLE, "powerapps.connectors", odd), ["connector_id=shared_y, tier=4"]);
    }

    #[test]
    fn unblockable_is_the_opposite_of_blockable() {
        let text = r#"{"id": "/providers/Microsoft.PowerApps/apis/shared_approvals", "metadata": {"unblockable": true}}"#;
        assert_eq!(
            rows(&TABLE, "gov.connector_metadata", text),
            ["connector_id=shared_approvals, is_blockable=false"]
        );
        let http = r#"{"id": "Http", "metadata": {"virtualConnector": true, "name": "HTTP"}}"#;
        assert_eq!(
            rows(&TABLE, "gov.connector_metadata", http),
            ["connector_id=http, display_name=HTTP"]
        );
    }
}
