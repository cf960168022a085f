//! Flows: `workflows` of the categories cloud and desktop flow with their definitions, and `flowruns`.
//!
//! Needs prvReadWorkflow. Definitions are large, so that pages hold 50 rows. Runs are an elastic table, asked only
//! where a plan names it: page by page they are many, and the newest page of each flow is enough
//! otherwise. Classic workflows, business rules and dialogs are left out.

use serde::Deserialize;

use super::{QUERY, ROWS, reads};
use crate::found::{Answer, Found};
use crate::source::{Request, Source};

pub(crate) static WORKFLOWS: Source = Source {
    id: "dv.workflows",
    about: "cloud and desktop flows with their definitions",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/workflow",
    requests: &[Request {
        path: "/api/data/v9.2/workflows",
        query: &[
            (
                "$select",
                "workflowid,name,category,type,statecode,statuscode,modernflowtype,uiflowtype,ismanaged,createdon,modifiedon,\
_ownerid_value,_owningteam_value,_modifiedby_value,clientdata,definition",
            ),
            ("$filter", "type eq 1 and (category eq 5 or category eq 6)"),
        ],
        headers: SMALL_PAGES,
        ..QUERY
    }],
    grant: reads("prvReadWorkflow"),
    table: Some("workflow"),
    filtered: true,
    after: &["dv.counts"],
    find,
    ..ROWS
};

fn find(answer: &Answer<'_>, found: &mut Found) {
    found.mark("flows_read");
    for Flow { workflowid, modifiedon, statecode } in answer.list() {
        found.mark("flow");
        let modified = modifiedon.as_deref().unwrap_or_default();
        let state = statecode.map(|state| state.to_string()).unwrap_or_default();
        found.holds(&[workflowid.as_deref().unwrap_or_default(), modified, &state]);
        found.changed(modifiedon.as_deref());
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Flow {
    workflowid: Option<String>,
    modifiedon: Option<String>,
    statecode: Option<i64>,
}

/// Definitions weigh up to a megabyte each.
const SMALL_PAGES: &[(&str, &str)] = &[
    ("OData-MaxVersion", "4.0"),
    ("OData-Version", "4.0"),
    (
        "Prefer",
        "odata.maxpagesize=50,odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\"",
    ),
];

pub(crate) static RUNS: Source = Source {
    id: "dv.flow_runs",
    about: "runs of the last 28 days, on demand",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowrun",
    requests: &[Request {
        path: "/api/data/v9.2/flowruns",
        query: &[
            ("$select", "flowrunid,name,workflowid,status,starttime,endtime"),
            ("$filter", "starttime ge {ago_28d}"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadflowrun"),
    on_demand: true,
    filtered: true,
    ..ROWS
};
