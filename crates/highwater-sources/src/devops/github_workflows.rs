//! Workflows of a repository: `GET {github}/repos/{repository}/actions/workflows`, then their files, runs and
//! environments.
//!
//! Needs a token with read access to actions and contents. Runs are one page of the newest, and only of workflows whose
//! file has to do with Power Platform. Environments are attached where the file names them, so that the approval of one
//! is not taken for that of another. Logs, artifacts, secrets and variables are never asked for.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use highwater_http::Paging;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{GITHUB, GITHUB_LIST, github, has_branch, records};
use crate::found::{Answer, Composed, Found, Object, Place};
use crate::source::{Each, Request, Scope, Source};

pub(crate) static SOURCE: Source = Source {
    id: "github.workflows",
    about: "workflows with Power Platform steps",
    page: "https://docs.github.com/rest/actions/workflows#list-repository-workflows",
    service: "github",
    scope: Scope::Each("github_repository"),
    requests: &[
        Request {
            part: "workflows",
            path: "/repos/{owner}/{repository}/actions/workflows",
            evidence: false,
            ..GITHUB_LIST
        },
        Request {
            part: "file",
            path: "/repos/{owner}/{repository}/contents/{+path}",
            query: &[("ref", "{branch}")],
            each: Each::Found("workflow"),
            paging: Paging::None,
            evidence: false,
            ..GITHUB
        },
        Request {
            part: "runs",
            path: "/repos/{owner}/{repository}/actions/workflows/{key}/runs",
            each: Each::Found("used_workflow"),
            paging: Paging::First,
            evidence: false,
            ..GITHUB_LIST
        },
        Request {
            part: "environments",
            path: "/repos/{owner}/{repository}/environments",
            each: Each::Found("with_environments"),
            evidence: false,
            ..GITHUB_LIST
        },
    ],
    grant: github("actions: read, contents: read"),
    due: has_branch,
    find,
    compose: Some(compose),
    ..Source::DEFAULT
};

#[derive(Deserialize)]
struct Workflows {
    workflows: Vec<Workflow>,
}

#[derive(Deserialize)]
struct Workflow {
    id: u64,
    path: String,
    name: Option<String>,
    state: Option<String>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct File {
    content: String,
}

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    conclusion: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Environments {
    environments: Vec<Value>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    match answer.request.part {
        "workflows" => {
            let list = answer.one::<Workflows>().map_or_else(Vec::new, |list| list.workflows);
            // The service adds workflows of its own, which have no file.
            for workflow in
                list.into_iter().filter(|one| one.path.starts_with(".github/workflows/"))
            {
                let key = Object::new("workflow", workflow.id.to_string());
                found.key(key.with("path", workflow.path));
            }
        }
        "file" => {
            let Some(text) = text(answer) else { return };
            if records::concerns_power_platform(&text) {
                found.key(Object::new("used_workflow", answer.key));
                if text.contains("environment") {
                    found.key(Object::new("with_environments", "all"));
                }
            }
        }
        _ => {}
    }
}

/// The text of a file, which comes as Base64 with line breaks.
fn text(answer: &Answer<'_>) -> Option<String> {
    let mut encoded = answer.one::<File>()?.content;
    encoded.retain(|letter| !letter.is_ascii_whitespace());
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

fn compose(_: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    let lists: Vec<Workflows> =
        records::of_part(answers, "workflows").filter_map(Answer::one).collect();
    if lists.is_empty() {
        return Vec::new();
    }
    let files: BTreeMap<&str, String> = records::of_part(answers, "file")
        .filter_map(|answer| Some((answer.key, text(answer)?)))
        .collect();
    let runs: BTreeMap<&str, Value> = records::of_part(answers, "runs")
        .filter_map(|answer| Some((answer.key, runs(&answer.one::<Runs>()?))))
        .collect();
    let asked = records::of_part(answers, "environments").next().is_some();
    let environments: Vec<Value> = records::of_part(answers, "environments")
        .filter_map(Answer::one::<Environments>)
        .flat_map(|list| list.environments)
        .collect();
    let workflows = lists.into_iter().flat_map(|list| list.workflows);
    let workflows = workflows.filter(|workflow| workflow.path.starts_with(".github/workflows/"));
    let all: Vec<Value> = workflows
        .map(|workflow| {
            let key = workflow.id.to_string();
            let mut record = Map::new();
            if let Some(text) = files.get(key.as_str()) {
                record.insert("yaml".to_owned(), json!(text));
                if let Some(checks) = checks(text, &environments, asked) {
                    record.insert("checks".to_owned(), checks);
                }
            }
            if let Some(runs) = runs.get(key.as_str()) {
                record.insert("runs".to_owned(), runs.clone());
            }
            record.insert("pipeline".to_owned(), pipeline(&workflow));
            Value::Object(record)
        })
        .collect();
    vec![records::list(None, &all, None)]
}

fn pipeline(workflow: &Workflow) -> Value {
    let Workflow { id, path, name, state, html_url } = workflow;
    json!({ "id": id, "name": name, "path": path, "state": state, "html_url": html_url })
}

fn runs(runs: &Runs) -> Value {
    let run = |run: &Run| json!({ "conclusion": run.conclusion, "created_at": run.created_at, "updated_at": run.updated_at });
    runs.workflow_runs.iter().map(run).collect()
}

/// The rules of the environments that a file names; none where that is not known.
fn checks(text: &str, environments: &[Value], asked: bool) -> Option<Value> {
    let names = records::environments(text)?;
    if names.is_empty() {
        return Some(json!([]));
    }
    let kinds = |environment: &Value| -> Value {
        let rules = environment["protection_rules"].as_array().into_iter().flatten();
        rules.map(|rule| json!({ "type": rule["type"] })).collect()
    };
    let used = environments.iter().filter(|environment| {
        let name = environment["name"].as_str().unwrap_or_default().to_lowercase();
        names.contains(&name)
    });
    let used = used.map(|one| json!({ "name": one["name"], "protection_rules": kinds(one) }));
    asked.then(|| used.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{composed, found};

    fn repository() -> Object {
        Object::new("github_repository", "github.com/contoso/alm").with("branch", "main")
    }

    fn file(text: &str) -> String {
        format!(r#"{{"content": "{}\n"}}"#, STANDARD.encode(text)).replace('\n', "\\n")
    }

    const LIST: &str = r#"{"total_count": 2, "workflows": [
        {"id": 7, "name": "Release", "path": ".github/workflows/release.yml", "state": "active", "html_url": "https://github.com/contoso/alm/blob/main/.github/workflows/release.yml"},
        {"id": 8, "name": "Pages", "path": "dynamic/pages/build", "state": "active"}]}"#;
    const YAML: &str = "jobs:\n  a:\n    environment: Production\n    steps:\n    - uses: microsoft/powerplatform-actions/import-solution@v1\n";

    fn record(told: &[(&str, &str, &str)]) -> Value {
        let made = composed(&SOURCE, &repository(), told);
        assert_eq!((made.len(), &made[0].parent), (1, &None));
        serde_json::from_slice(&made[0].body).unwrap()
    }

    #[test]
    fn only_files_are_read_and_only_used_ones_followed() {
        let keys = found(&SOURCE, Some(&repository()), ("workflows", ""), LIST).keys;
        assert_eq!(
            keys,
            [Object::new("workflow", "7").with("path", ".github/workflows/release.yml")]
        );
        let of = |text: &str| -> Vec<&'static str> {
            let found = found(&SOURCE, Some(&repository()), ("file", "7"), &file(text));
            found.keys.iter().map(|key| key.kind).collect()
        };
        assert_eq!(of(YAML), ["used_workflow", "with_environments"]);
        assert_eq!(of("run: pac solution import"), ["used_workflow"]);
        assert!(of("run: npm test").is_empty());
    }

    #[test]
    fn one_record_of_four_answers() {
        let file = file(YAML);
        let told = record(&[
            ("workflows", "", LIST),
            ("file", "7", &file),
            (
                "runs",
                "7",
                r#"{"workflow_runs": [{"id": 1, "actor": {"login": "somebody"}, "conclusion": "success", "created_at": "c", "updated_at": "u"}]}"#,
            ),
            (
                "environments",
                "all",
                r#"{"environments": [{"name": "production", "protection_rules": [{"type": "required_reviewers", "reviewers": [{"login": "x"}]}]},
                {"name": "test", "protection_rules": []}]}"#,
            ),
        ]);
        let one = &told["value"][0];
        assert_eq!(told["value"].as_array().unwrap().len(), 1);
        assert_eq!(one["yaml"], YAML);
        assert_eq!(one["pipeline"]["id"], 7);
        assert_eq!(
            one["runs"],
            json!([{"conclusion": "success", "created_at": "c", "updated_at": "u"}])
        );
        assert_eq!(
            one["checks"],
            json!([{"name": "production", "protection_rules": [{"type": "required_reviewers"}]}])
        );
    }

    #[test]
    fn what_was_refused_is_missing_from_the_record_and_not_empty() {
        let file = file(YAML);
        let told = record(&[("workflows", "", LIST), ("file", "7", &file)]);
        let one = told["value"][0].as_object().unwrap();
        assert!(!one.contains_key("runs") && !one.contains_key("checks"));
        assert!(composed(&SOURCE, &repository(), &[]).is_empty());
        let none = record(&[("workflows", "", r#"{"total_count": 0, "workflows": []}"#)]);
        assert_eq!(none, json!({"value": []}));
    }
}
