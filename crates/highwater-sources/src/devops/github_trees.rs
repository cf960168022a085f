//! Files of the default branch: `GET {github}/repos/{repository}/git/trees/{branch}`.
//!
//! Needs a token with read access to contents. Paths only: contents, sizes and hashes are not kept. A tree of more than
//! a hundred thousand files comes cut off; the record then says that it goes on.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{GITHUB, github, has_branch, records};
use crate::found::{Answer, Composed, Place};
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "github.trees",
    about: "paths of the files of a repository",
    page: "https://docs.github.com/rest/git/trees#get-a-tree",
    service: "github",
    scope: Scope::Each("github_repository"),
    requests: &[Request {
        path: "/repos/{owner}/{repository}/git/trees/{branch}",
        query: &[("recursive", "1")],
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
struct Tree {
    tree: Vec<Item>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Item {
    path: String,
}

fn compose(_: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    let trees = answers.iter().filter_map(Answer::one::<Tree>);
    trees
        .map(|tree| {
            let paths: Vec<Value> =
                tree.tree.iter().map(|item| json!({ "path": item.path })).collect();
            let rest = tree.truncated.then_some("not read: the service cut the tree off");
            records::list(None, &[json!({ "tree": paths })], rest)
        })
        .collect()
}

/// A repository without a commit.
fn absence(status: u16, message: &str) -> Option<&'static str> {
    super::is_empty(status, message).then_some(r#"{"tree":[],"truncated":false}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Object;
    use crate::testing::composed;

    #[test]
    fn a_tree_that_was_cut_off_is_no_whole_list() {
        let repository = Object::new("github_repository", "github.com/contoso/alm");
        let tree = r#"{"sha": "1", "tree": [{"path": "src/Other/Solution.xml", "sha": "2", "type": "blob"}], "truncated": false}"#;
        let whole = composed(&SOURCE, &repository, &[("", "", tree)]);
        assert_eq!(whole[0].body, br#"{"value":[{"tree":[{"path":"src/Other/Solution.xml"}]}]}"#);
        let cut = composed(&SOURCE, &repository, &[("", "", &tree.replace("false", "true"))]);
        assert!(String::from_utf8(cut[0].body.clone()).unwrap().contains("nextLink"));
    }
}
