//! Governance of groups: `GET {graph}/v1.0/identityGovernance/entitlementManagement/accessPackages` and
//! `GET {graph}/v1.0/identityGovernance/accessReviews/definitions`.
//!
//! Needs EntitlementManagement.Read.All and AccessReview.Read.All, and a governance licence: without one the service
//! refuses. Which groups a package hands out, which groups are reviewed and how often. Requests, assignments,
//! reviewers and decisions are left out. That the expansion reaches role and scope in a list is UNVERIFIED.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.access_packages",
    about: "access packages and access reviews",
    page: "https://learn.microsoft.com/graph/api/entitlementmanagement-list-accesspackages",
    service: "graph",
    requests: &[
        Request {
            part: "packages",
            path: "/v1.0/identityGovernance/entitlementManagement/accessPackages",
            query: &[("$expand", "resourceRoleScopes($expand=role,scope)")],
            ..LIST
        },
        Request {
            part: "reviews",
            path: "/v1.0/identityGovernance/accessReviews/definitions",
            query: &[("$select", "id,displayName,status,scope,instanceEnumerationScope,settings")],
            ..LIST
        },
    ],
    grant: Grant::both("EntitlementManagement.Read.All, AccessReview.Read.All"),
    ..Source::DEFAULT
};
