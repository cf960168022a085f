//! `desktop_flow_definitions`: one row per desktop flow whose script was readable.

use crate::table::{Column, Reading, Sample, Scope, Table};

/// RPA design quality.
pub(crate) static TABLE: Table = Table {
    name: "desktop_flow_definitions",
    grain: "one row per desktop flow whose script was readable",
    about: "RPA design quality",
    scope: Scope::Dataverse,
    key: &["environment_id", "desktop_flow_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("desktop_flow_id").required().business(),
        Column::int("action_count").required(),
        Column::int("subflow_count").required(),
        Column::int("child_flow_calls").required(),
        Column::int("custom_action_count").required(),
        Column::int("on_error_count").required().about("syntax UNVERIFIED"),
        Column::int("on_block_error_count")
            .required()
            .about("selector FlowControl.Block is in the kit's action list"),
        Column::int("secret_like_inputs").required(),
        Column::int("sensitive_inputs").required(),
        Column::int("secret_suspects").required().about("count only"),
        Column::int("ui_api_targets").about("UNVERIFIED: needs the UI element repository"),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Seen,
};
