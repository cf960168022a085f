//! Commits of half a year: `GET {github}/repos/{repository}/commits`.
//!
//! Needs a token with read access to contents. How many people worked on the default branch, and when: names, mail
//! addresses and messages are dropped when the record is made.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{GITHUB, github, has_branch, records};
use crate::found::{Answer, Composed, Place};
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "github.commits",
    about: "how many people worked on a repository in half a year, and when last",
    page: "https://docs.github.com/rest/commits/commits#list-commits",
    service: "github",
    scope: Scope::Each("github_repository"),
    requests: &[Request {
        path: "/repos/{owner}/{repository}/commits",
        query: &[("sha", "{branch}"), ("since", "{ago_180d}"), ("per_page", "100")],
        evidence: false,
        ..GITHUB
    }],
    grant: github("contents: read"),
    due: has_branch,
    compose: Some(compose),
    absence,
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Entry {
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    author: Option<Person>,
    committer: Option<Person>,
}

#[derive(Deserialize)]
struct Person {
    email: Option<String>,
    date: Option<String>,
}

fn compose(_: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    if answers.is_empty() {
        return Vec::new();
    }
    let mut people = BTreeMap::new();
    let entries = answers.iter().flat_map(Answer::list::<Entry>);
    let commits: Vec<Value> = entries
        .map(|Entry { commit }| {
            let author = commit.author.as_ref().and_then(|person| person.email.as_deref());
            let at = commit.committer.as_ref().and_then(|person| person.date.as_deref());
            records::commit(author, at.unwrap_or_default(), &mut people)
        })
        .collect();
    records::one(&json!({ "commits": commits }))
}

/// A repository without a commit.
fn absence(status: u16, message: &str) -> Option<&'static str> {
    super::is_empty(status, message).then_some("[]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Object;
    use crate::testing::composed;

    #[test]
    fn people_are_counted_and_not_named() {
        let page = r#"[{"sha": "1", "commit": {"message": "m", "author": {"name": "A", "email": "a@contoso.example", "date": "d0"}, "committer": {"date": "2026-11-01T00:00:00Z"}}}]"#;
        let more = page.replace("a@contoso", "b@contoso");
        let repository = Object::new("github_repository", "github.com/contoso/alm");
        let made = composed(&SOURCE, &repository, &[("", "", page), ("", "", &more)]);
        let body = String::from_utf8(made[0].body.clone()).unwrap();
        assert!(body.contains("person 1") && body.contains("person 2") && !body.contains('@'));
        assert!(composed(&SOURCE, &repository, &[]).is_empty());
        assert_eq!(composed(&SOURCE, &repository, &[("", "", "[]")])[0].body, br#"{"commits":[]}"#);
    }
}
