//! Holders of a product: `GET {graph}/v1.0/users` with a filter on `assignedLicenses`.
//!
//! Needs User.Read.All. Of people only the id and how the licence reached them: directly or by a group. Names, mail
//! addresses and service plans are not asked for.

use super::LIST;
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.user_licences",
    about: "who holds each product, and whether by a group",
    page: "https://learn.microsoft.com/graph/api/resources/licenseassignmentstate",
    service: "graph",
    scope: Scope::Each("sku"),
    requests: &[Request {
        path: "/v1.0/users",
        query: &[
            ("$select", "id,licenseAssignmentStates"),
            ("$filter", "assignedLicenses/any(l:l/skuId eq {id})"),
            ("$top", "999"),
        ],
        ..LIST
    }],
    grant: Grant::both("User.Read.All"),
    together: true,
    ..Source::DEFAULT
};
