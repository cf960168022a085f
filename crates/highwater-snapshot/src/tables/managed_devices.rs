//! `managed_devices`: one row per managed device.
//!
//! A row is a device under management: <https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice>.
//! `graph.devices` lists them. `graph.intune_detected_apps` tells which of them hold Power Automate for desktop:
//! a detected application with its `managedDevices` expanded, or a device read below such an application:
//! <https://learn.microsoft.com/graph/api/resources/intune-devices-detectedapp>.
//! Devices that Configuration Manager manages, alone or together with Intune, are `configurationmanager`. Owners,
//! addresses and serial numbers are not kept. Host names join weakly: they are not unique.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Automation hosts under management.
pub(crate) static TABLE: Table = Table {
    name: "managed_devices",
    grain: "one row per managed device",
    about: "automation hosts under management",
    scope: Scope::Tenant,
    key: &["device_id"],
    columns: &[
        Column::text("device_id").required().business(),
        Column::text("host_name")
            .required()
            .business()
            .about("lower-case; join to machines is by name: weak"),
        Column::text("compliance_state"),
        Column::text("manager").about("mdm, configurationManager, ..."),
        Column::bool("has_desktop_runtime").derived(),
        Column::text("os_version"),
    ],
    readings: &[
        Reading { source: "graph.devices", read: device },
        Reading { source: "graph.intune_detected_apps", read: detected },
    ],
    complete: &[&["graph.devices", "graph.intune_detected_apps"]],
    sample: Sample::Seen,
};

fn device(record: &Record<'_>, rows: &mut Rows) {
    let detected = record.at("detectedApps");
    push(record.json, detected.is_array().then(|| detected.items().any(is_runtime)), rows);
}

fn detected(record: &Record<'_>, rows: &mut Rows) {
    let devices = record.at("managedDevices");
    if devices.is_array() {
        if is_runtime(record.json) {
            devices.items().for_each(|device| push(device, Some(true), rows));
        }
    } else if record.at("deviceName").is_told() {
        push(record.json, Some(true), rows);
    }
}

fn push(device: Json<'_>, has_runtime: Option<bool>, rows: &mut Rows) {
    rows.push([
        cell("device_id", device.at("id").id()),
        cell("host_name", device.at("deviceName").word().map(|name| host(&name))),
        cell("compliance_state", device.at("complianceState").word()),
        cell("manager", device.at("managementAgent").word().map(manager)),
        cell("has_desktop_runtime", has_runtime),
        cell("os_version", device.at("osVersion").filled()),
    ]);
}

fn host(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}

fn manager(told: Cow<'_, str>) -> Cow<'_, str> {
    if told.contains("configurationmanager") { Cow::Borrowed("configurationmanager") } else { told }
}

fn is_runtime(app: Json<'_>) -> bool {
    app.at("displayName").word().is_some_and(|name| name.contains("power automate"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn devices_and_the_apps_found_on_them() {
        let device = r#"{"id": "D1", "deviceName": "RPA01.contoso.example", "complianceState": "compliant",
            "managementAgent": "configurationManagerClientMdm", "osVersion": "10.0.26100.1"}"#;
        assert_eq!(
            rows(&TABLE, "graph.devices", device),
            [
                "device_id=d1, host_name=rpa01, compliance_state=compliant, manager=configurationmanager, os_version=10.0.26100.1"
            ]
        );
        let app = r#"{"id": "A", "displayName": "Power Automate for desktop", "managedDevices": [{"id": "D1", "deviceName": "RPA01"}]}"#;
        assert_eq!(
            rows(&TABLE, "graph.intune_detected_apps", app),
            ["device_id=d1, host_name=rpa01, has_desktop_runtime=true"]
        );
        let other = r#"{"id": "A", "displayName": "Excel", "managedDevices": [{"id": "D2", "deviceName": "RPA02"}]}"#;
        assert!(rows(&TABLE, "graph.intune_detected_apps", other).is_empty());
    }

    #[test]
    fn a_device_without_a_name_is_rejected() {
        assert!(rows(&TABLE, "graph.devices", r#"{"id": "D3", "deviceName": null}"#).is_empty());
    }
}
