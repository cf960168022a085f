//! `solution_components`: one row per component of a custom solution.
//!
//! Dataverse table `solutioncomponent`, or the summaries `msdyn_solutioncomponentsummary` that also tell the name
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/solutioncomponent>). No recorded
//! payload was at hand.
//!
//! Numbers of component types from 10000 on differ by organisation: there the logical name decides. A process (29) is
//! told apart by its category, else by the flow tables (a derivation); a form (60) is a dashboard by its subtype.
//! That a canvas app's component id is its app id, and the subtypes, are UNVERIFIED.

use super::solutions::is_first_party_prefix;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Membership, authorship, reuse.
pub(crate) static TABLE: Table = Table {
    name: "solution_components",
    grain: "one row per component of a custom solution",
    about: "membership, authorship, reuse",
    scope: Scope::Dataverse,
    key: &["environment_id", "solution_id", "component_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("solution_id").required().business(),
        Column::text("component_id").required().business(),
        Column::int("component_type").about("1 table, 20 role, 29 process, 60 form or dashboard, 61 web resource, 80 model app, 91 plug-in assembly, 92 step, 300 canvas app, 371/372 connector, 380 environment variable; 66 PCF control; connection references and custom APIs have per-organisation numbers"),
        Column::text("kind").derived().about("cloud_flow, desktop_flow, classic_process, app, canvas_app, table, dashboard, chart, web_resource, plugin, pcf, custom_api, connector, ai_model, component_library, environment_variable, connection_reference, code_app, bot, other"),
        Column::text("name").business(),
        Column::text("created_by").personal().dataverse_user(),
        Column::text("modified_by").personal().dataverse_user().about("the row of the membership, not of the component: authorship prefers the component's own modifiedby where the table is read"),
        Column::time("modified_at").business(),
        Column::bool("is_standard_table").about("null for other kinds"),
        Column::int("consumer_count").derived().about("distinct flows that call a cloud flow; null for other kinds and until definitions were read"),
    ],
    readings: &[
        Reading { source: "dv.solution_components", read: dataverse },
        Reading { source: "solution_package", read: package },
    ],
    complete: &[&["dv.solution_components"]],
    sample: Sample::Unseen,
};

/// A root component of a solution package, in the words of a summary; its workflows are other tables'. A package does
/// not tell the id that its solution has anywhere: the unique name stands for it.
fn package(record: &Record<'_>, rows: &mut Rows) {
    if record.at("msdyn_objectid").is_told() {
        dataverse(record, rows);
    }
}

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let number = first(record, &["componenttype", "msdyn_componenttype"]).int();
    let logical = record.at("msdyn_componentlogicalname").word();
    let kind = kind(record, number, logical.as_deref());
    let name = record.at("msdyn_name").filled();
    let solution =
        first(record, &["_solutionid_value", "solutionid.solutionid", "msdyn_solutionid"]).id();
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("solution_id", solution.or_else(|| record.parent())),
        cell("component_id", first(record, &["objectid", "msdyn_objectid"]).id()),
        cell("component_type", number),
        cell("kind", kind),
        cell(
            "is_standard_table",
            name.as_deref().filter(|_| kind == Some("table")).map(is_standard_table),
        ),
        cell("name", name),
        cell("created_by", record.at("_createdby_value").id()),
        cell("modified_by", record.at("_modifiedby_value").id()),
        cell("modified_at", first(record, &["modifiedon", "msdyn_modifiedon"]).time()),
    ]);
}

/// Whether a table is the platform's own: its logical name has no prefix, or one of Microsoft's.
pub(crate) fn is_standard_table(logical_name: &str) -> bool {
    logical_name.split_once('_').is_none_or(|(prefix, _)| is_first_party_prefix(prefix))
}

fn first<'v>(record: &Record<'v>, paths: &[&str]) -> Json<'v> {
    paths.iter().map(|path| record.at(path)).find(|json| json.is_told()).unwrap_or(Json::NULL)
}

fn kind(record: &Record<'_>, number: Option<i64>, logical: Option<&str>) -> Option<&'static str> {
    let by_number = number.filter(|number| *number < 10_000);
    match (by_number, logical) {
        (Some(29), _) | (None, Some("workflow")) => process(record),
        (Some(60), _) | (None, Some("systemform")) => form(record),
        (Some(number), _) => Some(kind_of_number(number)),
        (None, Some(name)) => Some(kind_of_name(name)),
        (None, None) => None,
    }
}

fn kind_of_number(number: i64) -> &'static str {
    match number {
        1 => "table",
        59 => "chart",
        61 => "web_resource",
        66 => "pcf",
        80 => "app",
        91 | 92 => "plugin",
        300 => "canvas_app",
        371 | 372 => "connector",
        380 => "environment_variable",
        401 => "ai_model",
        _ => "other",
    }
}

fn kind_of_name(logical: &str) -> &'static str {
    match logical {
        "entity" => "table",
        "savedqueryvisualization" => "chart",
        "webresource" => "web_resource",
        "customcontrol" => "pcf",
        "appmodule" => "app",
        "pluginassembly" | "pluginpackage" | "sdkmessageprocessingstep" => "plugin",
        "customapi" => "custom_api",
        "canvasapp" => "canvas_app",
        "codeapp" => "code_app",
        "componentlibrary" => "component_library",
        "connector" => "connector",
        "connectionreference" => "connection_reference",
        "environmentvariabledefinition" => "environment_variable",
        "msdyn_aimodel" => "ai_model",
        "bot" => "bot",
        _ => "other",
    }
}

/// Not told by the membership alone: the flow tables know.
fn process(record: &Record<'_>) -> Option<&'static str> {
    match record.at("msdyn_workflowcategory").int()? {
        5 => Some("cloud_flow"),
        6 => Some("desktop_flow"),
        _ => Some("classic_process"),
    }
}

/// Form types 0 and 10 are dashboards.
fn form(record: &Record<'_>) -> Option<&'static str> {
    let subtype = record.at("msdyn_subtype").int()?;
    Some(if matches!(subtype, 0 | 10) { "dashboard" } else { "other" })
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

    fn component(text: &str) -> Vec<String> {
        rows_at(&TABLE, "dv.solution_components", &place(), text)
    }

    #[test]
    fn reads_memberships_and_summaries() {
        let membership = r#"{"_solutionid_value": "S1", "objectid": "C1", "componenttype": 300, "_createdby_value": "U1",
            "_modifiedby_value": "U2", "modifiedon": "2026-01-03T00:00:00Z"}"#;
        assert_eq!(
            component(membership),
            [
                "environment_id=e1, solution_id=s1, component_id=c1, component_type=300, kind=canvas_app, created_by=u1, modified_by=u2, \
              modified_at=2026-01-03T00:00:00Z"
            ]
        );
        let summary = r#"{"msdyn_solutionid": "S1", "msdyn_objectid": "{C1}", "msdyn_componenttype": 1,
            "msdyn_componentlogicalname": "entity", "msdyn_name": "cts_order"}"#;
        assert_eq!(
            component(summary),
            [
                "environment_id=e1, solution_id=s1, component_id=c1, component_type=1, kind=table, name=cts_order, is_standard_table=false"
            ]
        );
    }

    #[test]
    fn numbers_of_the_organisation_are_named_by_the_logical_name() {
        let custom_api = r#"{"msdyn_solutionid": "s1", "msdyn_objectid": "c1", "msdyn_componenttype": 10031, "msdyn_componentlogicalname": "customapi"}"#;
        assert!(component(custom_api)[0].contains("kind=custom_api"));
        let unnamed = r#"{"_solutionid_value": "s1", "objectid": "c1", "componenttype": 10031}"#;
        assert!(!component(unnamed)[0].contains("kind="));
    }

    #[test]
    fn a_process_of_untold_category_has_no_kind() {
        let process = r#"{"_solutionid_value": "s1", "objectid": "c1", "componenttype": 29}"#;
        assert_eq!(
            component(process),
            ["environment_id=e1, solution_id=s1, component_id=c1, component_type=29"]
        );
        let desktop = r#"{"msdyn_solutionid": "s1", "msdyn_objectid": "c1", "msdyn_componenttype": 29, "msdyn_workflowcategory": "6"}"#;
        assert!(component(desktop)[0].contains("kind=desktop_flow"));
    }

    #[test]
    fn standard_tables_have_no_prefix_of_their_own() {
        assert!(is_standard_table("account") && is_standard_table("msdyn_aimodel"));
        assert!(!is_standard_table("cts_order"));
    }

    #[test]
    fn membership_in_a_custom_solution_is_refuted_only_when_all_was_read() {
        let components = polars::df!(
            "environment_id" => ["e1", "e1", "e1"],
            "solution_id" => ["s1", "s1", "s2"],
            "component_id" => ["f1", "f9", "f2"],
            "component_type" => [29i64, 29, 29],
        );
        let solutions = polars::df!(
            "environment_id" => ["e1", "e1"],
            "solution_id" => ["s1", "s2"],
            "is_custom" => [true, false],
            "unique_name" => ["contoso_core", "centerofexcellencecorecomponents"],
        );
        let flows =
            polars::df!("environment_id" => ["e1", "e1", "e2"], "flow_id" => ["f1", "f2", "f3"]);
        let kits =
            polars::df!("kind" => ["kit_core"], "value" => ["centerofexcellencecorecomponents"]);
        let seen = polars::df!("environment_id" => ["e1"], "solutions" => [true], "solution_components" => [true], "cloud_flows" => [true]);
        let frames = derived(vec![
            ("solution_components", components.unwrap()),
            ("solutions", solutions.unwrap()),
            ("cloud_flows", flows.unwrap()),
            ("config_lists", kits.unwrap()),
            ("env_seen", seen.unwrap()),
        ]);
        let held: Vec<Option<bool>> = frames["cloud_flows"]
            .column("in_custom_solution")
            .unwrap()
            .bool()
            .unwrap()
            .iter()
            .collect();
        assert_eq!(held, [Some(true), Some(false), None]);
        let kinds: Vec<Option<&str>> =
            frames["solution_components"].column("kind").unwrap().str().unwrap().iter().collect();
        assert_eq!(kinds, [Some("cloud_flow"), None, Some("cloud_flow")]);
        let kits: Vec<Option<bool>> =
            frames["solutions"].column("is_kit").unwrap().bool().unwrap().iter().collect();
        assert_eq!(kits, [Some(false), Some(true)]);
    }
}
