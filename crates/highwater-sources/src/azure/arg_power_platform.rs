//! Power Platform in Resource Graph: `POST {arm}/providers/Microsoft.ResourceGraph/resources`, table
//! `PowerPlatformResources`.
//!
//! For a Power Platform administrator or a global reader who signs in; for applications it is UNVERIFIED, so they are
//! not sent here. Asked only on demand: the same inventory comes from `inventory.query` where that is served.

use super::{QUERY, body};
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arg.power_platform",
    about: "environments, apps, flows and agents of the inventory, from Resource Graph",
    page: "https://learn.microsoft.com/power-platform/admin/inventory-api",
    service: "arm",
    requests: &[Request {
        body: body!(
            "PowerPlatformResources | where type in~ ('microsoft.powerplatform/environments', ",
            "'microsoft.powerplatform/environmentgroups', 'microsoft.powerapps/canvasapps', ",
            "'microsoft.powerapps/modeldrivenapps', 'microsoft.powerautomate/cloudflows', ",
            "'microsoft.copilotstudio/agents', 'microsoft.powerplatformconnector/connectors') ",
            "| project id, name, type, location, tenantId, properties | order by id asc",
        ),
        ..QUERY
    }],
    grant: Grant::delegated("Power Platform Administrator, or Global Reader"),
    on_demand: true,
    ..Source::DEFAULT
};
