//! `desktop_flow_runs`: one row per session of the last 30 days.
//!
//! Dataverse table `flowsession`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowsession>); only a documented
//! example of two columns was at hand. The user of the session is kept as a hash, the user's name, error texts and
//! outputs are not kept.
//!
//! Trap: every machine that was never grouped has an implicit group of its own, and sessions name that group.
//! `machine_group_id` is therefore derived from `session_group_id` once the kinds of the groups are known.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Unattended use, load, dispatch.
pub(crate) static TABLE: Table = Table {
    name: "desktop_flow_runs",
    grain: "one row per session of the last 30 days",
    about: "unattended use, load, dispatch",
    scope: Scope::Dataverse,
    key: &["environment_id", "session_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("session_id").required().business(),
        Column::text("desktop_flow_id").business(),
        Column::time("started_at").required().business(),
        Column::time("ended_at").business(),
        Column::text("status").about("succeeded, failed, cancelled, running, ... by number 4, 8, 7, 2"),
        Column::text("run_mode").required().about("local 0, attended 1, unattended 2"),
        Column::text("machine_id").business().about("'' = told and none"),
        Column::text("machine_group_id").business().derived().about("'' = told and none, also for the implicit one-machine group (type 545940002); null until the kind of the group is known"),
        Column::text("session_group_id").business().about("the group as the session names it, implicit ones included; '' = told and none"),
        Column::text("parent_run").business().about("non-null = started by a cloud flow"),
        Column::text("user_hash").personal().about("hash only; sessionusername is dropped"),
    ],
    readings: &[
        Reading { source: "dv.sessions", read: dataverse },
        Reading { source: "kit.sessions", read: dataverse },
    ],
    complete: &[&["dv.sessions"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("session_id", record.at("flowsessionid").id()),
        cell("desktop_flow_id", record.at("_regardingobjectid_value").id()),
        cell("started_at", record.at("startedon").time()),
        cell("ended_at", record.at("completedon").time()),
        cell("status", record.at("statuscode").int().and_then(status)),
        cell("run_mode", record.at("runmode").int().and_then(run_mode)),
        cell("machine_id", record.at("_machineid_value").id_or_none()),
        cell("session_group_id", record.at("_machinegroupid_value").id_or_none()),
        cell("parent_run", record.at("parentcloudflowrunsequenceid").id()),
        cell("user_hash", record.at("sessionusersid").id()),
    ]);
}

fn run_mode(mode: i64) -> Option<&'static str> {
    match mode {
        0 => Some("local"),
        1 => Some("attended"),
        2 => Some("unattended"),
        _ => None,
    }
}

fn status(code: i64) -> Option<&'static str> {
    const WORDS: [&str; 15] = [
        "notspecified",
        "paused",
        "running",
        "waiting",
        "succeeded",
        "skipped",
        "suspended",
        "cancelled",
        "failed",
        "faulted",
        "timedout",
        "aborted",
        "ignored",
        "deleted",
        "terminated",
    ];
    usize::try_from(code).ok().and_then(|code| WORDS.get(code).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::tables::pipeline_stages::derived;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn tells_the_machine_and_the_group_apart_from_none() {
        let session = r#"{"flowsessionid": "S1", "_regardingobjectid_value": "D1", "startedon": "2026-11-01T10:00:00Z",
            "completedon": "2026-11-01T10:05:00Z", "statuscode": 8, "runmode": 2, "_machineid_value": "M1", "_machinegroupid_value": null,
            "sessionusername": "CONTOSO\\ada", "sessionusersid": "S-1-5-21-1"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.sessions", &place(), session),
            [
                "environment_id=e1, session_id=s1, desktop_flow_id=d1, started_at=2026-11-01T10:00:00Z, ended_at=2026-11-01T10:05:00Z, \
              status=failed, run_mode=unattended, machine_id=m1, session_group_id=, user_hash=s-1-5-21-1"
            ]
        );
        let bare = r#"{"flowsessionid": "s1", "startedon": "2026-11-01T10:00:00Z", "runmode": 0, "statuscode": 99}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.sessions", &place(), bare),
            ["environment_id=e1, session_id=s1, started_at=2026-11-01T10:00:00Z, run_mode=local"]
        );
    }

    #[test]
    fn a_session_of_an_unknown_mode_is_rejected() {
        let unknown =
            r#"{"flowsessionid": "s1", "startedon": "2026-11-01T10:00:00Z", "statuscode": 8}"#;
        assert!(rows_at(&TABLE, "dv.sessions", &place(), unknown).is_empty());
    }

    #[test]
    fn the_implicit_group_of_a_machine_is_no_group() {
        let runs = polars::df!(
            "environment_id" => ["e1", "e1", "e1", "e1", "e1"],
            "session_id" => ["s1", "s2", "s3", "s4", "s5"],
            "session_group_id" => [Some("g1"), Some("g2"), Some(""), Some("gone"), None],
        );
        let groups = polars::df!(
            "environment_id" => ["e1", "e1"],
            "machine_group_id" => ["g1", "g2"],
            "kind" => ["standard", "implicit"],
        );
        let frames = derived(vec![
            ("desktop_flow_runs", runs.unwrap()),
            ("machine_groups", groups.unwrap()),
        ]);
        let groups: Vec<Option<&str>> = frames["desktop_flow_runs"]
            .column("machine_group_id")
            .unwrap()
            .str()
            .unwrap()
            .iter()
            .collect();
        assert_eq!(groups, [Some("g1"), Some(""), Some(""), None, None]);
    }
}
