//! `work_queues`: one row per work queue.
//!
//! Dataverse table `workqueue`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/workqueue>). Items are never read:
//! their input is business data. No recorded payload was at hand.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Dispatch.
pub(crate) static TABLE: Table = Table {
    name: "work_queues",
    grain: "one row per work queue",
    about: "dispatch",
    scope: Scope::Dataverse,
    key: &["environment_id", "queue_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("queue_id").required().business(),
        Column::text("state").about("active, paused, inactive"),
    ],
    readings: &[Reading { source: "dv.work_queues", read: dataverse }],
    complete: &[&["dv.work_queues"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("queue_id", record.at("workqueueid").id()),
        cell("state", record.at("statuscode").int().and_then(state)),
    ]);
}

fn state(code: i64) -> Option<&'static str> {
    match code {
        1 => Some("active"),
        2 => Some("inactive"),
        3 => Some("paused"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn reads_the_state_where_it_is_known() {
        let queue = |state: &str| {
            rows_at(
                &TABLE,
                "dv.work_queues",
                &place(),
                &format!(r#"{{"workqueueid": "Q1", "statuscode": {state}}}"#),
            )
        };
        assert_eq!(queue("3"), ["environment_id=e1, queue_id=q1, state=paused"]);
        assert_eq!(queue("77"), ["environment_id=e1, queue_id=q1"]);
        assert_eq!(queue("null"), ["environment_id=e1, queue_id=q1"]);
    }
}
