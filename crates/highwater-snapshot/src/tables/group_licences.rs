//! `group_licences`: one row per group and SKU.
//!
//! A row is a product licence that a group gives to its members: `assignedLicenses` of
//! <https://learn.microsoft.com/graph/api/resources/group>, which comes only when selected. A group whose
//! licences were not selected gives no rows; `graph.groups` selects them.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Licences by groups.
pub(crate) static TABLE: Table = Table {
    name: "group_licences",
    grain: "one row per group and SKU",
    about: "licences by groups",
    scope: Scope::Tenant,
    key: &["group_id", "sku_id"],
    columns: &[Column::text("group_id").required().business(), Column::text("sku_id").required()],
    readings: &[Reading { source: "graph.groups", read: licences }],
    complete: &[&["graph.groups"]],
    sample: Sample::Seen,
};

fn licences(record: &Record<'_>, rows: &mut Rows) {
    for licence in record.at("assignedLicenses").items() {
        rows.push([
            cell("group_id", record.at("id").id()),
            cell("sku_id", licence.at("skuId").id()),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn one_row_for_each_licence() {
        let group = r#"{"id": "G1", "assignedLicenses": [{"disabledPlans": [], "skuId": "A"}, {"skuId": "B"}]}"#;
        assert_eq!(
            rows(&TABLE, "graph.groups", group),
            ["group_id=g1, sku_id=a", "group_id=g1, sku_id=b"]
        );
        assert!(
            rows(&TABLE, "graph.groups", r#"{"id": "G2", "assignedLicenses": null}"#).is_empty()
        );
    }
}
