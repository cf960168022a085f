//! Capacity: `GET {ppapi}/licensing/tenantCapacity` and `/licensing/tenantCapacity/currencyReports`.
//!
//! Needs the reader role or a registered management app. Allocations by environment are left out.

use super::READER;
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ppapi.capacity",
    about: "capacity and add-ons of the tenant",
    page: "https://learn.microsoft.com/rest/api/power-platform/licensing/tenant-capacity",
    service: "ppapi",
    requests: &[
        Request {
            path: "/licensing/tenantCapacity",
            query: &[("api-version", "2024-10-01")],
            ..Request::GET
        },
        Request {
            path: "/licensing/tenantCapacity/currencyReports",
            query: &[
                ("api-version", "2024-10-01"),
                ("includeAllocations", "true"),
                ("includeConsumptions", "true"),
            ],
            ..Request::GET
        },
    ],
    grant: READER,
    ..Source::DEFAULT
};
