//! Devices: `GET {graph}/v1.0/deviceManagement/managedDevices`.
//!
//! Needs DeviceManagementManagedDevices.Read.All. Windows devices only: nothing else hosts desktop flows, and phones
//! say more of people than of automation. Owners, addresses and serial numbers are not asked for.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.devices",
    about: "Windows devices under management",
    page: "https://learn.microsoft.com/graph/api/intune-devices-manageddevice-list",
    service: "graph",
    requests: &[Request {
        path: "/v1.0/deviceManagement/managedDevices",
        query: &[
            ("$select", "id,deviceName,complianceState,managementAgent,osVersion"),
            ("$filter", "operatingSystem eq 'Windows'"),
            ("$top", "1000"),
        ],
        ..LIST
    }],
    grant: Grant::both("DeviceManagementManagedDevices.Read.All"),
    ..Source::DEFAULT
};
