//! Composed: evidence that is made of several answers, and refusals that are evidence.
//!
//! Some tables read one record of what a service tells in several answers: a pipeline with its file and its runs, all
//! commits of a repository. Their sources ask with `evidence: false`, and what is listed is made here out of all pages
//! that one place gave. Pure: the same pages make the same records, so a resumed run makes them again.

use crate::devops;
use crate::found::{Answer, Place};

/// A record made of several answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// Parent in the index, where it is another than the place's object.
    pub parent: Option<String>,
    /// The JSON to record.
    pub body: Vec<u8>,
}

/// Makes records out of all answers at one place, in the order in which they were asked.
pub type Compose = fn(&Place<'_>, &[Answer<'_>]) -> Vec<Composed>;

/// How the evidence of a source is made; none where its answers are evidence as they are.
pub fn compose(source: &str) -> Option<Compose> {
    devops::COMPOSED.iter().find(|(id, _)| *id == source).map(|(_, compose)| *compose)
}

/// The answer that a refusal stands for, where the service says "none" with a status of errors; by status and the words
/// of the service. It is recorded with status 200.
pub fn absence(source: &str, status: u16, message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    match (source, status) {
        ("github.protection", 404) if message.contains("branch not protected") => {
            Some(r#"{"message":"Branch not protected","status":"404"}"#)
        }
        // A repository without a commit.
        ("github.trees", 409) if message.contains("empty") => {
            Some(r#"{"tree":[],"truncated":false}"#)
        }
        ("github.commits", 409) if message.contains("empty") => Some("[]"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sentences_are_evidence() {
        assert!(absence("github.protection", 404, "Branch not protected").is_some());
        assert_eq!(absence("github.protection", 404, "Not Found"), None);
        assert_eq!(absence("github.protection", 403, "Branch not protected"), None);
        assert_eq!(absence("github.trees", 404, "Branch not protected"), None);
        assert!(absence("github.commits", 409, "Git Repository is empty.").is_some());
    }

    #[test]
    fn what_is_composed_is_asked_without_evidence_and_the_other_way_round() {
        for source in crate::sources() {
            let silent = source.requests.iter().all(|request| !request.evidence);
            let composed = compose(source.id).is_some();
            let unknown = source.id == "la.freshness";
            assert_eq!(silent && !unknown, composed, "{}", source.id);
        }
    }
}
