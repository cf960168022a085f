//! `cross_tenant_access`: one row per setting scope (default, or a partner tenant).
//!
//! A row is the default cross-tenant access setting or that of one partner tenant, as Graph gives it at
//! `/policies/crossTenantAccessPolicy/default` and `/partners`:
//! <https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicy-overview>.
//! Only the words for B2B collaboration applications are kept. This is not the switch for Power Platform
//! tenant isolation: that is `tenant_isolation`.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Directory cross-tenant policy, context for isolation.
pub(crate) static TABLE: Table = Table {
    name: "cross_tenant_access",
    grain: "one row per setting scope (default, or a partner tenant)",
    about: "directory cross-tenant policy, context for isolation",
    scope: Scope::Tenant,
    key: &["scope_id"],
    columns: &[
        Column::text("scope_id").required().business(),
        Column::text("b2b_inbound").about("null on a partner = inherits the default"),
        Column::text("b2b_outbound"),
        Column::bool("is_service_default"),
    ],
    readings: &[Reading { source: "graph.cross_tenant", read: setting }],
    complete: &[&["graph.cross_tenant"]],
    sample: Sample::Seen,
};

fn setting(record: &Record<'_>, rows: &mut Rows) {
    let default = record.at("isServiceDefault").is_present()
        || record.at("b2bCollaborationInbound").is_present();
    let scope = record.at("tenantId").id().or_else(|| default.then_some("default".into()));
    rows.push([
        cell("scope_id", scope),
        cell("b2b_inbound", record.at("b2bCollaborationInbound.applications.accessType").word()),
        cell("b2b_outbound", record.at("b2bCollaborationOutbound.applications.accessType").word()),
        cell("is_service_default", record.at("isServiceDefault").flag()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn the_default_and_a_partner_that_inherits() {
        let default = r#"{"isServiceDefault": false, "b2bCollaborationInbound": {"applications": {"accessType": "Blocked"}},
            "b2bCollaborationOutbound": {"applications": {"accessType": "allowed"}}}"#;
        assert_eq!(
            rows(&TABLE, "graph.cross_tenant", default),
            [
                "scope_id=default, b2b_inbound=blocked, b2b_outbound=allowed, is_service_default=false"
            ]
        );
        let partner = r#"{"tenantId": "00000000-0000-0000-0000-0000000000AA", "b2bCollaborationInbound": null, "b2bCollaborationOutbound": 7}"#;
        assert_eq!(
            rows(&TABLE, "graph.cross_tenant", partner),
            ["scope_id=00000000-0000-0000-0000-0000000000aa"]
        );
    }
}
