//! `git_connections`: one row per solution, or whole environment, that is connected to Git.
//!
//! Dataverse tables `sourcecontrolbranchconfiguration` and `sourcecontrolconfiguration`, read as one: branches with
//! their configuration expanded (`$expand=sourcecontrolconfigurationid`)
//! (<https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/sourcecontrolbranchconfiguration>).
//! The partition of a branch is its solution, or all zeros for the whole environment. No recorded payload was at hand.
//!
//! Feeds the Git columns of `solutions`. A configuration without a branch connects nothing and is no row.

use std::borrow::Cow;

use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// What is under source control through Dataverse itself.
pub(crate) static TABLE: Table = Table {
    name: "git_connections",
    grain: "one row per solution, or whole environment, that is connected to Git",
    about: "what is under source control through Dataverse itself",
    scope: Scope::Dataverse,
    key: &["environment_id", "solution_id", "repo_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("solution_id").required().business().about("'' = the whole environment"),
        Column::text("repo_id")
            .required()
            .business()
            .about("as source_control_repos.repo_id; '' when not told"),
        Column::time("synced_at").business().about("newest synchronisation of a branch"),
    ],
    readings: &[Reading { source: "dv.git", read: dataverse }],
    complete: &[&["dv.git"]],
    sample: Sample::Unseen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    let is_branch = record.at("sourcecontrolbranchconfigurationid").is_told();
    if !is_branch || record.at("statuscode").int() == Some(INACTIVE) {
        return; // a configuration, which connects nothing by itself; or a branch that was disconnected
    }
    rows.push([
        cell("environment_id", record.environment("environmentid")),
        cell("solution_id", record.at("partitionid").id_or_none()),
        cell("repo_id", repo(record.at("sourcecontrolconfigurationid"))),
        cell("synced_at", record.at("branchsyncedtime").time()),
    ]);
}

/// `statuscode` of a branch that was disconnected; 0 is an active one
/// (<https://github.com/microsoft/terraform-provider-power-platform>, `git_integration`).
const INACTIVE: i64 = 1;
/// `gitprovider` of GitHub; the other is Azure DevOps.
const GITHUB: i64 = 1;

fn repo(configuration: Json<'_>) -> String {
    let part = |name: &str| configuration.at(name).id().map(Cow::into_owned);
    let is_github = configuration.at("gitprovider").int() == Some(GITHUB);
    match (part("organizationname"), part("projectname"), part("repositoryname")) {
        (Some(owner), _, Some(name)) if is_github => format!("github.com/{owner}/{name}"),
        (Some(organisation), Some(project), Some(name)) => {
            format!("dev.azure.com/{organisation}/{project}/{name}")
        }
        _ => String::new(),
    }
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

    #[test]
    fn a_branch_connects_a_solution_or_the_environment() {
        let branch = r#"{"sourcecontrolbranchconfigurationid": "b1", "partitionid": "S1", "branchsyncedtime": "2026-11-01T00:00:00Z",
            "sourcecontrolconfigurationid": {"organizationname": "Contoso", "projectname": "Core", "repositoryname": "Apps", "gitprovider": 0}}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.git", &place(), branch),
            [
                "environment_id=e1, solution_id=s1, repo_id=dev.azure.com/contoso/core/apps, synced_at=2026-11-01T00:00:00Z"
            ]
        );
        let whole = r#"{"sourcecontrolbranchconfigurationid": "b1", "partitionid": "00000000-0000-0000-0000-000000000000"}"#;
        assert_eq!(
            rows_at(&TABLE, "dv.git", &place(), whole),
            ["environment_id=e1, solution_id=, repo_id="]
        );
    }

    #[test]
    fn a_configuration_or_a_dead_branch_connects_nothing() {
        let configuration =
            r#"{"sourcecontrolconfigurationid": "c1", "organizationname": "contoso"}"#;
        assert!(rows_at(&TABLE, "dv.git", &place(), configuration).is_empty());
        let dead =
            r#"{"sourcecontrolbranchconfigurationid": "b1", "partitionid": "s1", "statuscode": 1}"#;
        assert!(rows_at(&TABLE, "dv.git", &place(), dead).is_empty());
        let untold = r#"{"sourcecontrolbranchconfigurationid": "b1"}"#;
        assert!(rows_at(&TABLE, "dv.git", &place(), untold).is_empty());
    }

    #[test]
    fn solutions_are_connected_by_themselves_or_with_their_environment() {
        let solutions = polars::df!("environment_id" => ["e1", "e1", "e2", "e3", "e4"], "solution_id" => ["s1", "s2", "s3", "s4", "s5"]);
        let branches = polars::df!(
            "environment_id" => ["e1", "e2"], "solution_id" => ["s1", ""], "repo_id" => ["github.com/contoso/apps", ""],
        );
        let seen = polars::df!("environment_id" => ["e1", "e2", "e3"], "git_connections" => [true, true, true]);
        let frames = derived(vec![
            ("solutions", solutions.unwrap()),
            ("git_connections", branches.unwrap()),
            ("env_seen", seen.unwrap()),
        ]);
        let connected: Vec<Option<bool>> =
            frames["solutions"].column("git_connected").unwrap().bool().unwrap().iter().collect();
        assert_eq!(connected, [Some(true), Some(false), Some(true), Some(false), None]);
        let repos: Vec<Option<&str>> =
            frames["solutions"].column("git_repo").unwrap().str().unwrap().iter().collect();
        assert_eq!(repos, [Some("github.com/contoso/apps"), None, None, None, None]);
    }
}
