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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{found, payload};

    fn contoso() -> Object {
        Object::new("organisation", "dev.azure.com/contoso").with("name", "contoso")
    }

    #[test]
    fn repositories_and_their_projects_once() {
        let page = r#"{"count": 3, "value": [
            {"id": "r1", "name": "Alm", "project": {"name": "My Project"}, "defaultBranch": "refs/heads/main"},
            {"id": "r2", "name": "Empty", "project": {"name": "My Project"}},
            {"id": "r3", "name": "Off", "project": {"name": "Gone"}, "isDisabled": true}]}"#;
        let told: Vec<(&str, String)> = found(&SOURCE, Some(&contoso()), ("", ""), page)
            .children
            .into_iter()
            .map(|child| (child.kind, child.id))
            .collect();
        let below = "dev.azure.com/contoso/my project";
        let wanted = [
            ("ado_repository", format!("{below}/alm")),
            ("ado_project", below.to_owned()),
            ("ado_repository", format!("{below}/empty")),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn branches_are_told_both_ways() {
        let page = r#"{"value": [{"id": "r1", "name": "a", "project": {"name": "p"}, "defaultBranch": "refs/heads/release/1"}]}"#;
        let children = found(&SOURCE, Some(&contoso()), ("", ""), page).children;
        let repository = &children[0].fields;
        assert_eq!(
            (repository["branch"].as_str(), repository["reference"].as_str()),
            ("release/1", "refs/heads/release/1")
        );
        assert_eq!(
            (repository["organisation"].as_str(), repository["repository"].as_str()),
            ("contoso", "r1")
        );
    }

    #[test]
    fn published_repositories_are_found() {
        let Some(page) = payload("devops/ado-git/repositories.json") else { return };
        let children = found(&SOURCE, Some(&contoso()), ("", ""), &page).children;
        assert_eq!(children.iter().filter(|child| child.kind == "ado_repository").count(), 3);
    }
}
