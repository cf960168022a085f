//! Protection of the default branch: `GET {github}/repos/{repository}/branches/{branch}/protection` and
//! `GET {github}/repos/{repository}/rules/branches/{branch}`.
//!
//! Needs a token with read access to administration; the rules need only metadata. A branch without protection is
//! answered with 404 and a sentence, which is evidence; any other 404 is not. Protection of other branches is left out.

use super::{GITHUB, GITHUB_LIST, github, has_branch};
use crate::source::{Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "github.protection",
    about: "whether the default branch asks for reviews",
    page: "https://docs.github.com/rest/branches/branch-protection#get-branch-protection",
    service: "github",
    scope: Scope::Each("github_repository"),
    requests: &[
        Request { path: "/repos/{owner}/{repository}/branches/{branch}/protection", ..GITHUB },
        Request { path: "/repos/{owner}/{repository}/rules/branches/{branch}", ..GITHUB_LIST },
    ],
    grant: github("administration: read"),
    due: has_branch,
    absence,
    ..Source::DEFAULT
};

/// A branch without protection; a repository that is not there, or not shown, has other words.
fn absence(status: u16, message: &str) -> Option<&'static str> {
    let open = status == 404 && message.to_lowercase().contains("branch not protected");
    open.then_some(r#"{"message":"Branch not protected","status":"404"}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sentence_is_evidence() {
        assert!(absence(404, "Branch not protected").is_some());
        assert_eq!(absence(404, "Not Found"), None);
        assert_eq!(absence(403, "Branch not protected"), None);
    }
}
