//! Members of a group: `GET {graph}/v1.0/groups/{group}/transitiveMembers`.
//!
//! Needs GroupMember.Read.All; for members that are people, whether the account is enabled needs User.Read.All. Asked
//! of groups that configuration, conditional access or licences name, not of all: a tenant has tens of thousands. Of
//! members the id, the kind of account and whether it is enabled.

use super::LIST;
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.group_members",
    about: "members of the groups that something names",
    page: "https://learn.microsoft.com/graph/api/group-list-transitivemembers",
    service: "graph",
    scope: Scope::Each("group"),
    requests: &[Request {
        path: "/v1.0/groups/{id}/transitiveMembers",
        query: &[("$select", "id,accountEnabled,userType"), ("$top", "999")],
        ..LIST
    }],
    grant: Grant::both("GroupMember.Read.All"),
    together: true,
    ..Source::DEFAULT
};
