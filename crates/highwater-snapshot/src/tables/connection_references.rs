//! `connection_references`: one row per connection reference.
//!
//! Dataverse table `connectionreference`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/connectionreference>). Context
//! for `asset_connectors.binding`; the connection's own name is left out. No recorded payload was at hand.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Indirection that makes flows movable.
pub(crate) static TABLE: Table = Table {
    name: "connection_references",
    grain: "one row per connection reference",
    about: "indirection that makes flows movable",
    scope: Scope::Dataverse,
    key: &["environment_id", "reference_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("reference_id").required().business(),
        Column::text("logical_name").business(),
        Column::text("connector_id"),
        Column::bool("is_bound").about("non-null"),
        Column::bool("is_managed"),
    ],
    readings: &[Reading { source: "dv.connection_references", read: dataverse }],
    complete: &[&["dv.connection_references"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("reference_id", record.at("connectionreferenceid").id()),
        cell("logical_name", record.at("connectionreferencelogicalname").id()),
        cell("connector_id", record.at("connectorid").segment()),
        cell(
            "is_bound",
            record.at("connectionid").id_or_none().map(|connection| !connection.is_empty()),
        ),
        cell("is_managed", record.at("ismanaged").flag()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn an_unbound_reference_is_not_an_untold_one() {
        let bound = r#"{"connectionreferenceid": "R1", "connectionreferencelogicalname": "cts_Sql", "ismanaged": true,
            "connectorid": "/providers/Microsoft.PowerApps/apis/shared_SQL", "connectionid": "c1"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.connection_references", &place(), bound),
            [
                "environment_id=e1, reference_id=r1, logical_name=cts_sql, connector_id=shared_sql, is_bound=true, is_managed=true"
            ]
        );
        let unbound = r#"{"connectionreferenceid": "r1", "connectionid": null, "connectorid": 7.5, "ismanaged": 1}"#;
        assert!(
            rows_at(&TABLE, "dv.connection_references", &place(), unbound)[0]
                .contains("is_bound=false")
        );
        let untold = r#"{"connectionreferenceid": "r1"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.connection_references", &place(), untold),
            ["environment_id=e1, reference_id=r1"]
        );
    }
}
