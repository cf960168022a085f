//! `flow_logs`: one row per flow log.
//!
//! A row is a flow log of a network watcher: <https://learn.microsoft.com/azure/templates/microsoft.network/networkwatchers/flowlogs>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! The target is a network security group (these logs end on 30 September 2027), a virtual network, a subnet or an
//! interface. A retention that is off keeps the log for ever; a log without a word on retention tells nothing.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Traffic evidence.
pub(crate) static TABLE: Table = Table {
    name: "flow_logs",
    grain: "one row per flow log",
    about: "traffic evidence",
    scope: Scope::Subscription,
    key: &["flow_log_id"],
    columns: &[
        Column::text("flow_log_id").required().business(),
        Column::text("target_id").business().about("lower-case; NSG, VNet, subnet or NIC"),
        Column::bool("enabled"),
        Column::int("retention_days")
            .about("0 with retention off = kept for ever, stored as 36500"),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.network/networkwatchers/flowlogs") {
        return;
    }
    let log = arm::properties(record.json);
    rows.push([
        cell("flow_log_id", arm::id(record.at("id"))),
        cell("target_id", arm::id(log.at("targetResourceId"))),
        cell("enabled", log.at("enabled").flag()),
        cell("retention_days", retention(record)),
    ]);
}

/// What stands for "for ever".
const FOR_EVER: i64 = 36_500;

fn retention(record: &Record<'_>) -> Option<i64> {
    let policy = arm::properties(record.json).at("retentionPolicy");
    match (policy.at("enabled").flag(), policy.at("days").int()) {
        (Some(false), _) | (_, Some(0)) => Some(FOR_EVER),
        (_, days) => days,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn retention_off_is_for_ever() {
        let log = |policy: &str| {
            let text = format!(
                r#"{{"id": "/L/FlowLogs/F", "type": "Microsoft.Network/networkWatchers/FlowLogs",
                    "properties": {{"targetResourceId": "/Subnet", "enabled": true, "retentionPolicy": {policy}}}}}"#
            );
            rows(&TABLE, "arg.resources", &text)
        };
        let row = "flow_log_id=/l/flowlogs/f, target_id=/subnet, enabled=true";
        assert_eq!(
            log(r#"{"days": 0, "enabled": false}"#),
            [format!("{row}, retention_days=36500")]
        );
        assert_eq!(log(r#"{"days": 30, "enabled": true}"#), [format!("{row}, retention_days=30")]);
        assert_eq!(log("null"), [row]);
        assert_eq!(log(r#"{"days": "many", "enabled": true}"#), [row]);
    }
}
