//! Tenant settings: `POST {bap}/providers/Microsoft.BusinessAppPlatform/listTenantSettings`, a read.
//!
//! Needs a registered management app or a Power Platform administrator. Nothing is left out.

use super::ADMIN;
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "bap.tenant_settings",
    about: "settings of the tenant",
    page: "https://learn.microsoft.com/power-platform/admin/list-tenantsettings",
    service: "bap",
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/listTenantSettings",
        query: &[("api-version", "2023-06-01")],
        body: Some("{}"),
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
