//! Automation kit: tables of the Automation Kit of Power Automate.
//!
//! Its satellites copy desktop-flow scripts, sessions and machines of their environments, and its main
//! environment keeps the projects with what they should save
//! (<https://learn.microsoft.com/power-automate/guidance/automation-kit/overview/introduction>). Everything is
//! a copy of what its flows met, so a list proves nothing about what is not in it. Scripts are turned into
//! counters and dropped like those of Dataverse.

use highwater_snapshot::Json;

use crate::kinds::{Class, Whole};
use crate::odata::Context;
use crate::shapes::{Shape, Take, always, field, taken};

const COPIED: Whole = Whole::Never("the kit copies what its flows met, not everything");

/// What a row of one of the kit's tables is; none where it is of no such table.
pub(crate) fn classify(row: Json<'_>) -> Option<Class> {
    if let Some(shape) = SHAPES.iter().find(|shape| shape.knows(row)) {
        return Some(shape.class(Some(row)));
    }
    if row.key("autocoe_dlpsupport").is_present() {
        return Some(Class::unused("the list of actions of desktop flows in the Automation Kit"));
    }
    row.entries()
        .any(|(key, _)| key.starts_with("autocoe_") || key.starts_with("_autocoe_"))
        .then(|| Class::unused("another table of the Automation Kit"))
}

/// The class of a set of the kit.
pub(crate) fn of_set(context: &Context, row: Option<Json<'_>>) -> Option<Class> {
    let shape = SHAPES.iter().find(|shape| shape.sets.contains(&context.set.as_str()))?;
    Some(shape.class(row))
}

/// Ways of running as numbers of Dataverse.
const MODES: &[(i64, &str, &str)] =
    &[(-1, "unattended", "2"), (-1, "attended", "1"), (-1, "local", "0")];

/// Ends of sessions as numbers of Dataverse.
const ENDS: &[(i64, &str, &str)] = &[
    (-1, "succe", "4"),
    (-1, "failed", "8"),
    (-1, "cancel", "7"),
    (-1, "running", "2"),
    (-1, "skipped", "5"),
    (-1, "timedout", "10"),
];

pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        source: "kit.desktop_definitions",
        sets: &["autocoe_desktopflowdefinitions"],
        known_by: &[&["autocoe_script", "autocoe_originalrecordid"]],
        lacks: &[],
        gone: &[],
        fields: &[
            always("category", "6"),
            always("type", "1"),
            field("workflowid", "autocoe_originalrecordid"),
            field("definition", "autocoe_script"),
            field("environmentid", "autocoe_environmentid"),
        ],
        keep: &["modifiedon"],
        whole: COPIED,
    },
    Shape {
        source: "kit.sessions",
        sets: &["autocoe_flowsessiontraces"],
        known_by: &[&["autocoe_flowid", "autocoe_startedon", "autocoe_runmode"]],
        lacks: &[],
        gone: &[],
        fields: &[
            field("flowsessionid", "autocoe_flowsessionid"),
            field("flowsessionid", "autocoe_flowsessiontraceid"),
            field("_regardingobjectid_value", "autocoe_flowid"),
            field("startedon", "autocoe_startedon"),
            field("completedon", "autocoe_completedon"),
            taken("statuscode", "autocoe_overallstatus", Take::Choice(ENDS)),
            taken("runmode", "autocoe_runmode", Take::Choice(MODES)),
            field("environmentid", "autocoe_environmentid"),
        ],
        keep: &[],
        whole: COPIED,
    },
    Shape {
        source: "kit.machines",
        sets: &["autocoe_machines"],
        known_by: &[&["autocoe_agentversion", "autocoe_machinestatus"]],
        lacks: &[],
        gone: &["autocoe_machinedeletedon"],
        fields: &[
            field("flowmachineid", "autocoe_machineid"),
            field("name", "autocoe_displayname"),
            field("name", "autocoe_name"),
            field("hostingtype", "autocoe_hostingtype"),
            field("agentversion", "autocoe_agentversion"),
            field("createdon", "autocoe_machinecreatedon"),
            field("statuscode", "autocoe_machinestatus"),
            field("environmentid", "autocoe_environmentid"),
        ],
        keep: &[],
        whole: COPIED,
    },
    Shape {
        source: "kit.projects",
        sets: &["autocoe_automationprojects"],
        known_by: &[
            &["autocoe_automationprojectid", "autocoe_automationprojectstatus"],
            &["autocoe_automationprojectid", "autocoe_roisavingpotential"],
        ],
        lacks: &[],
        gone: &[],
        fields: &[
            field("id", "autocoe_automationprojectid"),
            field("savings", "autocoe_roisavingpotential"),
            field("status", "autocoe_automationprojectstatus"),
            field("approvedOn", "autocoe_approvedon"),
            field("modifiedOn", "modifiedon"),
        ],
        keep: &[],
        whole: COPIED,
    },
];

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;
    use crate::kinds;
    use crate::lookups::Lookups;

    #[test]
    fn a_session_speaks_the_numbers_of_dataverse() {
        let text = r#"{"autocoe_flowsessiontraceid": "s1", "autocoe_flowid": "d1", "autocoe_startedon": "2026-11-01T10:00:00Z",
            "autocoe_runmode": "Unattended", "autocoe_overallstatus": "Succeeded", "autocoe_environmentid": "e1"}"#;
        let row: Value<'_> = serde_json::from_str(text).unwrap();
        let shape = SHAPES.iter().find(|shape| shape.knows(Json::new(&row))).unwrap();
        let lookups = Lookups::default();
        let record = shape.record(Json::new(&row), &lookups);
        let told = |key: &str| Json::new(&record).key(key).int();
        assert_eq!((told("statuscode"), told("runmode")), (Some(4), Some(2)));
    }

    #[test]
    fn reference_lists_feed_no_table() {
        let row: Value<'_> =
            serde_json::from_str(r#"{"autocoe_actionname": "x", "autocoe_dlpsupport": "true"}"#)
                .unwrap();
        assert!(classify(Json::new(&row)).unwrap().unused.is_some());
        for shape in SHAPES {
            assert!(kinds::source(shape.source).is_some(), "{}", shape.source);
        }
    }
}
