//! Managed applications: `GET {graph}/v1.0/deviceAppManagement/mobileApps`.
//!
//! Needs DeviceManagementApps.Read.All. Only applications with Power Automate in their name, with their assignments:
//! what else is deployed is nobody's business here. Tenants without Intune refuse.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.intune_apps",
    about: "deployment of Power Automate for desktop",
    page: "https://learn.microsoft.com/graph/api/intune-apps-mobileapp-list",
    service: "graph",
    requests: &[Request {
        path: "/v1.0/deviceAppManagement/mobileApps",
        query: &[("$filter", "contains(displayName,'Power Automate')"), ("$expand", "assignments")],
        ..LIST
    }],
    grant: Grant::both("DeviceManagementApps.Read.All"),
    ..Source::DEFAULT
};
