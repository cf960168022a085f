//! `security_roles`: one row per root role.
//!
//! Dataverse table `role` (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/role>).
//! Every business unit has a copy of a role; copies collapse to the root. The class of the platform's own roles is
//! known by name; the organisation classifies others in the lists `role_admin`, `role_maker` and `role_reader` (a
//! derivation, by name or id).

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Duty classes.
pub(crate) static TABLE: Table = Table {
    name: "security_roles",
    grain: "one row per root role",
    about: "duty classes",
    scope: Scope::Dataverse,
    key: &["environment_id", "role_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("role_id").required().business().about("child business unit copies collapse to the root"),
        Column::text("name").business(),
        Column::bool("is_custom").about("false = custom"),
        Column::text("class").derived().about("null where neither the name nor the configuration tells; admin (System Administrator, System Customizer), maker (Environment Maker, ...), reader (read-only, auditor, support), basic"),
    ],
    readings: &[
        Reading { source: "dv.roles", read: dataverse },
    ],
    complete: &[&["dv.roles"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let name = record.at("name").filled();
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell(
            "role_id",
            record.at("_parentrootroleid_value").id().or_else(|| record.at("roleid").id()),
        ),
        cell("class", name.as_deref().and_then(class)),
        cell("name", name),
        cell("is_custom", record.at("ismanaged").flag().map(|managed| !managed)),
    ]);
}

/// The duty class of one of the platform's own roles.
pub(crate) fn class(name: &str) -> Option<&'static str> {
    match name.trim().to_lowercase().as_str() {
        "system administrator" | "system customizer" | "environment admin" => Some("admin"),
        "environment maker" | "bot author" | "bot contributor" => Some("maker"),
        "support user" | "service reader" | "global reader" => Some("reader"),
        "basic user" | "app opener" | "common data service user" | "delegate" => Some("basic"),
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
    fn copies_collapse_to_the_root() {
        let copy = r#"{"roleid": "R2", "_parentrootroleid_value": "R1", "name": "System Administrator", "ismanaged": true}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.roles", &place(), copy),
            [
                "environment_id=e1, role_id=r1, name=System Administrator, is_custom=false, class=admin"
            ]
        );
        let custom = r#"{"roleid": "R3", "name": "Contoso Clerk", "ismanaged": "?"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.roles", &place(), custom),
            ["environment_id=e1, role_id=r3, name=Contoso Clerk"]
        );
    }
}
