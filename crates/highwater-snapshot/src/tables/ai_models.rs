//! `ai_models`: one row per custom AI model or prompt.
//!
//! Dataverse table `msdyn_aimodel`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/msdyn_aimodel>); Microsoft's own
//! models cannot be customised and are not asked for. Context only: use shows in `flow_definitions.ai_action_count`.
//! When a model was last used would need `msdyn_aievent` (UNVERIFIED) and is not read.

use super::machines::label;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// AI in automation.
pub(crate) static TABLE: Table = Table {
    name: "ai_models",
    grain: "one row per custom AI model or prompt",
    about: "AI in automation",
    scope: Scope::Dataverse,
    key: &["environment_id", "model_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("model_id").required().business(),
        Column::text("display_name").business(),
        Column::text("status"),
        Column::bool("is_active").about("non-null = a trained run is active"),
        Column::time("last_used_at").business(),
        Column::bool("in_custom_solution").derived(),
    ],
    readings: &[Reading { source: "dv.ai_models", read: dataverse }],
    complete: &[&["dv.ai_models"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("model_id", record.at("msdyn_aimodelid").id()),
        cell("display_name", record.at("msdyn_name").filled()),
        cell("status", label(record, "statuscode")),
        cell(
            "is_active",
            record
                .at("_msdyn_activerunconfigurationid_value")
                .id_or_none()
                .map(|run| !run.is_empty()),
        ),
    ]);
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
    fn a_model_without_a_trained_run_is_not_active() {
        let model = r#"{"msdyn_aimodelid": "M1", "msdyn_name": "Receipts", "statuscode": 0, "_msdyn_activerunconfigurationid_value": null}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.ai_models", &place(), model),
            ["environment_id=e1, model_id=m1, display_name=Receipts, status=0, is_active=false"]
        );
        assert_eq!(
            rows_at(
                &TABLE,
                "dv.ai_models",
                &place(),
                r#"{"msdyn_aimodelid": "m1", "msdyn_name": []}"#
            ),
            ["environment_id=e1, model_id=m1"]
        );
    }
}
