//! Protected items: `POST {arm}/providers/Microsoft.ResourceGraph/resources`, table `recoveryservicesresources`.
//!
//! Needs Reader at the management group that is audited. Items of backup and of site recovery; policies, jobs and
//! recovery plans are left out because no table reads them.

use super::{QUERY, READER, body};
use crate::source::{Request, Source};

pub(crate) static SOURCE: Source = Source {
    id: "arg.recovery",
    about: "machines that are backed up or replicated",
    page: "https://learn.microsoft.com/azure/backup/query-backups-using-azure-resource-graph",
    service: "arm",
    requests: &[Request {
        body: body!(
            "recoveryservicesresources | where type in~ (",
            "'microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems', ",
            "'microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers/",
            "replicationprotecteditems') ",
            "| project id, name, type, subscriptionId, resourceGroup, properties | order by id asc",
        ),
        ..QUERY
    }],
    grant: READER,
    ..Source::DEFAULT
};
