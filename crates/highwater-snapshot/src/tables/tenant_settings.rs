//! `tenant_settings`: the switches of the tenant; one row.
//!
//! `bap.tenant_settings` is the answer to `listTenantSettings`
//! (<https://learn.microsoft.com/power-platform/admin/tenant-settings>); `Get-TenantSettings` and ScubaGear's
//! `environment_creation` hold the same object. Keys appear and vanish with the version of the service, and
//! their case varies: what is missing is not told, never off. Older ScubaGear prints the nested groups as
//! `@{name=True; ...}`: their plain values are read, what they nest further is lost.

use super::tenant_isolation_rules::{printed, printed_flag};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Switches of the tenant.
pub(crate) static TABLE: Table = Table {
    name: "tenant_settings",
    grain: "one row",
    about: "switches of the tenant",
    scope: Scope::Tenant,
    key: &["tenant_id"],
    columns: &[
        Column::text("tenant_id").required().business(),
        Column::bool("disable_environment_creation")
            .about("keys vanish by version: missing = null; match keys case-insensitively"),
        Column::bool("disable_trial_creation"),
        Column::bool("disable_developer_creation"),
        Column::bool("enable_default_routing"),
        Column::bool("disable_share_with_everyone").about("context"),
        Column::bool("disable_admin_digest").about("context"),
        Column::bool("desktop_flow_dlp").about("context"),
        Column::int("capacity_warning_threshold"),
        Column::bool("capacity_report_for_env_admins"),
        Column::bool("disable_portal_creation").about("context"),
    ],
    readings: &[Reading { source: "bap.tenant_settings", read: bap }],
    complete: &[&["bap.tenant_settings"]],
    sample: Sample::Seen,
};

fn bap(record: &Record<'_>, rows: &mut Rows) {
    let governance = record.at("powerPlatform.governance");
    let licensing = record.at("powerPlatform.licensing");
    let threshold = "storageCapacityConsumptionWarningThreshold";
    rows.push([
        cell("tenant_id", record.tenant().or_else(|| record.at("tenantId").id())),
        cell(
            "disable_environment_creation",
            record.at("disableEnvironmentCreationByNonAdminUsers").flag(),
        ),
        cell(
            "disable_trial_creation",
            record.at("disableTrialEnvironmentCreationByNonAdminUsers").flag(),
        ),
        cell(
            "disable_developer_creation",
            switch(governance, "disableDeveloperEnvironmentCreationByNonAdminUsers"),
        ),
        cell("enable_default_routing", switch(governance, "enableDefaultEnvironmentRouting")),
        cell(
            "disable_share_with_everyone",
            switch(record.at("powerPlatform.powerApps"), "disableShareWithEveryone"),
        ),
        cell("disable_admin_digest", switch(governance, "disableAdminDigest")),
        cell(
            "desktop_flow_dlp",
            switch(governance.at("policy"), "enableDesktopFlowDataPolicyManagement"),
        ),
        cell(
            "capacity_warning_threshold",
            licensing.at(threshold).int().or_else(|| printed(licensing, threshold)?.parse().ok()),
        ),
        cell(
            "capacity_report_for_env_admins",
            switch(licensing, "enableTenantCapacityReportForEnvironmentAdmins"),
        ),
        cell("disable_portal_creation", record.at("disablePortalsCreationByNonAdminUsers").flag()),
    ]);
}

/// A switch of a group of settings, also of a group that PowerShell printed.
fn switch(group: Json<'_>, key: &str) -> Option<bool> {
    group.at(key).flag().or_else(|| printed_flag(group, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn a_missing_key_is_not_told() {
        let text = r#"{"DisableEnvironmentCreationByNonAdminUsers": true, "disableTrialEnvironmentCreationByNonAdminUsers": 1, "powerPlatform": {
            "governance": {"enableDefaultEnvironmentRouting": false, "policy": {"enableDesktopFlowDataPolicyManagement": true}},
            "licensing": {"storageCapacityConsumptionWarningThreshold": 85}}}"#;
        assert_eq!(
            rows(&TABLE, "bap.tenant_settings", text),
            [
                "tenant_id=t0, disable_environment_creation=true, enable_default_routing=false, desktop_flow_dlp=true, \
              capacity_warning_threshold=85"
            ]
        );
    }

    #[test]
    fn printed_groups_keep_their_plain_values() {
        let text = r#"{"powerPlatform": {"licensing": "@{storageCapacityConsumptionWarningThreshold=70}",
            "governance": "@{disableAdminDigest=False; disableDeveloperEnvironmentCreationByNonAdminUsers=True; policy=}"}}"#;
        assert_eq!(
            rows(&TABLE, "bap.tenant_settings", text),
            [
                "tenant_id=t0, disable_developer_creation=true, disable_admin_digest=false, capacity_warning_threshold=70"
            ]
        );
    }
}
