//! Connections: `GET {powerapps}/providers/Microsoft.PowerApps/scopes/admin/environments/{environment}/connections`.
//!
//! Needs a registered management app or a Power Platform administrator. With whom a connection is shared is left out.

use super::ADMIN;
use crate::source::{Request, Reuse, Scope, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "powerapps.connections",
    about: "connections of an environment and their state",
    page: "https://learn.microsoft.com/power-platform/admin/powerapps-powershell",
    service: "powerapps",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/providers/Microsoft.PowerApps/scopes/admin/environments/{env}/connections",
        query: &[("api-version", "2016-11-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    reuse: Some(Reuse::CONNECTIONS),
    ..Source::DEFAULT
};
