//! Tenant isolation: `GET {bap}/providers/PowerPlatform.Governance/v1/tenants/{tenant}/tenantIsolationPolicy`.
//!
//! Needs a registered management app or a Power Platform administrator. Nothing is left out.

use super::ADMIN;
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "gov.tenant_isolation",
    about: "tenant isolation and the tenants that are let through",
    page: "https://learn.microsoft.com/power-platform/admin/cross-tenant-restrictions",
    service: "bap",
    requests: &[Request {
        path: "/providers/PowerPlatform.Governance/v1/tenants/{tenant}/tenantIsolationPolicy",
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
