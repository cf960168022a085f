//! `app_table_uses`: one row per app and Dataverse table.
//!
//! The components an app requires (`RetrieveRequiredComponents`): dependency reading, one request an app, off by default.
//! No payload was at hand, so several names are tried; components that are not tables are left out. A dependency names a
//! table by its id: the collector adds the logical name it resolved.

use super::solution_components::is_standard_table;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Data model reuse; dependency reading, opt-in.
pub(crate) static TABLE: Table = Table {
    name: "app_table_uses",
    grain: "one row per app and Dataverse table",
    about: "data model reuse; dependency reading, opt-in",
    scope: Scope::Dataverse,
    key: &["environment_id", "app_id", "table_name"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("app_id").required().business(),
        Column::text("table_name").required().business(),
        Column::bool("is_standard"),
    ],
    readings: &[Reading { source: "dv.app_dependencies", read: dataverse }],
    complete: &[&["dv.app_dependencies"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if record.at("requiredcomponenttype").int().is_some_and(|kind| kind != TABLE_COMPONENT) {
        return; // a column, form, view or web resource
    }
    let names = ["requiredcomponentlogicalname", "logicalname", "table_name"];
    let name = names.iter().find_map(|path| record.at(path).id());
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("app_id", record.parent().or_else(|| record.at("dependentcomponentobjectid").id())),
        cell("is_standard", name.as_deref().map(is_standard_table)),
        cell("table_name", name),
    ]);
}

/// Component type of tables.
const TABLE_COMPONENT: i64 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    #[test]
    fn keeps_tables_only() {
        let place =
            Place { environment: Some("e1".into()), parent: Some("a1".into()), ..Place::default() };
        let table = r#"{"requiredcomponenttype": 1, "logicalname": "cts_Order"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.app_dependencies", &place, table),
            ["environment_id=e1, app_id=a1, table_name=cts_order, is_standard=false"]
        );
        assert!(
            rows_at(
                &TABLE,
                "dv.app_dependencies",
                &place,
                r#"{"requiredcomponenttype": 61, "logicalname": "x"}"#
            )
            .is_empty()
        );
        assert!(
            rows_at(&TABLE, "dv.app_dependencies", &place, r#"{"requiredcomponenttype": 1}"#)
                .is_empty()
        );
    }
}
