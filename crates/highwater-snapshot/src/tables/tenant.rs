//! `tenant`: who the snapshot is about; one row.
//!
//! From the tenant read of the Business Application Platform host (`/providers/
//! Microsoft.BusinessAppPlatform/tenant`), the service behind
//! <https://learn.microsoft.com/power-platform/admin/powershell-getting-started>. Imports without that
//! read leave the table empty: the manifest names the tenant anyway.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Who this snapshot is about.
pub(crate) static TABLE: Table = Table {
    name: "tenant",
    grain: "one row",
    about: "who this snapshot is about",
    scope: Scope::Tenant,
    key: &["tenant_id"],
    columns: &[
        Column::text("tenant_id").required().business(),
        Column::text("country").business(),
        Column::text("default_environment_geo").business(),
        Column::text("state").business(),
    ],
    readings: &[Reading { source: "bap.tenant", read: bap }],
    complete: &[&["bap.tenant"]],
    sample: Sample::Seen,
};

fn bap(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("tenant_id", record.at("tenantId").id().or_else(|| record.tenant())),
        cell("country", record.at("aadCountryGeo").word()),
        cell("default_environment_geo", record.at("defaultEnvironmentGeo").word()),
        cell("state", record.at("state").word()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn reads_the_tenant_and_falls_back_to_the_snapshot_for_its_id() {
        let full = r#"{"tenantId": "00000000-0000-0000-0000-0000000000AA", "state": "Enabled", "aadCountryGeo": "Switzerland",
            "defaultEnvironmentGeo": "europe", "location": "europe"}"#;
        let row = "tenant_id=00000000-0000-0000-0000-0000000000aa, country=switzerland, default_environment_geo=europe, state=enabled";
        assert_eq!(rows(&TABLE, "bap.tenant", full), [row]);
        assert_eq!(
            rows(&TABLE, "bap.tenant", r#"{"state": 3, "aadCountryGeo": null}"#),
            ["tenant_id=t0, state=3"]
        );
    }
}
