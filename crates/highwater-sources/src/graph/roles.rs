//! Directory roles: `GET {graph}/v1.0/roleManagement/directory/{roleAssignments,…ScheduleInstances}`.
//!
//! Needs RoleManagement.Read.Directory. Three roles only, each by its template id: Power Platform administrator,
//! Dynamics 365 administrator, global administrator. Standing assignments, eligible ones and active ones are three
//! lists; the last two need a licence for privileged identity management. Of the principal only its kind is needed, but
//! the service gives no smaller expansion.

use super::LIST;
use crate::source::{Each, Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.roles",
    about: "who administers Power Platform, standing or eligible",
    page: "https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments",
    service: "graph",
    requests: &[
        Request {
            part: "assignments",
            path: "/v1.0/roleManagement/directory/roleAssignments",
            query: &[("$filter", OF_ROLE), ("$expand", "principal")],
            ..BY_ROLE
        },
        Request {
            part: "eligible",
            path: "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances",
            query: &[("$filter", OF_ROLE), ("$expand", "principal")],
            ..BY_ROLE
        },
        Request {
            part: "active",
            path: "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances",
            query: &[("$filter", OF_ROLE), ("$expand", "principal")],
            ..BY_ROLE
        },
    ],
    grant: Grant::both("RoleManagement.Read.Directory"),
    ..Source::DEFAULT
};

const OF_ROLE: &str = "roleDefinitionId eq '{key}'";

const BY_ROLE: Request = Request { each: Each::Of(ROLES), ..LIST };

/// Template ids, the same in every tenant.
const ROLES: &[&str] = &[
    "11648597-926c-4cf3-9c36-bcebb0ba8dcc",
    "44367163-eba1-44c3-98af-f5787879f96a",
    "62e90394-69f5-4237-9190-012177145e10",
];
