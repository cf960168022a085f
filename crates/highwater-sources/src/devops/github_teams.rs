//! Teams of a repository: `GET {github}/repos/{repository}/teams`.
//!
//! Needs a token with read access to administration. Short name and right of each team; members and descriptions are
//! left out. People who are added one by one do not show here, which is what the table wants to know.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{GITHUB_LIST, github, records};
use crate::found::{Answer, Composed, Place};
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "github.teams",
    about: "teams that own a repository",
    page: "https://docs.github.com/rest/repos/repos#list-repository-teams",
    service: "github",
    scope: Scope::Each("github_repository"),
    requests: &[Request {
        path: "/repos/{owner}/{repository}/teams",
        evidence: false,
        ..GITHUB_LIST
    }],
    grant: github("administration: read"),
    compose: Some(compose),
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Team {
    slug: String,
    permission: Option<String>,
}

fn compose(_: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    if answers.is_empty() {
        return Vec::new();
    }
    let teams = answers.iter().flat_map(Answer::list::<Team>);
    let teams: Vec<Value> =
        teams.map(|team| json!({ "slug": team.slug, "permission": team.permission })).collect();
    records::one(&json!({ "teams": teams }))
}
