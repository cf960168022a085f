//! `teams`: one row per team.
//!
//! Dataverse table `team` (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/team>). The
//! roles of a team are read into `role_assignments`. No recorded payload was at hand.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// Group-based access.
pub(crate) static TABLE: Table = Table {
    name: "teams",
    grain: "one row per team",
    about: "group-based access",
    scope: Scope::Dataverse,
    key: &["environment_id", "team_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("team_id").required().business(),
        Column::text("display_name").business(),
        Column::text("kind").about("owner 0, access 1, entra_security 2, entra_office 3"),
        Column::text("entra_group_id").business(),
    ],
    readings: &[Reading { source: "dv.teams", read: dataverse }],
    complete: &[&["dv.teams"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("team_id", record.at("teamid").id()),
        cell("display_name", record.at("name").filled()),
        cell("kind", kind(record)),
        cell("entra_group_id", record.at("azureactivedirectoryobjectid").id_or_none()),
    ]);
}

/// Who a team is: people of its own, or a group of the directory.
pub(crate) fn kind(record: &Record<'_>) -> Option<&'static str> {
    match record.at("teamtype").int()? {
        0 => Some("owner"),
        1 => Some("access"),
        2 => Some("entra_security"),
        3 => Some("entra_office"),
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
    fn a_team_of_its_own_has_no_group() {
        let group = r#"{"teamid": "T1", "name": "Makers", "teamtype": 2, "azureactivedirectoryobjectid": "G1"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.teams", &place(), group),
            [
                "environment_id=e1, team_id=t1, display_name=Makers, kind=entra_security, entra_group_id=g1"
            ]
        );
        let own = r#"{"teamid": "t1", "teamtype": 0, "azureactivedirectoryobjectid": null}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.teams", &place(), own),
            ["environment_id=e1, team_id=t1, kind=owner, entra_group_id="]
        );
        assert_eq!(
            rows_at(&TABLE, "dv.teams", &place(), r#"{"teamid": "t1", "teamtype": []}"#),
            ["environment_id=e1, team_id=t1"]
        );
    }
}
