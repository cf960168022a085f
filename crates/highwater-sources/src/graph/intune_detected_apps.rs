//! Detected applications: `GET {graph}/v1.0/deviceManagement/detectedApps`, then the devices of each.
//!
//! Needs DeviceManagementManagedDevices.Read.All. Only applications with Power Automate in their name: which of the
//! devices hold the desktop runtime. What else is installed is not asked for.

use serde::Deserialize;

use super::LIST;
use crate::found::{Answer, Found, Object};
use crate::source::{Each, Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.intune_detected_apps",
    about: "devices that hold Power Automate for desktop",
    page: "https://learn.microsoft.com/graph/api/intune-devices-detectedapp-list",
    service: "graph",
    requests: &[
        Request {
            path: "/v1.0/deviceManagement/detectedApps",
            query: &[("$filter", "contains(displayName,'Power Automate')")],
            ..LIST
        },
        Request {
            path: "/v1.0/deviceManagement/detectedApps/{key}/managedDevices",
            query: &[("$select", "id,deviceName,complianceState,managementAgent,osVersion")],
            each: Each::Found("detected_app"),
            ..LIST
        },
    ],
    grant: Grant::both("DeviceManagementManagedDevices.Read.All"),
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    id: String,
    display_name: String,
}

/// Applications, not the devices that later answers list. The filter of the service also finds add-ins.
fn find(answer: &Answer<'_>, found: &mut Found) {
    if answer.request.each != Each::Once {
        return;
    }
    for application in answer.list::<Application>() {
        if application.display_name.to_lowercase().contains("power automate") {
            found.key(Object::new("detected_app", application.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn applications_lead_to_their_devices_and_devices_to_nothing() {
        let page = r#"{"value": [{"id": "a1", "displayName": "Power Automate for desktop"}, {"id": "a2", "displayName": "Paint"}]}"#;
        let keys = found(&SOURCE, None, ("", ""), page).keys;
        assert_eq!(keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["a1"]);
        let devices = SOURCE.requests[1];
        assert!(matches!(devices.each, Each::Found("detected_app")));
    }
}
