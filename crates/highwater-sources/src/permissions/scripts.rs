//! Scripts: what somebody runs, or reads, to grant it.
//!
//! Each shows what it would do unless it is told to do it, and may be run again. The scripts themselves lie beside this
//! file; here the lists of rights are put in. None of them gives a right to write.

use std::collections::BTreeMap;

use super::{granted, least_of};
use crate::grants::Plane;

/// Application id of Microsoft Graph, the same in every tenant.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Application id of the Office 365 Management APIs, the same in every tenant.
const ACTIVITY: &str = "c5393580-f805-4401-95e8-94b7a6ef2fc2";

/// Scripts and pages below `deploy/permissions`, by their path.
pub(super) fn files() -> BTreeMap<&'static str, String> {
    let permissions: Vec<(&str, &str)> = [(GRAPH, Plane::Graph), (ACTIVITY, Plane::Activity)]
        .into_iter()
        .flat_map(|(api, plane)| granted(plane).into_iter().map(move |name| (api, name)))
        .collect();
    let lines = |line: fn(&str, &str) -> String| -> String {
        let lines: Vec<String> = permissions.iter().map(|(api, name)| line(api, name)).collect();
        lines.join("\n")
    };
    let bash = lines(|api, name| format!("  \"{api} {name}\""));
    let shell = lines(|api, name| format!("    @{{ Api = '{api}'; Name = '{name}' }}"));
    let further: Vec<&str> =
        granted(Plane::Azure).into_iter().filter(|role| *role != "Reader").collect();
    let privileges = granted(Plane::Dataverse);
    BTreeMap::from([
        (
            "deploy/permissions/grant-graph.sh",
            put(include_str!("grant-graph.sh"), "PERMISSIONS", &bash),
        ),
        (
            "deploy/permissions/grant-graph.ps1",
            put(include_str!("grant-graph.ps1"), "PERMISSIONS", &shell),
        ),
        (
            "deploy/permissions/grant-azure.sh",
            put(include_str!("grant-azure.sh"), "FURTHER", &double(&further)),
        ),
        (
            "deploy/permissions/grant-azure.ps1",
            put(include_str!("grant-azure.ps1"), "FURTHER", &single(&further, ", ")),
        ),
        (
            "deploy/permissions/grant-power-platform.sh",
            include_str!("grant-power-platform.sh").to_owned(),
        ),
        (
            "deploy/permissions/grant-power-platform.ps1",
            include_str!("grant-power-platform.ps1").to_owned(),
        ),
        (
            "deploy/permissions/register-management-app.sh",
            include_str!("register-management-app.sh").to_owned(),
        ),
        (
            "deploy/permissions/register-management-app.ps1",
            include_str!("register-management-app.ps1").to_owned(),
        ),
        (
            "deploy/permissions/dataverse-application-user.sh",
            put(include_str!("dataverse-application-user.sh"), "PRIVILEGES", &double(&privileges)),
        ),
        (
            "deploy/permissions/dataverse-application-user.ps1",
            put(
                include_str!("dataverse-application-user.ps1"),
                "PRIVILEGES",
                &format!("    {}", single(&privileges, "\n    ")),
            ),
        ),
        ("deploy/permissions/dataverse-role.md", role()),
        ("deploy/permissions/azure-devops.md", devops()),
        ("deploy/permissions/github.md", github()),
    ])
}

fn put(script: &str, mark: &str, list: &str) -> String {
    script.replace(&format!("@{mark}@"), list)
}

fn double(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("  \"{name}\"")).collect();
    names.join("\n")
}

fn single(names: &[&str], between: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    names.join(between)
}

/// Rights of a plane and what each is for, as a table.
fn rights(plane: Plane) -> String {
    let mut text = String::from("| Right | Sources |\n|---|---|\n");
    for (right, sources) in least_of(plane) {
        let sources: Vec<String> = sources.iter().map(|source| format!("`{source}`")).collect();
        text.push_str(&format!("| `{}` | {} |\n", right.name, sources.join(", ")));
    }
    text
}

fn role() -> String {
    format!(
        "# A reading security role for Dataverse\n\n\
         Generated from the declarations of the sources.\n\n\
         An application reads an environment as an application user, and an application user has the privileges of its security\n\
         roles. Registering a management application makes no application user. The role below holds privileges to read and\n\
         no others, each at the level of the organisation. `dataverse-application-user.sh` and\n\
         `dataverse-application-user.ps1` make the role and the user; where you would rather make them by hand:\n\n\
         1. In the admin centre of Power Platform open the environment, then Settings, Users and permissions, Security roles.\n\
         2. Make a role called `Highwater reader` in the root business unit, without the privileges of a basic user.\n\
         3. Give it the privileges of the table below, read only, for the organisation.\n\
         4. Under Application users add the application with this role.\n\n\
         A name that ends in `*` stands for all that begin so. What an environment does not have is passed over: many tables come\n\
         with a solution. The privilege to read credentials, variables and transcripts opens their rows, of which Highwater\n\
         selects names and dates alone; leave one out and its table stays unread, which the report says.\n\n{}",
        rights(Plane::Dataverse)
    )
}

fn devops() -> String {
    format!(
        "# Azure DevOps\n\n\
         Generated from the declarations of the sources.\n\n\
         An application (service principal or managed identity) is added to the organisation like a person and reads what its\n\
         groups let it read:\n\n\
         1. Organisation settings, Users: add the application with the access level Basic. A stakeholder sees no repositories.\n\
         2. In each project that is to be read, add it to the group Readers.\n\
         3. Nothing else: Readers may read code, builds, releases and the checks of environments, and change nothing.\n\n\
         A person who signs in, or a personal access token, is bounded by scopes. These suffice, and none of them writes:\n\n{}\n\
         Reading policies needs no administrator. Secret variables and the passwords of service connections are never asked for.\n",
        rights(Plane::AzureDevOps)
    )
}

fn github() -> String {
    format!(
        "# GitHub\n\n\
         Generated from the declarations of the sources.\n\n\
         Use a GitHub app, or a fine-grained token of an owner of the organisation, for all repositories or the chosen ones, with\n\
         an expiry date. Permissions of repositories, all of them read-only:\n\n{}\n\
         Metadata is always included. Without administration the protection of branches and the teams of a repository stay\n\
         unknown; rules of the organisation are still read. Classic tokens know no reading form of these permissions: do\n\
         not use one. Highwater takes the token from the environment variable `GITHUB_TOKEN`.\n",
        rights(Plane::GitHub)
    )
}
