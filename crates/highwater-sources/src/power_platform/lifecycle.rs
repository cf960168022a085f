//! Operations and backups of an environment: `GET {bap}/…/lifecycleOperations` and
//! `GET {ppapi}/environmentmanagement/environments/{environment}/backups`.
//!
//! Needs a registered management app or a Power Platform administrator, for backups the reader role. Only production
//! environments and those of the last 30 days are asked. Backups are those made by hand: the platform's own are told
//! by the list of the environments.

use super::{ADMIN, READER, production_or_new};
use crate::source::{Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static OPERATIONS: Source = Source {
    id: "bap.lifecycle_operations",
    about: "copies, restores, resets and other operations on an environment",
    page: "https://learn.microsoft.com/power-platform/admin/environment-lifecycle-operations",
    service: "bap",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/providers/Microsoft.BusinessAppPlatform/lifecycleOperations",
        query: &[("api-version", "2024-05-01"), ("$filter", "environment eq '{env}'")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: ADMIN,
    due: production_or_new,
    ..Source::DEFAULT
};

pub(crate) static BACKUPS: Source = Source {
    id: "ppapi.backups",
    about: "backups of an environment that were made by hand",
    page: "https://learn.microsoft.com/rest/api/power-platform/environmentmanagement/environment-backups",
    service: "ppapi",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/environmentmanagement/environments/{env}/backups",
        query: &[("api-version", "2024-10-01")],
        paging: Paging::ContinuationToken,
        ..Request::GET
    }],
    grant: READER,
    due: production_or_new,
    ..Source::DEFAULT
};
