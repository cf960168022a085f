//! `credentials`: one row per Power Automate credential object.
//!
//! Dataverse table `credential`
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/credential>); names are those of
//! the reference, no recorded payload was at hand. A credential holds no secret itself: it names environment variables.
//! Where the password lives follows from the variable it names (a derivation); lists of credentials and mappings name
//! other credentials and stay unknown.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Machine and connection credentials.
pub(crate) static TABLE: Table = Table {
    name: "credentials",
    grain: "one row per Power Automate credential object",
    about: "machine and connection credentials",
    scope: Scope::Dataverse,
    key: &["environment_id", "credential_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("credential_id")
            .required()
            .business()
            .about("column names as in the reference"),
        Column::text("store")
            .derived()
            .about("key_vault, cyberark, platform; null for lists of credentials"),
        Column::text("vault_id").business().derived(),
        Column::text("secret_variable_id")
            .business()
            .about("environment variable that holds the password or certificate"),
    ],
    readings: &[Reading { source: "dv.credentials", read: dataverse }],
    complete: &[&["dv.credentials"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let connection = record.at("connectiontype").int();
    let by_cyberark = connection == Some(CYBERARK)
        || is_told(record, "_cyberarkobject_value")
        || is_told(record, "_cyberarksafe_value");
    let secret = ["_password_value", "_certificate_value"]
        .map(|path| record.at(path))
        .into_iter()
        .find_map(Json::id);
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("credential_id", record.at("credentialid").id()),
        cell("store", store(by_cyberark, connection)),
        cell("secret_variable_id", secret),
    ]);
}

/// `connectiontype` of credentials that CyberArk keeps.
const CYBERARK: i64 = 4;
/// `connectiontype` of credentials that are those of a connection.
const OF_A_CONNECTION: i64 = 7;

fn store(by_cyberark: bool, connection: Option<i64>) -> Option<&'static str> {
    match connection {
        _ if by_cyberark => Some("cyberark"),
        Some(OF_A_CONNECTION) => Some("platform"),
        _ => None,
    }
}

fn is_told(record: &Record<'_>, column: &str) -> bool {
    record.at(column).id().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    fn credential(rest: &str) -> Vec<String> {
        rows_at(&TABLE, "dv.credentials", &place(), &format!(r#"{{"credentialid": "C1", {rest}}}"#))
    }

    #[test]
    fn names_the_variable_that_holds_the_password() {
        assert_eq!(
            credential(
                r#""connectiontype": 1, "_username_value": "v1", "_password_value": "V2", "_cyberarkobject_value": null"#
            ),
            ["environment_id=e1, credential_id=c1, secret_variable_id=v2"]
        );
        assert_eq!(
            credential(r#""connectiontype": 4, "_cyberarkobject_value": "v3""#),
            ["environment_id=e1, credential_id=c1, store=cyberark"]
        );
        assert_eq!(
            credential(r#""connectiontype": 7"#),
            ["environment_id=e1, credential_id=c1, store=platform"]
        );
    }

    #[test]
    fn what_is_not_told_stays_unknown() {
        assert_eq!(
            credential(r#""connectiontype": "4", "_password_value": {}"#),
            ["environment_id=e1, credential_id=c1, store=cyberark"]
        );
        assert_eq!(credential(r#""connectiontype": 2"#), ["environment_id=e1, credential_id=c1"]);
    }
}
