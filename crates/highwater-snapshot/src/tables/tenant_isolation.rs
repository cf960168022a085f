//! `tenant_isolation`: the cross-tenant switch of Power Platform; one row.
//!
//! <https://learn.microsoft.com/power-platform/admin/cross-tenant-restrictions>. `gov.tenant_isolation` is the
//! tenant's isolation policy, with its fields under `properties` or, in one sample, at the top.
//! Trap: `isDisabled` true means that there is no isolation, and that is the service's default.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// The cross-tenant switch of Power Platform.
pub(crate) static TABLE: Table = Table {
    name: "tenant_isolation",
    grain: "one row",
    about: "the cross-tenant switch of Power Platform",
    scope: Scope::Tenant,
    key: &["tenant_id"],
    columns: &[
        Column::text("tenant_id")
            .required()
            .business()
            .about("one sample is flat, without `properties`: accept both"),
        Column::bool("is_disabled").about("true = NO isolation"),
    ],
    readings: &[Reading { source: "gov.tenant_isolation", read: policy }],
    complete: &[&["gov.tenant_isolation"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    let properties = properties(record);
    rows.push([
        cell("tenant_id", properties.at("tenantId").id().or_else(|| record.tenant())),
        cell("is_disabled", properties.at("isDisabled").flag()),
    ]);
}

/// The policy itself, whether it is wrapped in `properties` or not.
pub(super) fn properties<'v>(record: &Record<'v>) -> Json<'v> {
    let properties = record.at("properties");
    if properties.is_object() { properties } else { record.json }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn both_shapes_are_read_and_a_wrong_type_is_not_told() {
        let nested =
            r#"{"properties": {"tenantId": "T1", "isDisabled": false, "allowedTenants": []}}"#;
        assert_eq!(
            rows(&TABLE, "gov.tenant_isolation", nested),
            ["tenant_id=t1, is_disabled=false"]
        );
        assert_eq!(
            rows(&TABLE, "gov.tenant_isolation", r#"{"isDisabled": true}"#),
            ["tenant_id=t0, is_disabled=true"]
        );
        assert_eq!(rows(&TABLE, "gov.tenant_isolation", r#"{"isDisabled": 0}"#), ["tenant_id=t0"]);
    }
}
