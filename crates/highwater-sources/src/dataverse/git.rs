//! Git integration: `sourcecontrolbranchconfigurations` with their `sourcecontrolconfigurations`.
//!
//! Needs prvReadsourcecontrol*. The tables come with the feature: where it is not switched on the service answers 404.

use super::{NOT_INSTALLED, QUERY, ROWS, busy, reads};
use crate::source::{Request, Reuse, Source};

pub(crate) static SOURCE: Source = Source {
    id: "dv.git",
    about: "branches to which the environment or its solutions are connected",
    page: "https://learn.microsoft.com/power-platform/alm/git-integration/overview",
    requests: &[Request {
        part: "branches",
        path: "/api/data/v9.2/sourcecontrolbranchconfigurations",
        query: &[
            (
                "$select",
                "sourcecontrolbranchconfigurationid,name,partitionid,statuscode,branchsyncedtime",
            ),
            (
                "$expand",
                "sourcecontrolconfigurationid($select=gitprovider,organizationname,projectname,repositoryname)",
            ),
        ],
        ..QUERY
    }],
    grant: reads("prvReadsourcecontrol*"),
    none_on: NOT_INSTALLED,
    table: Some("sourcecontrolbranchconfiguration"),
    due: busy,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};
