//! Connectors that cannot be blocked, and virtual ones:
//! `GET {bap}/providers/PowerPlatform.Governance/v1/connectors/metadata/{unblockable|virtual}`.
//!
//! Needs a registered management app or a Power Platform administrator. Both answers are bare arrays.

use super::ADMIN;
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "gov.connector_metadata",
    about: "connectors that cannot be blocked, and virtual connectors",
    page: "https://learn.microsoft.com/power-platform/admin/dlp-connector-classification",
    service: "bap",
    requests: &[
        Request {
            part: "unblockable",
            path: "/providers/PowerPlatform.Governance/v1/connectors/metadata/unblockable",
            ..Request::GET
        },
        Request {
            part: "virtual",
            path: "/providers/PowerPlatform.Governance/v1/connectors/metadata/virtual",
            ..Request::GET
        },
    ],
    grant: ADMIN,
    ..Source::DEFAULT
};
