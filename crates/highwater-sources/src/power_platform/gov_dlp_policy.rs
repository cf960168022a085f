//! One data policy: `GET {bap}/providers/PowerPlatform.Governance/v2/policies/{policy}`.
//!
//! Needs a registered management app or a Power Platform administrator. Nothing is left out.

use super::ADMIN;
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "gov.dlp_policy",
    about: "connector groups, action rules and patterns of each data policy",
    page: "https://learn.microsoft.com/power-platform/admin/wp-data-loss-prevention",
    service: "bap",
    scope: Scope::Each("policy"),
    requests: &[Request {
        path: "/providers/PowerPlatform.Governance/v2/policies/{id}",
        ..Request::GET
    }],
    grant: ADMIN,
    ..Source::DEFAULT
};
