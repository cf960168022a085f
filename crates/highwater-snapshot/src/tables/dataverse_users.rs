//! `dataverse_users`: one row per enabled user or application user.
//!
//! Dataverse table `systemuser`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/systemuser>). The map from the
//! ids that Dataverse writes into owners, creators and modifiers to directory ids. Names and addresses are not kept.
//!
//! SYSTEM and its kind have no directory object: their `principal_id` is `''`, so that what they own has no maker.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell, plain};

/// Maps Dataverse ids to directory ids; who is an application.
pub(crate) static TABLE: Table = Table {
    name: "dataverse_users",
    grain: "one row per enabled user or application user",
    about: "maps Dataverse ids to directory ids; who is an application",
    scope: Scope::Dataverse,
    key: &["environment_id", "user_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("user_id").required().business(),
        Column::text("principal_id").personal(),
        Column::bool("is_application").about("non-null = application user"),
        Column::bool("is_disabled"),
    ],
    readings: &[Reading { source: "dv.users", read: dataverse }],
    complete: &[&["dv.users"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let is_application = is_application(record);
    let principal = record.at("azureactivedirectoryobjectid").id_or_none();
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("user_id", record.at("systemuserid").id()),
        if is_application == Some(true) {
            plain("principal_id", principal)
        } else {
            cell("principal_id", principal)
        },
        cell("is_application", is_application),
        cell("is_disabled", record.at("isdisabled").flag()),
    ]);
}

/// Whether a Dataverse user is an application.
pub(crate) fn is_application(record: &Record<'_>) -> Option<bool> {
    record.at("applicationid").id_or_none().map(|application| !application.is_empty())
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
    fn tells_people_applications_and_the_platform_apart() {
        let person = r#"{"systemuserid": "U1", "azureactivedirectoryobjectid": "A1", "applicationid": null, "isdisabled": false}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.users", &place(), person),
            [
                "environment_id=e1, user_id=u1, principal_id=a1, is_application=false, is_disabled=false"
            ]
        );
        let application = r#"{"systemuserid": "u2", "azureactivedirectoryobjectid": "a2", "applicationid": "App"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.users", &place(), application),
            ["environment_id=e1, user_id=u2, principal_id=a2, is_application=true"]
        );
        let system = r#"{"systemuserid": "u3", "azureactivedirectoryobjectid": null, "isdisabled": "maybe"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.users", &place(), system),
            ["environment_id=e1, user_id=u3, principal_id="]
        );
    }
}
