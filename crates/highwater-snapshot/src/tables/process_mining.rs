//! `process_mining`: one row per process or recording set.
//!
//! Dataverse tables whose names begin with `msdyn_pm`. No vendor page and no payload were at hand: which of them holds
//! the processes is UNVERIFIED, so several ids are tried, and the last change stands for the last analysis where no
//! refresh is told. Organisations whose tables differ can say it by tag.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, Time, cell};

/// Analysis before automation.
pub(crate) static TABLE: Table = Table {
    name: "process_mining",
    grain: "one row per process or recording set",
    about: "analysis before automation",
    scope: Scope::Dataverse,
    key: &["environment_id", "process_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("process_id").required().business(),
        Column::text("kind").about("process, task"),
        Column::time("last_analysis_at").business(),
    ],
    readings: &[Reading { source: "dv.process_mining", read: dataverse }],
    complete: &[&["dv.process_mining"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let Some((id, kind)) = SETS.iter().find_map(|(id, kind)| Some((record.at(id).id()?, *kind)))
    else {
        return; // calendars, templates, settings and single recordings
    };
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("process_id", id),
        cell("kind", kind),
        cell("last_analysis_at", analysed_at(record)),
    ]);
}

/// Primary ids of the sets that hold one row a process, with the kind of mining.
const SETS: &[(&str, &str)] = &[
    ("msdyn_pmprocessid", "process"),
    ("msdyn_processminingprocessid", "process"),
    ("msdyn_pmprocessversionid", "process"),
    ("msdyn_pminferredtaskid", "task"),
];

fn analysed_at(record: &Record<'_>) -> Option<Time> {
    ["msdyn_lastrefreshedon", "msdyn_lastanalyzedon", "modifiedon"]
        .iter()
        .find_map(|path| record.at(path).time())
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
    fn knows_processes_and_tasks() {
        let process = r#"{"msdyn_pmprocessversionid": "P1", "modifiedon": "2026-10-01T00:00:00Z"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.process_mining", &place(), process),
            [
                "environment_id=e1, process_id=p1, kind=process, last_analysis_at=2026-10-01T00:00:00Z"
            ]
        );
        assert_eq!(
            rows_at(&TABLE, "dv.process_mining", &place(), r#"{"msdyn_pminferredtaskid": "t1"}"#),
            ["environment_id=e1, process_id=t1, kind=task"]
        );
        assert!(
            rows_at(&TABLE, "dv.process_mining", &place(), r#"{"msdyn_pmcalendarid": "c1"}"#)
                .is_empty()
        );
    }
}
