//! `asset_connectors`: one row per asset and connector.

use crate::table::{Column, Reading, Sample, Scope, Table};

/// Which asset uses what.
pub(crate) static TABLE: Table = Table {
    name: "asset_connectors",
    grain: "one row per asset and connector",
    about: "which asset uses what",
    scope: Scope::Environment,
    key: &["environment_id", "asset_kind", "asset_id", "connector_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("asset_kind").required().about("app, flow, agent"),
        Column::text("asset_id").required().business(),
        Column::text("connector_id").required().about("last segment, lower-case; the built-in HTTP action is not a connector; `shared_commondataserviceforapps` = Dataverse; databaseReferences of a canvas app add it too"),
        Column::text("binding").about("reference, embedded; null when the source does not tell"),
        Column::bool("writes").about("create/update/delete/send operation found; null without a definition"),
    ],
    readings: &[],
    complete: &[],
    sample: Sample::Seen,
};
