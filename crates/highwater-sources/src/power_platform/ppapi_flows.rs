//! Cloud flows and their runs, as the Power Platform API tells them: `GET {ppapi}/powerautomate/environments/{environment}/cloudFlows`
//! and `/flowRuns?workflowId={flow}`.
//!
//! Needs the reader role or a registered management app. Whether flows outside Dataverse are in the list is not
//! documented. Of the runs the newest page is enough.

use serde::Deserialize;

use super::READER;
use crate::found::{Answer, Found, Object, Place};
use crate::source::{Request, Scope, Source};
use highwater_http::Paging;

pub(crate) static FLOWS: Source = Source {
    id: "ppapi.cloud_flows",
    about: "cloud flows of an environment with their definitions",
    page: "https://learn.microsoft.com/rest/api/power-platform/powerautomate/cloud-flows",
    service: "ppapi",
    scope: Scope::Environment,
    requests: &[Request {
        path: "/powerautomate/environments/{env}/cloudFlows",
        query: &[("api-version", "2024-10-01")],
        paging: Paging::NextLink,
        ..Request::GET
    }],
    grant: READER,
    names: &["flow"],
    find,
    ..Source::DEFAULT
};

pub(crate) static RUNS: Source = Source {
    id: "ppapi.flow_runs",
    about: "newest runs of a cloud flow",
    page: "https://learn.microsoft.com/rest/api/power-platform/powerautomate/flow-runs",
    service: "ppapi",
    scope: Scope::Each("flow"),
    requests: &[Request {
        path: "/powerautomate/environments/{env}/flowRuns",
        query: &[("api-version", "2024-10-01"), ("workflowId", "{workflow}")],
        paging: Paging::First,
        ..Request::GET
    }],
    grant: READER,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flow {
    workflow_id: String,
    modified_on: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for flow in answer.list::<Flow>() {
        found.tally("cloud flows", 1);
        let modified = flow.modified_on.as_deref();
        found.changed(modified);
        found.holds(&[&flow.workflow_id, modified.unwrap_or_default()]);
        let rank = rank(answer.place, flow.modified_on.as_deref().unwrap_or_default());
        let id = flow.workflow_id;
        found.child(Object { rank, ..Object::new("flow", id.clone()).with("workflow", id) });
    }
}

/// Flows of production environments first, then those that were changed last.
pub(super) fn rank(place: Place<'_>, modified: &str) -> u64 {
    let is_production = place.environment.is_some_and(crate::Environment::is_production);
    let newest = modified.get(..10).unwrap_or_default();
    let day: u64 = newest
        .split('-')
        .filter_map(|part| part.parse::<u64>().ok())
        .fold(0, |day, part| day * 100 + part);
    u64::from(!is_production) * 1_000_000_000 + 100_000_000_u64.saturating_sub(day)
}
