//! `desktop_flows`: one row per desktop flow.
//!
//! Dataverse table `workflow`, category 6
//! (<https://learn.microsoft.com/power-automate/developer/desktop-flow-public-apis>). Recordings (type 101) are parts of
//! the designer, not flows. Drafts are listed only when the request asks for unpublished rows.
//!
//! `is_sample` is a derivation: a managed desktop flow that no custom solution holds came with a product. A workflow
//! whose category was not told may be a desktop flow: it is rejected and counted.

use super::cloud_flows::{DESKTOP, is_workflow, owner, workflow_id};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// RPA inventory.
pub(crate) static TABLE: Table = Table {
    name: "desktop_flows",
    grain: "one row per desktop flow",
    about: "RPA inventory",
    scope: Scope::Dataverse,
    key: &["environment_id", "desktop_flow_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("desktop_flow_id").required().business(),
        Column::text("display_name").business(),
        Column::text("state").about("draft, activated, suspended"),
        Column::text("kind")
            .about("power_automate_desktop, or windows_recorder, selenium_ide, test"),
        Column::text("owner_id").personal().dataverse_user(),
        Column::time("created_at").required().business(),
        Column::time("modified_at").required().business(),
        Column::bool("is_managed"),
        Column::bool("in_custom_solution").derived(),
        Column::bool("is_sample")
            .derived()
            .about("managed, and in no custom solution although all were read; null until then"),
    ],
    readings: &[
        Reading { source: "dv.workflows", read: dataverse },
        Reading { source: "coe.desktop_flows", read: dataverse },
    ],
    complete: &[&["dv.workflows"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let kind = record.at("uiflowtype").int();
    if !is_workflow(record, DESKTOP) || kind == Some(RECORDING) {
        return;
    }
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("desktop_flow_id", workflow_id(record)),
        cell("display_name", record.at("name").filled()),
        cell("state", state(record)),
        cell("kind", kind.and_then(kind_word)),
        cell("owner_id", owner(record).or_else(|| record.at("ownerid").id())),
        cell("created_at", record.at("createdon").time()),
        cell("modified_at", record.at("modifiedon").time()),
        cell("is_managed", record.at("ismanaged").flag()),
    ]);
}

/// `uiflowtype` of what the recorder keeps on its way.
const RECORDING: i64 = 101;

fn kind_word(kind: i64) -> Option<&'static str> {
    match kind {
        0 => Some("windows_recorder"),
        1 => Some("selenium_ide"),
        2 => Some("power_automate_desktop"),
        3 => Some("test"),
        _ => None,
    }
}

fn state(record: &Record<'_>) -> Option<&'static str> {
    match record.at("statecode").int()? {
        0 => Some("draft"),
        1 => Some("activated"),
        2 => Some("suspended"),
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
    fn reads_desktop_flows_and_nothing_else() {
        let flow = r#"{"category": 6, "type": 1, "uiflowtype": 2, "statecode": 1, "workflowid": "D1", "name": "Post invoices",
            "createdon": "2026-01-02T00:00:00Z", "modifiedon": "2026-01-03T00:00:00Z", "ismanaged": false, "_ownerid_value": "U1"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), flow),
            [
                "environment_id=e1, desktop_flow_id=d1, display_name=Post invoices, state=activated, kind=power_automate_desktop, \
              owner_id=u1, created_at=2026-01-02T00:00:00Z, modified_at=2026-01-03T00:00:00Z, is_managed=false"
            ]
        );
        for other in [
            flow.replace(r#""category": 6"#, r#""category": 5"#),
            flow.replace(r#""uiflowtype": 2"#, r#""uiflowtype": 101"#),
        ] {
            assert!(rows_at(&TABLE, "dv.workflows", &place(), &other).is_empty());
        }
    }

    #[test]
    fn what_lacks_its_dates_is_rejected() {
        assert!(
            rows_at(
                &TABLE,
                "dv.workflows",
                &place(),
                r#"{"category": 6, "workflowid": "d1", "name": "A"}"#
            )
            .is_empty()
        );
        let bare = r#"{"category": 6, "workflowid": "d1", "createdon": "2026-01-02", "modifiedon": "2026-01-02", "statecode": "on"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), bare),
            [
                "environment_id=e1, desktop_flow_id=d1, created_at=2026-01-02T00:00:00Z, modified_at=2026-01-02T00:00:00Z"
            ]
        );
    }
}
