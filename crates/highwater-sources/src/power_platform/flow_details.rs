//! One cloud flow: its definition, who may use it, and its newest runs, below
//! `{flow}/providers/Microsoft.ProcessSimple/scopes/admin/environments/{environment}/flows/{flow}`.
//!
//! Needs a Power Platform administrator who signed in. Definitions are asked only for flows outside Dataverse. Of the
//! runs the newest page is enough. Inputs and outputs of runs lie behind signed links, which are never followed.

use super::flow_admin::PERSON;
use crate::source::{Grant, Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static DEFINITION: Source = Source {
    id: "flow.definition",
    about: "definitions of cloud flows outside Dataverse",
    page: "https://learn.microsoft.com/power-automate/web-api",
    service: "flow",
    scope: Scope::Each("plain_flow"),
    requests: &[Request {
        path: "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{env}/flows/{id}",
        query: &[("api-version", "2016-11-01")],
        headers: &[("x-ms-api-context-type", "Admin")],
        ..Request::GET
    }],
    grant: PERSON,
    ..Source::DEFAULT
};

pub(crate) static PERMISSIONS: Source = Source {
    id: "flow.permissions",
    about: "owners and users of a cloud flow",
    page: "https://learn.microsoft.com/power-automate/web-api",
    service: "flow",
    scope: Scope::Each("flow"),
    requests: &[Request {
        path: "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{env}/flows/{id}/permissions",
        query: &[("api-version", "2016-11-01")],
        headers: &[("x-ms-api-context-type", "Admin")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: Grant::delegated("Power Platform Administrator"),
    ..Source::DEFAULT
};

pub(crate) static RUNS: Source = Source {
    id: "flow.runs",
    about: "newest runs of a cloud flow",
    page: "https://learn.microsoft.com/power-automate/web-api",
    service: "flow",
    scope: Scope::Each("flow"),
    requests: &[Request {
        path: "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{env}/flows/{id}/runs",
        query: &[("api-version", "2016-11-01")],
        headers: &[("x-ms-api-context-type", "Admin")],
        paging: Paging::First,
        ..Request::GET
    }],
    grant: PERSON,
    ..Source::DEFAULT
};
