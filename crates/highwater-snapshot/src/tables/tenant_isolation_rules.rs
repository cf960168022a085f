//! `tenant_isolation_rules`: one row per tenant that isolation lets through.
//!
//! <https://learn.microsoft.com/power-platform/admin/cross-tenant-restrictions>. `gov.tenant_isolation` lists
//! them in `allowedTenants` with a direction each; `*` stands for any tenant. ScubaGear prints the direction
//! as `@{inbound=True; outbound=True}` and a list without members as an empty text.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Value, cell};

/// Exceptions to isolation.
pub(crate) static TABLE: Table = Table {
    name: "tenant_isolation_rules",
    grain: "one row per allowed tenant",
    about: "exceptions to isolation",
    scope: Scope::Tenant,
    key: &["allowed_tenant_id"],
    columns: &[
        Column::text("allowed_tenant_id").required().business().about("`*` = any tenant"),
        Column::bool("inbound").about("ScubaGear prints \"@{inbound=True; outbound=True}\""),
        Column::bool("outbound"),
    ],
    readings: &[Reading { source: "gov.tenant_isolation", read: policy }],
    complete: &[&["gov.tenant_isolation"]],
    sample: Sample::Seen,
};

fn policy(record: &Record<'_>, rows: &mut Rows) {
    for allowed in super::tenant_isolation::properties(record).at("allowedTenants").items() {
        let direction = allowed.at("direction");
        rows.push([
            cell("allowed_tenant_id", allowed.at("tenantId").id()),
            cell(
                "inbound",
                direction.at("inbound").flag().or_else(|| printed_flag(direction, "inbound")),
            ),
            cell(
                "outbound",
                direction.at("outbound").flag().or_else(|| printed_flag(direction, "outbound")),
            ),
        ]);
    }
}

/// A plain value of an object that PowerShell printed as `@{key=value; ...}`; nested values come out
/// empty there and are not told.
pub(super) fn printed<'v>(object: Json<'v>, key: &str) -> Option<&'v str> {
    let Some(Value::Str(text)) = object.value() else { return None };
    let fields = text.trim().strip_prefix("@{")?.strip_suffix('}')?;
    let (_, value) = fields
        .split("; ")
        .filter_map(|field| field.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    (!value.is_empty() && !value.contains("System.Object")).then_some(value)
}

/// A flag of an object that PowerShell printed.
pub(super) fn printed_flag(object: Json<'_>, key: &str) -> Option<bool> {
    match printed(object, key)? {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn directions_are_read_as_objects_and_as_printed_text() {
        let text = r#"{"properties": {"allowedTenants": [
            {"tenantId": "A1", "direction": {"inbound": true, "outbound": false}},
            {"tenantId": "*", "direction": "@{inbound=True; outbound=False}"},
            {"tenantId": "A3", "direction": "@{inbound=; outbound=Perhaps}"},
            {"direction": {"inbound": true}}]}}"#;
        assert_eq!(
            rows(&TABLE, "gov.tenant_isolation", text),
            [
                "allowed_tenant_id=a1, inbound=true, outbound=false",
                "allowed_tenant_id=*, inbound=true, outbound=false",
                "allowed_tenant_id=a3",
            ]
        );
        assert!(
            rows(&TABLE, "gov.tenant_isolation", r#"{"properties": {"allowedTenants": ""}}"#)
                .is_empty()
        );
    }
}
