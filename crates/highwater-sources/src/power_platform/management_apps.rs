//! Management apps: `GET {bap}/providers/Microsoft.BusinessAppPlatform/adminApplications`.
//!
//! Needs a registered management app or a Power Platform administrator. Nothing is left out.

use super::ADMIN;
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "bap.management_apps",
    about: "service principals that are registered as administrators",
    page: "https://learn.microsoft.com/power-platform/admin/powerplatform-api-create-service-principal",
    service: "bap",
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/adminApplications",
        query: &[("api-version", "2020-10-01")],
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
