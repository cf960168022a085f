//! `licence_assignments`: one row per user and Power Platform SKU.
//!
//! A row is a licence that a person has, from `/users?$select=id,licenseAssignmentStates`:
//! <https://learn.microsoft.com/graph/api/resources/licenseassignmentstate>. No recorded answer with an
//! assignment by a group was at hand: read leniently.
//! Where the request was about one product only that product's rows are made; a record from elsewhere gives a
//! row for every product, and joins with `licence_skus` leave the others out. A person may have a product both
//! directly and by a group: then the group is told. Use (`last_used_at`) is told by no source here: the activity
//! feed names the person but not the product.

use std::collections::BTreeMap;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// How licences are given and used.
pub(crate) static TABLE: Table = Table {
    name: "licence_assignments",
    grain: "one row per user and Power Platform SKU",
    about: "how licences are given and used",
    scope: Scope::Sku,
    key: &["user_id", "sku_id"],
    columns: &[
        Column::text("user_id").required().personal(),
        Column::text("sku_id").required(),
        Column::text("assigned_by").about("group when non-null, direct when null and state Active; a user may have both: group wins"),
        Column::time("last_used_at").personal().about("null unless one of the two was read"),
    ],
    readings: &[Reading { source: "graph.user_licences", read: states }],
    complete: &[&["graph.user_licences"]],
    sample: Sample::Unseen,
};

fn states(record: &Record<'_>, rows: &mut Rows) {
    let asked = record.parent();
    let mut products: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
    for state in record.at("licenseAssignmentStates").items() {
        let Some(product) = state.at("skuId").id() else { continue };
        if asked.as_ref().is_some_and(|asked| *asked != product) {
            continue;
        }
        let by_group = state.at("assignedByGroup");
        let active = state.at("state").word().is_some_and(|state| state == "active");
        let by = match by_group.id() {
            Some(_) => Some("group"),
            None if by_group.is_null() && active => Some("direct"),
            None => None,
        };
        let known = products.entry(product.into_owned()).or_default();
        *known = (*known).filter(|known| *known == "group").or(by).or(*known);
    }
    for (product, by) in products {
        rows.push([
            cell("user_id", record.at("id").id()),
            cell("sku_id", product),
            cell("assigned_by", by),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    const USER: &str = r#"{"id": "U1", "licenseAssignmentStates": [
        {"skuId": "A", "assignedByGroup": "G1", "state": "Active", "error": "None"},
        {"skuId": "A", "assignedByGroup": null, "state": "Active"},
        {"skuId": "B", "assignedByGroup": null, "state": "ActiveWithError"},
        {"skuId": "C", "assignedByGroup": null, "state": "Active"}]}"#;

    #[test]
    fn a_group_wins_and_only_active_direct_ones_are_told() {
        assert_eq!(
            rows(&TABLE, "graph.user_licences", USER),
            [
                "user_id=u1, sku_id=a, assigned_by=group",
                "user_id=u1, sku_id=b",
                "user_id=u1, sku_id=c, assigned_by=direct"
            ]
        );
        assert!(
            rows(
                &TABLE,
                "graph.user_licences",
                r#"{"id": "U1", "licenseAssignmentStates": "none"}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn a_request_about_one_product_gives_that_product() {
        let place = Place { parent: Some("c".into()), ..Place::default() };
        assert_eq!(
            rows_at(&TABLE, "graph.user_licences", &place, USER),
            ["user_id=u1, sku_id=c, assigned_by=direct"]
        );
    }
}
