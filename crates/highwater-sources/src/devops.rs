//! Source control: repositories and pipelines of Azure DevOps and GitHub.
//!
//! Organisations come from configuration (`dev.azure.com/contoso`, `github.com/contoso`): nothing leads to them. What is
//! needed of a pipeline stands in several answers, its definition, its file, its runs and the checks of its
//! environments, and becomes one record; commits and teams are cut down to what is counted. Runs are read only of
//! pipelines whose file speaks of Power Platform. Pull requests, service connections, variable groups, extensions and
//! audit logs are left out: no table keeps them.

mod ado_commits;
mod ado_items;
mod ado_pipelines;
mod ado_policies;
mod ado_repos;
mod github_commits;
mod github_protection;
mod github_repos;
mod github_teams;
mod github_trees;
mod github_workflows;
mod records;

use highwater_http::Paging;

use crate::found::{Due, Place};
use crate::source::{Grant, Request, Source};

/// The sources of this family.
pub(crate) const SOURCES: &[&Source] = &[
    &ado_repos::SOURCE,
    &ado_policies::SOURCE,
    &ado_items::SOURCE,
    &ado_commits::SOURCE,
    &ado_pipelines::SOURCE,
    &github_repos::SOURCE,
    &github_protection::SOURCE,
    &github_trees::SOURCE,
    &github_commits::SOURCE,
    &github_teams::SOURCE,
    &github_workflows::SOURCE,
];

/// A request to GitHub: its version and its form are said in headers.
const GITHUB: Request = Request {
    headers: &[("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", "2022-11-28")],
    paging: Paging::LinkHeader,
    ..Request::GET
};

/// A list of GitHub with pages as long as they may be.
const GITHUB_LIST: Request = Request { query: &[("per_page", "100")], ..GITHUB };

/// A list of Azure DevOps.
const ADO: Request = Request { paging: Paging::ContinuationHeader, ..Request::GET };

/// A token of GitHub that reads one kind of thing.
const fn github(grant: &'static str) -> Grant {
    Grant::both(grant)
}

/// Whether a planned organisation is of Azure DevOps.
fn of_azure_devops(place: &Place<'_>) -> Due {
    of_host(place, "dev.azure.com/")
}

/// Whether a planned organisation is of GitHub.
fn of_github(place: &Place<'_>) -> Due {
    of_host(place, "github.com/")
}

fn of_host(place: &Place<'_>, host: &str) -> Due {
    let is = place.object.is_some_and(|organisation| organisation.id.starts_with(host));
    if is { Due::Ask } else { Due::Never }
}

/// A repository without a branch has nothing in it.
fn has_branch(place: &Place<'_>) -> Due {
    let branch = place.object.and_then(|repository| repository.fields.get("branch"));
    if branch.is_none_or(String::is_empty) { Due::Empty } else { Due::Ask }
}

/// Whether GitHub refuses because a repository holds no commit.
fn is_empty(status: u16, message: &str) -> bool {
    status == 409 && message.to_lowercase().contains("empty")
}
