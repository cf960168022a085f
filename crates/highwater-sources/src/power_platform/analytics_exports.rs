//! Exports of telemetry: `GET https://{region}.csanalytics…/api/v2/connections` of every region.
//!
//! Needs a Power Platform administrator; whether applications are let in is not documented, so they are tried. A wrong
//! region answers with an empty list, so that all are asked. The key of a sink is a credential and is dropped.

use crate::source::{Each, Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "analytics.exports",
    about: "exports of telemetry to Application Insights and data lakes",
    page: "https://learn.microsoft.com/power-platform/admin/set-up-export-application-insights",
    service: "analytics",
    requests: &[Request { path: "/api/v2/connections", each: Each::Of(REGIONS), ..Request::GET }],
    grant: Grant {
        application: Some("registered management app (not documented for applications)"),
        delegated: Some("Power Platform Administrator"),
    },
    ..Source::DEFAULT
};

/// Regions of the service.
const REGIONS: &[&str] = &[
    "na", "can", "sam", "emea", "oce", "apac", "jpn", "che", "fra", "uae", "ger", "gbr", "ind",
    "kor", "nor", "zaf", "sgp", "swe", "pol", "ita",
];
