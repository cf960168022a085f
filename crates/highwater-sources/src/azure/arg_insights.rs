//! Associations: `POST {arm}/providers/Microsoft.ResourceGraph/resources`, table `insightsresources`.
//!
//! Needs Reader at the management group that is audited. Which machine feeds which data collection rule; the rules
//! themselves come with `arg.resources`. The solutions of the older agent are left out of this query for the same
//! reason.

use super::{QUERY, READER, body};
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arg.insights",
    about: "associations of machines with data collection rules",
    page: "https://learn.microsoft.com/azure/azure-monitor/essentials/data-collection-rule-overview",
    service: "arm",
    requests: &[Request {
        body: body!(
            "insightsresources | where type =~ 'microsoft.insights/datacollectionruleassociations' ",
            "| project id, name, type, subscriptionId, resourceGroup, properties | order by id asc",
        ),
        ..QUERY
    }],
    grant: READER,
    ..Source::DEFAULT
};
