//! Newest commits: `GET {azure_devops}/{organisation}/{project}/_apis/git/repositories/{repository}/commits`.
//!
//! Needs `vso.code`. Half a year of the default branch, a thousand at most; where that is empty, the newest one, because
//! when it was made is evidence too. Names, mail addresses and messages are dropped when the record is made.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{has_branch, records};
use crate::found::{Answer, Composed, Found, Object, Place};
use crate::source::{Each, Grant, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "ado.commits",
    about: "how many people worked on a repository in half a year, and when last",
    page: "https://learn.microsoft.com/rest/api/azure/devops/git/commits/get-commits",
    service: "azure_devops",
    scope: Scope::Each("ado_repository"),
    requests: &[
        Request {
            part: "window",
            query: &[
                ("searchCriteria.itemVersion.version", "{branch}"),
                ("searchCriteria.fromDate", "{ago_180d}"),
                ("searchCriteria.$top", "1000"),
                ("api-version", "7.1"),
            ],
            ..COMMITS
        },
        Request {
            part: "newest",
            query: &[
                ("searchCriteria.itemVersion.version", "{branch}"),
                ("searchCriteria.$top", "1"),
                ("api-version", "7.1"),
            ],
            each: Each::Found("quiet"),
            ..COMMITS
        },
    ],
    grant: Grant::both("vso.code"),
    due: has_branch,
    find,
    compose: Some(compose),
    ..Source::DEFAULT
};

const COMMITS: Request = Request {
    path: "/{organisation}/{project}/_apis/git/repositories/{repository}/commits",
    evidence: false,
    ..Request::GET
};

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

fn find(answer: &Answer<'_>, found: &mut Found) {
    if answer.request.part == "window" && answer.list::<IgnoredAny>().is_empty() {
        found.key(Object::new("quiet", "newest"));
    }
}

/// One record of the commits within half a year, and one of an older commit, which counts for nobody.
fn compose(_: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    if answers.is_empty() {
        return Vec::new();
    }
    let mut people = BTreeMap::new();
    let mut told = |part| -> Vec<Value> {
        let commits = records::of_part(answers, part).flat_map(Answer::list::<Commit>);
        commits
            .map(|commit| {
                let author = commit.author.and_then(|person| person.email);
                let at = commit.committer.and_then(|person| person.date).unwrap_or_default();
                let author = author.as_deref().filter(|_| part == "window");
                records::commit(author, &at, &mut people)
            })
            .collect()
    };
    let (within, older) = (told("window"), told("newest"));
    let mut records = vec![json!({ "commits": within })];
    if !older.is_empty() {
        records.push(json!({ "commits": older }));
    }
    vec![records::list(None, &records, None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{composed, found};

    #[test]
    fn an_old_commit_tells_when_and_not_who() {
        let repository = Object::new("ado_repository", "dev.azure.com/contoso/p/r");
        let empty = r#"{"count": 0, "value": []}"#;
        let one = r#"{"count": 1, "value": [{"commitId": "1", "author": {"name": "A", "email": "a@contoso.example", "date": "d"}, "committer": {"date": "2020-01-01T00:00:00Z"}}]}"#;
        assert_eq!(found(&SOURCE, Some(&repository), ("window", ""), empty).keys.len(), 1);
        assert!(found(&SOURCE, Some(&repository), ("window", ""), one).keys.is_empty());
        let told = |told: &[(&str, &str, &str)]| -> Value {
            serde_json::from_slice(&composed(&SOURCE, &repository, told)[0].body).unwrap()
        };
        let person =
            json!({"author": {"name": "person 1"}, "committer": {"date": "2020-01-01T00:00:00Z"}});
        assert_eq!(told(&[("window", "", one)]), json!({"value": [{"commits": [person]}]}));
        let quiet = told(&[("window", "", empty), ("newest", "newest", one)]);
        let nobody = json!({"committer": {"date": "2020-01-01T00:00:00Z"}});
        assert_eq!(quiet, json!({"value": [{"commits": []}, {"commits": [nobody]}]}));
    }
}
