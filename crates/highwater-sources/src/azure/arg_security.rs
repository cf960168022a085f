//! Defender for Cloud: `POST {arm}/providers/Microsoft.ResourceGraph/resources`, table `securityresources`.
//!
//! Needs Security Reader, or Reader, at the management group that is audited. Plans, regulatory standards and policies
//! of just-in-time access. Assessments and alerts are left out: they name single weaknesses, and no table needs them.
//! That the table holds policies of just-in-time access is UNVERIFIED.

use super::{QUERY, body};
use crate::source::{Grant, Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arg.security",
    about: "plans, regulatory standards and just-in-time access of Defender for Cloud",
    page: "https://learn.microsoft.com/azure/defender-for-cloud/resource-graph-samples",
    service: "arm",
    requests: &[Request {
        body: body!(
            "securityresources | where type in~ ('microsoft.security/pricings', ",
            "'microsoft.security/regulatorycompliancestandards', ",
            "'microsoft.security/locations/jitnetworkaccesspolicies') ",
            "| project id, name, type, subscriptionId, resourceGroup, properties | order by id asc",
        ),
        ..QUERY
    }],
    grant: Grant::both("Security Reader"),
    ..Source::DEFAULT
};
