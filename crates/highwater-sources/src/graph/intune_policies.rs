//! Device policies: `GET {graph}/v1.0/deviceManagement/deviceConfigurations` and
//! `GET {graph}/beta/deviceManagement/windowsQualityUpdateProfiles`.
//!
//! Needs DeviceManagementConfiguration.Read.All. Update rings stand among the configurations; profiles of quality
//! updates exist in beta only. Feature and driver updates, the settings catalogue and compliance policies are left out.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.intune_policies",
    about: "configuration and update policies of devices",
    page: "https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-list",
    service: "graph",
    requests: &[
        Request {
            part: "configurations",
            path: "/v1.0/deviceManagement/deviceConfigurations",
            query: &[("$expand", "assignments")],
            ..LIST
        },
        Request {
            part: "updates",
            path: "/beta/deviceManagement/windowsQualityUpdateProfiles",
            query: &[("$expand", "assignments")],
            ..LIST
        },
    ],
    grant: Grant::both("DeviceManagementConfiguration.Read.All"),
    ..Source::DEFAULT
};
