//! `solutions`: one row per visible solution and environment.
//!
//! Dataverse table `solution` with its publisher
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/solution>). An unmanaged solution
//! is custom whoever its publisher is, except the three that every environment has; a managed one is custom when its
//! publisher is not Microsoft's. A managed solution without a publisher cannot be judged: it is rejected and counted.
//!
//! The Git columns are derivations over `git_connections`, `is_kit` over the configured lists of kits. That the last
//! modifier of a managed solution is its importer is UNVERIFIED.

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Record, Rows, cell};

/// ALM unit.
pub(crate) static TABLE: Table = Table {
    name: "solutions",
    grain: "one row per visible solution and environment",
    about: "ALM unit",
    scope: Scope::Dataverse,
    key: &["environment_id", "solution_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("solution_id")
            .required()
            .business()
            .about("differs per environment for unmanaged ones"),
        Column::text("unique_name")
            .required()
            .business()
            .about("lower-case: the id across environments"),
        Column::text("display_name").business(),
        Column::text("version"),
        Column::bool("is_managed").required().about("one sample lacks it when not selected"),
        Column::text("publisher").business(),
        Column::bool("is_custom")
            .required()
            .business()
            .about("decides every `custom solution` population"),
        Column::bool("is_kit")
            .business()
            .derived()
            .about("kits are custom by publisher but no product of the organisation"),
        Column::time("installed_at").required().business(),
        Column::time("modified_at").business(),
        Column::text("modified_by")
            .personal()
            .dataverse_user()
            .about("importer of a managed solution"),
        Column::bool("modified_by_app").application_of("modified_by"),
        Column::bool("git_connected").derived().about("false only where both sets were readable"),
        Column::time("git_synced_at").business().derived(),
        Column::text("git_repo").business().derived().about("joins source_control_repos.repo_id"),
    ],
    readings: &[Reading { source: "dv.solutions", read: dataverse }],
    complete: &[&["dv.solutions"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if record.at("isvisible").flag() == Some(false) {
        return; // parts of the platform that no one installs by hand
    }
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("solution_id", record.at("solutionid").id()),
        cell("unique_name", record.at("uniquename").id()),
        cell("display_name", record.at("friendlyname").filled()),
        cell("version", record.at("version").filled()),
        cell("is_managed", record.at("ismanaged").flag()),
        cell("publisher", record.at("publisherid.uniquename").id()),
        cell("is_custom", is_custom(record)),
        cell("installed_at", record.at("installedon").time()),
        cell("modified_at", record.at("modifiedon").time()),
        cell("modified_by", record.at("_modifiedby_value").id()),
    ]);
}

/// Whether a table or column prefix is one of Microsoft's.
pub(crate) fn is_first_party_prefix(prefix: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "adx",
        "aib",
        "bot",
        "fax",
        "flow",
        "mscrm",
        "msdyn",
        "msdynce",
        "msdynmkt",
        "msdyusd",
        "mserp",
        "msfp",
        "msft",
        "mspp",
        "powerbi",
        "powerpage",
    ];
    PREFIXES.contains(&prefix.to_ascii_lowercase().as_str())
}

fn is_custom(record: &Record<'_>) -> Option<bool> {
    /// Default, Active and Basic, and the Common Data Services default solution: the same everywhere.
    const EVERYWHERE: &[&str] = &[
        "fd140aad-4df4-11dd-bd17-0019b9312238",
        "fd140aae-4df4-11dd-bd17-0019b9312238",
        "fd140aaf-4df4-11dd-bd17-0019b9312238",
        "00000001-0000-0000-0001-00000000009b",
    ];
    let id = record.at("solutionid").id();
    let name = record.at("uniquename").word();
    if id.is_some_and(|id| EVERYWHERE.contains(&id.as_ref()))
        || matches!(name.as_deref(), Some("default" | "active" | "basic"))
    {
        return Some(false);
    }
    if record.at("ismanaged").flag()? {
        is_first_party(record).map(|first_party| !first_party)
    } else {
        Some(true)
    }
}

fn is_first_party(record: &Record<'_>) -> Option<bool> {
    const NAMES: &[&str] = &[
        "adxstudio",
        "cdsdefaultpublisher",
        "commondataservice",
        "dataverse",
        "dynamics365",
        "dynamics 365",
        "powerapps",
        "powerautomate",
        "powerplatform",
        "systempublisher",
    ];
    let names =
        ["publisherid.uniquename", "publisherid.friendlyname"].map(|path| record.at(path).word());
    let prefix = record.at("publisherid.customizationprefix").word();
    if names.iter().all(Option::is_none) && prefix.is_none() {
        return None;
    }
    let by_name = names
        .iter()
        .flatten()
        .any(|name| name.starts_with("microsoft") || NAMES.contains(&name.as_ref()));
    Some(by_name || prefix.is_some_and(|prefix| is_first_party_prefix(&prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::rows_at;

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    fn solution(rest: &str) -> Vec<String> {
        let text = format!(
            r#"{{"solutionid": "S1", "uniquename": "Contoso_Core", "installedon": "2026-01-02T00:00:00Z", {rest}}}"#
        );
        rows_at(&TABLE, "dv.solutions", &place(), &text)
    }

    #[test]
    fn the_publisher_decides_of_managed_solutions() {
        assert_eq!(
            solution(
                r#""friendlyname": "Core", "version": "1.2.0.4", "ismanaged": true, "modifiedon": "2026-01-03T00:00:00Z",
                   "_modifiedby_value": "U1", "publisherid": {"uniquename": "Contoso", "customizationprefix": "cts"}"#
            ),
            [
                "environment_id=e1, solution_id=s1, unique_name=contoso_core, display_name=Core, version=1.2.0.4, is_managed=true, \
              publisher=contoso, is_custom=true, installed_at=2026-01-02T00:00:00Z, modified_at=2026-01-03T00:00:00Z, modified_by=u1"
            ]
        );
        for publisher in [
            r#"{"uniquename": "MicrosoftDynamics"}"#,
            r#"{"friendlyname": "Dynamics 365"}"#,
            r#"{"uniquename": "x", "customizationprefix": "msdyn"}"#,
        ] {
            assert!(
                solution(&format!(r#""ismanaged": true, "publisherid": {publisher}"#))[0]
                    .contains("is_custom=false"),
                "{publisher}"
            );
        }
    }

    #[test]
    fn what_every_environment_has_is_not_custom() {
        let default = r#"{"solutionid": "FD140AAF-4DF4-11DD-BD17-0019B9312238", "uniquename": "Default", "ismanaged": false, "installedon": "2026-01-02T00:00:00Z"}"#;
        assert!(rows_at(&TABLE, "dv.solutions", &place(), default)[0].contains("is_custom=false"));
        assert!(solution(r#""ismanaged": false"#)[0].contains("is_custom=true"));
    }

    #[test]
    fn what_cannot_be_judged_is_rejected() {
        assert!(solution(r#""ismanaged": true"#).is_empty());
        assert!(solution(r#""publisherid": {"uniquename": "contoso"}"#).is_empty());
        assert!(solution(r#""ismanaged": false, "isvisible": false"#).is_empty());
    }
}
