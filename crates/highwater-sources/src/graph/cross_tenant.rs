//! Cross-tenant access: `GET {graph}/v1.0/policies/crossTenantAccessPolicy/{default,partners}`.
//!
//! Needs Policy.Read.All. Not the switch for tenant isolation of Power Platform: that is `gov.tenant_isolation`.
//! Synchronisation of identities with partners is left out.

use super::LIST;
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "graph.cross_tenant",
    about: "access from and to other tenants",
    page: "https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicy-overview",
    service: "graph",
    requests: &[
        Request {
            part: "default",
            path: "/v1.0/policies/crossTenantAccessPolicy/default",
            ..Request::GET
        },
        Request {
            part: "partners",
            path: "/v1.0/policies/crossTenantAccessPolicy/partners",
            ..LIST
        },
    ],
    grant: Grant::both("Policy.Read.All"),
    ..Source::DEFAULT
};
