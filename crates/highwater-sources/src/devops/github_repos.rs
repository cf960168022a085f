//! Repositories of an organisation: `GET {github}/orgs/{organisation}/repos`.
//!
//! Needs a token with read access to metadata. Archived and disabled repositories are listed and not looked into.

use serde::Deserialize;

use super::{GITHUB, github, of_github};
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "github.repos",
    about: "repositories of an organisation of GitHub",
    page: "https://docs.github.com/rest/repos/repos#list-organization-repositories",
    service: "github",
    scope: Scope::Each("organisation"),
    requests: &[Request {
        path: "/orgs/{name}/repos",
        query: &[("type", "all"), ("per_page", "100")],
        ..GITHUB
    }],
    grant: github("metadata: read"),
    due: of_github,
    names: &["github_repository"],
    find,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for repository in answer.list::<Repository>() {
        let Some((owner, name)) = repository.full_name.split_once('/') else { continue };
        if repository.archived || repository.disabled {
            continue;
        }
        let id = format!("github.com/{}", repository.full_name.to_lowercase());
        let object =
            Object::new("github_repository", id).with("owner", owner).with("repository", name);
        found.child(object.with("branch", repository.default_branch.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{found, payload};

    #[test]
    fn living_repositories_are_looked_into() {
        let page = r#"[{"full_name": "Contoso/Alm", "default_branch": "main"}, {"full_name": "contoso/old", "archived": true},
            {"full_name": "contoso/off", "disabled": true}, {"full_name": "nobody"}]"#;
        let children = found(&SOURCE, None, ("", ""), page).children;
        assert_eq!(children.len(), 1);
        assert_eq!(children[0].id, "github.com/contoso/alm");
        assert_eq!(children[0].fields["owner"], "Contoso");
        assert_eq!(children[0].fields["branch"], "main");
    }

    #[test]
    fn a_recorded_repository_is_found() {
        let Some(repository) = payload("devops/github-repos/get.json") else { return };
        assert_eq!(found(&SOURCE, None, ("", ""), &format!("[{repository}]")).children.len(), 1);
    }
}
