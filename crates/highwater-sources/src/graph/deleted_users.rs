//! Deleted people: `GET {graph}/v1.0/directory/deletedItems/microsoft.graph.user`.
//!
//! Needs User.Read.All. The directory keeps them for thirty days. Id and moment only.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.deleted_users",
    about: "accounts that were deleted within thirty days",
    page: "https://learn.microsoft.com/graph/api/directory-deleteditems-list",
    service: "graph",
    requests: &[Request {
        path: "/v1.0/directory/deletedItems/microsoft.graph.user",
        query: &[("$select", "id,deletedDateTime"), ("$top", "999")],
        ..LIST
    }],
    grant: Grant::both("User.Read.All"),
    ..Source::DEFAULT
};
