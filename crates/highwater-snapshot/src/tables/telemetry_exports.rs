//! `telemetry_exports`: one row per environment and sink to which its telemetry goes.
//!
//! `analytics.exports` are the data exports of the admin centre
//! (<https://learn.microsoft.com/power-platform/admin/set-up-export-application-insights>): one record names
//! several environments and one sink. The state is connected when any of its streams is, else the first told.
//! Trap: a wrong region answers with an empty list, so all regions have to be read. The key of the sink is a
//! credential and never read. Collection rules of Azure Monitor are not read: their naming is UNVERIFIED.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Operations data leaves the platform.
pub(crate) static TABLE: Table = Table {
    name: "telemetry_exports",
    grain: "one row per environment and sink",
    about: "operations data leaves the platform",
    scope: Scope::Tenant,
    key: &["environment_id", "sink_kind", "sink_name"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("sink_kind").required().about("app_insights, data_lake, log_analytics; a wrong region answers 200 and empty: union all regions"),
        Column::text("sink_name").required().business().about("sink.key is a credential: dropped"),
        Column::text("sink_id").business().about("lower-case ARM id of the sink where the service gives one"),
        Column::text("state").required().about("`unknown` when not told"),
        Column::time("last_run_at").business(),
    ],
    readings: &[
        Reading { source: "analytics.exports", read: export },
    ],
    complete: &[&["analytics.exports"]],
    sample: Sample::Seen,
};

fn export(record: &Record<'_>, rows: &mut Rows) {
    let sink = record.at("sink");
    let streams = record.at("status");
    for environment in record.at("environments").items() {
        rows.push([
            cell("environment_id", environment.at("environmentId").id()),
            cell(
                "sink_kind",
                sink_kind(sink.at("type")).or_else(|| sink_kind(record.at("source"))),
            ),
            cell("sink_name", sink.at("resourceName").filled().or_else(|| sink.at("id").segment())),
            cell("sink_id", sink.at("id").id()),
            cell("state", state(streams)),
            cell(
                "last_run_at",
                streams.items().filter_map(|stream| stream.at("lastRunOn").time()).max(),
            ),
        ]);
    }
}

fn sink_kind(told: Json<'_>) -> Option<Cow<'_, str>> {
    let word = told.word()?;
    let kinds = [
        ("insight", "app_insights"),
        ("loganalytics", "log_analytics"),
        ("lake", "data_lake"),
        ("storage", "data_lake"),
    ];
    let known = kinds
        .into_iter()
        .find(|(part, _)| word.contains(part))
        .map(|(_, kind)| Cow::Borrowed(kind));
    known.or(Some(word))
}

fn state(streams: Json<'_>) -> Cow<'_, str> {
    let words: Vec<_> = streams.items().filter_map(|stream| stream.at("state").word()).collect();
    let connected = words.iter().find(|word| word.as_ref() == "connected").cloned();
    connected.or_else(|| words.into_iter().next()).unwrap_or(Cow::Borrowed("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn one_export_serves_several_environments() {
        let text = r#"{"source": "AppInsight", "environments": [{"environmentId": "E1"}, {"environmentId": "E2"}, {"organizationId": "o"}],
            "sink": {"key": "canary", "type": "AppInsights", "id": "/subscriptions/S1/components/Insights", "resourceName": "Insights"},
            "status": [{"state": "Failed", "lastRunOn": "2026-01-01T00:00:00Z"}, {"state": "Connected", "lastRunOn": "2026-01-02T00:00:00+00:00"}]}"#;
        let rest = "sink_kind=app_insights, sink_name=Insights, sink_id=/subscriptions/s1/components/insights, state=connected, \
                    last_run_at=2026-01-02T00:00:00Z";
        assert_eq!(
            rows(&TABLE, "analytics.exports", text),
            [format!("environment_id=e1, {rest}"), format!("environment_id=e2, {rest}")]
        );
    }

    #[test]
    fn a_state_that_is_not_told_is_unknown() {
        let text = r#"{"source": "DataLake", "environments": [{"environmentId": "E1"}], "sink": {"id": "/x/Store1"}, "status": "ok"}"#;
        let row = "environment_id=e1, sink_kind=data_lake, sink_name=store1, sink_id=/x/store1, state=unknown";
        assert_eq!(rows(&TABLE, "analytics.exports", text), [row]);
    }
}
