//! Diagnostic settings: `GET {arm}{resource}/providers/Microsoft.Insights/diagnosticSettings`.
//!
//! Needs Reader on the resource. Asked of vaults, load balancers, network security groups and Windows machines, in this
//! order; of other resources no fact needs them. Resource Graph does not hold them. The answer has no pages.

use super::READER;
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arm.diagnostic_settings",
    about: "where logs of a resource go",
    page: "https://learn.microsoft.com/rest/api/monitor/diagnostic-settings/list",
    service: "arm",
    scope: Scope::Each("resource"),
    requests: &[Request {
        path: "{+id}/providers/Microsoft.Insights/diagnosticSettings",
        query: &[("api-version", "2021-05-01-preview")],
        ..Request::GET
    }],
    grant: READER,
    ..Source::DEFAULT
};
