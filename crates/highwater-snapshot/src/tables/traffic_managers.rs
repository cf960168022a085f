//! `traffic_managers`: one row per profile.
//!
//! A row is a Traffic Manager profile: <https://learn.microsoft.com/azure/templates/microsoft.network/trafficmanagerprofiles>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. Endpoints are not kept.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Health probes.
pub(crate) static TABLE: Table = Table {
    name: "traffic_managers",
    grain: "one row per profile",
    about: "health probes",
    scope: Scope::Subscription,
    key: &["profile_id"],
    columns: &[
        Column::text("profile_id").required().business(),
        Column::text("subscription_id").business(),
        Column::text("monitor_status"),
        Column::text("profile_status"),
        Column::text("resource_group").business(),
        Column::bool("is_automation").business().derived(),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.network/trafficmanagerprofiles") {
        return;
    }
    let profile = arm::properties(record.json);
    rows.push([
        cell("profile_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("monitor_status", profile.at("monitorConfig.profileMonitorStatus").word()),
        cell("profile_status", profile.at("profileStatus").word()),
        cell("resource_group", arm::resource_group(record)),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn states_are_words() {
        let full = r#"{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/t", "type": "Microsoft.Network/trafficManagerProfiles",
            "properties": {"profileStatus": "Enabled", "monitorConfig": {"profileMonitorStatus": "Online"}}}"#;
        let row = "profile_id=/subscriptions/s/resourcegroups/r/providers/microsoft.network/trafficmanagerprofiles/t, subscription_id=s";
        assert_eq!(
            rows(&TABLE, "arg.resources", full),
            [format!("{row}, monitor_status=online, profile_status=enabled, resource_group=r")]
        );
        let odd = full.replace(r#""Enabled""#, "true").replace(r#""Online""#, "null");
        assert_eq!(rows(&TABLE, "arg.resources", &odd), [format!("{row}, resource_group=r")]);
    }
}
