//! Subscriptions: `POST {arm}/providers/Microsoft.ResourceGraph/resources`, table `resourcecontainers`.
//!
//! Needs Reader at the management group that is audited. It is the denominator of everything else in Azure: a
//! subscription that is missing here was not looked at. Management groups, resource groups and tags of subscriptions
//! are left out.

use super::{QUERY, READER, body};
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arg.subscriptions",
    about: "subscriptions that the reader sees",
    page: "https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources",
    service: "arm",
    requests: &[Request {
        body: body!(
            "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' ",
            "| project id, name, type, subscriptionId, tenantId, properties | order by id asc",
        ),
        ..QUERY
    }],
    grant: READER,
    ..Source::DEFAULT
};
