//! Freshness: `POST {loganalytics}/v1/workspaces/{customer}/query`, the newest moment of the Power Platform tables.
//!
//! Needs Log Analytics Reader on the workspace. Asked only on demand, and no table keeps it yet. The query names the
//! tables and asks for their newest moment: no event, no person and no count leaves the workspace. `POST` because it is
//! a query.

use crate::found::{Due, Place};
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "la.freshness",
    about: "when Power Platform events last arrived in a workspace",
    page: "https://learn.microsoft.com/azure/azure-monitor/logs/api/request-format",
    service: "loganalytics",
    scope: Scope::Each("workspace"),
    requests: &[Request {
        path: "/v1/workspaces/{customer_id}/query",
        body: Some(concat!(
            r#"{"query":"union isfuzzy=true PowerAutomateActivity, DataverseActivity, PowerPlatformAdminActivity "#,
            r#"| summarize last = max(TimeGenerated) by Type","timespan":"P7D"}"#
        )),
        ..Request::GET
    }],
    grant: Grant::both("Log Analytics Reader"),
    on_demand: true,
    due,
    ..Source::DEFAULT
};

fn due(place: &Place<'_>) -> Due {
    let id = place.object.and_then(|workspace| workspace.fields.get("customer_id"));
    if id.is_none_or(String::is_empty) {
        Due::Not("the id of the workspace is not told")
    } else {
        Due::Ask
    }
}
