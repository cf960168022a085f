//! Sentinel: `GET {arm}{workspace}/providers/Microsoft.SecurityInsights/{onboardingStates,dataConnectors,alertRules}`.
//!
//! Needs Microsoft Sentinel Reader, or Reader, on the workspace. A workspace without Sentinel answers 404: that is told,
//! not refused. Incidents, hunting queries and automation rules are left out.

use highwater_http::Paging;

use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arm.sentinel",
    about: "whether a workspace is Sentinel's, what feeds it and which rules watch it",
    page: "https://learn.microsoft.com/rest/api/securityinsights/data-connectors/list",
    service: "arm",
    scope: Scope::Each("workspace"),
    requests: &[
        Request {
            part: "onboardingstates",
            path: "{+id}/providers/Microsoft.SecurityInsights/onboardingStates",
            ..PAGED
        },
        Request {
            part: "dataconnectors",
            path: "{+id}/providers/Microsoft.SecurityInsights/dataConnectors",
            ..PAGED
        },
        Request {
            part: "alertrules",
            path: "{+id}/providers/Microsoft.SecurityInsights/alertRules",
            ..PAGED
        },
    ],
    grant: Grant::both("Microsoft Sentinel Reader, or Reader"),
    none_on: &[404],
    ..Source::DEFAULT
};

const PAGED: Request = Request {
    query: &[("api-version", "2021-03-01-preview")],
    paging: Paging::NextLink,
    ..Request::GET
};
