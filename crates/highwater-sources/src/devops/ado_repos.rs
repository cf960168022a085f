//! Repositories of an organisation: `GET {azure_devops}/{organisation}/_apis/git/repositories`.
//!
//! Needs `vso.code`. One answer for all projects, without pages. Disabled repositories are listed and not looked into;
//! repositories of Team Foundation version control have no such list and are left out. Projects are known by their
//! repositories: every project with Git has one.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::of_azure_devops;
use crate::found::{Answer, Found, Object};
use crate::source::{Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ado.repos",
    about: "repositories of an organisation of Azure DevOps",
    page: "https://learn.microsoft.com/rest/api/azure/devops/git/repositories/list",
    service: "azure_devops",
    scope: Scope::Each("organisation"),
    requests: &[Request {
        path: "/{name}/_apis/git/repositories",
        query: &[("api-version", "7.1")],
        ..Request::GET
    }],
    grant: Grant::both("vso.code"),
    due: of_azure_devops,
    names: &["ado_project", "ado_repository"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    id: String,
    name: String,
    project: Project,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    is_disabled: bool,
}

#[derive(Deserialize)]
struct Project {
    name: String,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    let Some(organisation) = answer.place.object else { return };
    let name = organisation.fields.get("name").cloned().unwrap_or_default();
    let mut projects = BTreeSet::new();
    for repository in answer.list::<Repository>().into_iter().filter(|one| !one.is_disabled) {
        let project = repository.project.name;
        let below = format!("{}/{project}", organisation.id).to_lowercase();
        let path = format!("{below}/{}", repository.name.to_lowercase());
        let reference = repository.default_branch.unwrap_or_default();
        let branch = reference.trim_start_matches("refs/heads/").to_owned();
        let object = Object::new("ado_repository", path)
            .with("organisation", &*name)
            .with("project", &*project)
            .with("repository", repository.id);
        found.child(object.with("branch", branch).with("reference", reference));
        if projects.insert(below.clone()) {
            let object = Object::new("ado_project", below).with("organisation", &*name);
            found.child(object.with("project", project));
        }
    }
}
