//! `connection_monitors`: one row per connection monitor.
//!
//! A row is a connection monitor of a network watcher: <https://learn.microsoft.com/azure/templates/microsoft.network/networkwatchers/connectionmonitors>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`. The older kind has one source and one destination: one test.
//! Results live in Log Analytics only; without it `last_result_at` is not told.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Reachability.
pub(crate) static TABLE: Table = Table {
    name: "connection_monitors",
    grain: "one row per connection monitor",
    about: "reachability",
    scope: Scope::Subscription,
    key: &["monitor_id"],
    columns: &[
        Column::text("monitor_id").required().business(),
        Column::text("subscription_id").business(),
        Column::int("test_count").required(),
        Column::text("state").about("running, stopped"),
        Column::time("last_result_at").about("not in ARM: null without Log Analytics"),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.network/networkwatchers/connectionmonitors") {
        return;
    }
    let monitor = arm::properties(record.json);
    rows.push([
        cell("monitor_id", arm::id(record.at("id"))),
        cell("subscription_id", arm::subscription(record)),
        cell("test_count", test_count(monitor)),
        cell("state", monitor.at("monitoringStatus").word()),
    ]);
}

fn test_count(monitor: Json<'_>) -> Option<i64> {
    monitor
        .at("testConfigurations")
        .len()
        .or_else(|| monitor.at("destination").is_object().then_some(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn both_kinds_of_monitors() {
        let monitor = |body: &str| {
            let text = format!(
                r#"{{"id": "/subscriptions/s/M", "type": "Microsoft.Network/networkWatchers/connectionMonitors", "properties": {body}}}"#
            );
            rows(&TABLE, "arg.resources", &text)
        };
        let row = "monitor_id=/subscriptions/s/m, subscription_id=s";
        assert_eq!(
            monitor(r#"{"testConfigurations": [{}, {}], "monitoringStatus": "Running"}"#),
            [format!("{row}, test_count=2, state=running")]
        );
        assert_eq!(
            monitor(r#"{"source": {}, "destination": {"address": "contoso.example"}}"#),
            [format!("{row}, test_count=1")]
        );
        assert!(monitor(r#"{"testConfigurations": "two"}"#).is_empty());
    }
}
