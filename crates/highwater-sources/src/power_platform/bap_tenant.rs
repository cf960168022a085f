//! Tenant: `GET {bap}/providers/Microsoft.BusinessAppPlatform/tenant`.
//!
//! Needs a registered management app or a Power Platform administrator. Nothing is left out.

use super::ADMIN;
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "bap.tenant",
    about: "the tenant",
    page: "https://learn.microsoft.com/power-platform/admin/list-tenantsettings",
    service: "bap",
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/tenant",
        query: &[("api-version", "2021-04-01")],
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
