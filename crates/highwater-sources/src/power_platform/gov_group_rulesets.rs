//! Rules of an environment group: `GET {tenant host}/governance/environmentGroups/{group}/ruleSets`.
//!
//! Needs a registered management app or a Power Platform administrator. The tenant has a host of its own, made of its
//! id.

use super::ADMIN;
use crate::source::{Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static SOURCE: Source = Source {
    id: "gov.group_rulesets",
    about: "rules of each environment group with their values",
    page: "https://learn.microsoft.com/power-platform/admin/environment-groups",
    service: "governance",
    scope: Scope::Each("environment_group"),
    requests: &[Request {
        path: "/governance/environmentGroups/{id}/ruleSets",
        query: &[("api-version", "2021-10-01-preview")],
        paging: Paging::ODataNextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
