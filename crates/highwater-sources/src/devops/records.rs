//! Records: several answers about a repository made into one, with only what tables read.
//!
//! People are told apart by numbers that mean nothing outside one record: how many worked on a repository is counted,
//! who they are is nobody's business.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::found::{Answer, Composed};

/// Answers to one of the requests of a source, by its part.
pub(super) fn of_part<'a>(
    answers: &'a [Answer<'a>],
    part: &'static str,
) -> impl Iterator<Item = &'a Answer<'a>> {
    answers.iter().filter(move |answer| answer.request.part == part)
}

/// One record, for the object that was asked for.
pub(super) fn one(record: &impl Serialize) -> Vec<Composed> {
    vec![Composed { parent: None, body: bytes(record) }]
}

/// A list of records, which says that it goes on where something of it was not given.
pub(super) fn list(parent: Option<String>, records: &[Value], rest: Option<&str>) -> Composed {
    let body = match rest {
        None => bytes(&json!({ "value": records })),
        Some(rest) => bytes(&json!({ "value": records, "nextLink": rest })),
    };
    Composed { parent, body }
}

fn bytes(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

/// A person's number within one record, and the moment of a commit.
pub(super) fn commit(
    author: Option<&str>,
    at: &str,
    people: &mut BTreeMap<String, usize>,
) -> Value {
    let committer = json!({ "date": at });
    let Some(author) = author else { return json!({ "committer": committer }) };
    let next = people.len() + 1;
    let number = *people.entry(author.to_lowercase()).or_insert(next);
    json!({ "author": { "name": format!("person {number}") }, "committer": committer })
}

/// Whether the text of a pipeline has anything to do with Power Platform. Wider than what the tables look for: what is
/// surely foreign is not asked for its runs.
pub(super) fn concerns_power_platform(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "powerplatform",
        "power platform",
        "power-platform",
        "pac ",
        "solution",
        "dataverse",
        "dynamics",
        "alm-accelerator",
        "almaccelerator",
        "alm accelerator",
        "coe-starter-kit",
    ];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// Names of the environments that the jobs of a pipeline deploy to; none where one is made up at run time.
pub(super) fn environments(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut nested = false;
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let Some((key, value)) = line.trim().trim_start_matches("- ").split_once(':') else {
            nested = false;
            continue;
        };
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['\'', '"']);
        let named = key.trim() == "environment" || (nested && key.trim() == "name");
        nested = key.trim() == "environment" && value.is_empty();
        if named && !value.is_empty() {
            if value.contains('$') || value.starts_with(['{', '[']) {
                return None;
            }
            // `portal.resource` names a resource of the environment `portal`.
            let name = value.split('.').next().unwrap_or(value);
            names.push(name.to_lowercase());
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_numbers() {
        let mut people = BTreeMap::new();
        let told: Vec<Value> =
            [Some("A@contoso.example"), Some("a@contoso.example"), Some("b"), None]
                .into_iter()
                .map(|author| commit(author, "2026-11-01T00:00:00Z", &mut people))
                .collect();
        assert_eq!(told[0], told[1]);
        assert_eq!(told[2]["author"]["name"], "person 2");
        assert_eq!(told[3], json!({"committer": {"date": "2026-11-01T00:00:00Z"}}));
        assert!(!json!(told).to_string().contains("contoso"));
    }

    #[test]
    fn environments_of_both_spellings() {
        let text = "jobs:\n  a:\n    environment: Production # live\n  b:\n    environment:\n      name: 'test.web'\n      url: x\n  # environment: none";
        assert_eq!(environments(text).unwrap(), ["production", "test"]);
        assert_eq!(environments("environment: ${{ inputs.target }}"), None);
        assert_eq!(environments("name: x\nsteps: []").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_list_says_when_something_is_missing() {
        let whole = list(None, &[], None);
        assert_eq!(whole.body, br#"{"value":[]}"#);
        let cut = list(Some("p".to_owned()), &[], Some("cut off"));
        assert_eq!(cut.body, br#"{"nextLink":"cut off","value":[]}"#);
    }
}
