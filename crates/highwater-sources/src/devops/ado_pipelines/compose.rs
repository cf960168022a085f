//! Compose: one record a pipeline, from its definition, its file, its runs and the checks of its environments.
//!
//! A list for each repository, and an empty one for the project, which says that there are no others. What was refused
//! is left out of its record, so that the gap shows there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::shapes::{Check, Definition, Environment, File, Release, Run};
use crate::devops::records;
use crate::found::{Answer, Composed, Place};

/// Everything that was answered of a project.
struct Project<'a> {
    /// `dev.azure.com/{organisation}/{project}`, lower-case.
    id: &'a str,
    files: BTreeMap<&'a str, File>,
    builds: BTreeMap<&'a str, Vec<Run>>,
    deployments: BTreeMap<&'a str, Vec<Run>>,
    /// Checks by the name of the environment in lower case; none where they were not given.
    checks: BTreeMap<String, Option<Vec<Check>>>,
}

/// The records of a project.
pub(super) fn compose(place: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
    let Some(object) = place.object else { return Vec::new() };
    let project = Project {
        id: &object.id,
        files: by_key(answers, "file", Answer::one),
        builds: by_key(answers, "builds", |answer| Some(answer.list())),
        deployments: by_key(answers, "deployments", |answer| Some(answer.list())),
        checks: checks(answers),
    };
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::from([(object.id.clone(), Vec::new())]);
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for definition in records::of_part(answers, "definitions").flat_map(Answer::list::<Definition>)
    {
        let owner = project.owner(&definition);
        owners.insert(definition.id.to_string(), owner.clone());
        found.entry(owner).or_default().push(project.build(&definition));
    }
    for release in records::of_part(answers, "release").filter_map(Answer::one::<Release>) {
        let owner = project.owner_of_release(&release, &owners);
        found.entry(owner).or_default().push(project.release(&release));
    }
    let asked = ["definitions", "releases"];
    if !asked.iter().any(|part| records::of_part(answers, part).next().is_some()) {
        return Vec::new();
    }
    found.into_iter().map(|(owner, all)| records::list(Some(owner), &all, None)).collect()
}

impl Project<'_> {
    /// The repository that a definition builds; the project where it lies elsewhere.
    fn owner(&self, definition: &Definition) -> String {
        let Some(repository) = &definition.repository else { return self.id.to_owned() };
        if repository.kind.as_deref() != Some("TfsGit") {
            return self.id.to_owned();
        }
        let address = repository.url.as_deref().and_then(owner_in);
        let name = repository.name.as_deref().unwrap_or_default().to_lowercase();
        address.unwrap_or_else(|| format!("{}/{name}", self.id))
    }

    /// The repository whose build, or whose files, a release takes in; the project where it takes in neither.
    fn owner_of_release(&self, release: &Release, owners: &BTreeMap<String, String>) -> String {
        let of_artifact = release.artifacts.iter().find_map(|artifact| {
            let reference = &artifact.definition_reference;
            let definition = reference.definition.as_ref()?;
            match artifact.kind.as_deref()? {
                "Build" => owners.get(definition.id.as_deref()?).cloned(),
                "Git" => {
                    let organisation = self.id.rsplit_once('/')?.0;
                    let project = reference.project.as_ref()?.name.as_deref()?.to_lowercase();
                    Some(format!(
                        "{organisation}/{project}/{}",
                        definition.name.as_deref()?.to_lowercase()
                    ))
                }
                _ => None,
            }
        });
        of_artifact.unwrap_or_else(|| self.id.to_owned())
    }

    fn build(&self, definition: &Definition) -> Value {
        let key = definition.id.to_string();
        let mut record = Map::new();
        record.insert(
            "pipeline".to_owned(),
            json!({ "id": definition.id, "url": definition.url, "project": definition.project,
                "process": { "phases": definition.process.phases } }),
        );
        let file = self.files.get(key.as_str());
        put(&mut record, "yaml", file.map(|file| &file.content));
        put(&mut record, "checks", file.and_then(|file| self.checks_of(&file.content)));
        put(&mut record, "runs", self.builds.get(key.as_str()));
        Value::Object(record)
    }

    fn release(&self, release: &Release) -> Value {
        let mut record = Map::new();
        let Release { id, url, environments, .. } = release;
        record.insert(
            "pipeline".to_owned(),
            json!({ "id": id, "url": url, "environments": environments }),
        );
        put(&mut record, "runs", self.deployments.get(id.to_string().as_str()));
        Value::Object(record)
    }

    /// Checks of the environments that a file names; none where one of them is not known.
    fn checks_of(&self, text: &str) -> Option<Vec<&Check>> {
        let names = records::environments(text)?;
        let known = names.iter().map(|name| self.checks.get(name)?.as_ref());
        let known: Option<Vec<&Vec<Check>>> = known.collect();
        Some(known?.into_iter().flatten().collect())
    }
}

fn put(record: &mut Map<String, Value>, key: &str, value: Option<impl Serialize>) {
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        record.insert(key.to_owned(), value);
    }
}

/// `dev.azure.com/{organisation}/{project}/{repository}` from the address of a repository.
fn owner_in(address: &str) -> Option<String> {
    let rest = address.split_once("://")?.1;
    let rest =
        rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).replace("%20", " ").to_lowercase();
    let (project, name) = rest.split_once("/_git/")?;
    (project.matches('/').count() == 2).then(|| format!("{project}/{}", name.trim_end_matches('/')))
}

fn by_key<'a, T>(
    answers: &'a [Answer<'a>],
    part: &'static str,
    read: impl Fn(&Answer<'a>) -> Option<T>,
) -> BTreeMap<&'a str, T> {
    records::of_part(answers, part).filter_map(|answer| Some((answer.key, read(answer)?))).collect()
}

fn checks(answers: &[Answer<'_>]) -> BTreeMap<String, Option<Vec<Check>>> {
    fn all<T: DeserializeOwned>(answer: &Answer<'_>) -> Option<Vec<T>> {
        Some(answer.list())
    }
    let mut given: BTreeMap<&str, Vec<Check>> = by_key(answers, "checks", all);
    let environments =
        records::of_part(answers, "environments").flat_map(Answer::list::<Environment>);
    environments
        .map(|environment| {
            (environment.name.to_lowercase(), given.remove(environment.id.to_string().as_str()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::SOURCE;
    use super::*;
    use crate::found::Object;
    use crate::testing::{composed, found, payload};

    fn place() -> Object {
        Object::new("ado_project", "dev.azure.com/contoso/coe")
    }

    const DEFINITIONS: &str = r#"{"count": 2, "value": [
        {"id": 5, "url": "https://dev.azure.com/contoso/p1/_apis/build/Definitions/5?revision=1", "project": {"name": "Coe"},
         "variables": {"secret": {"value": "x"}},
         "process": {"yamlFilename": "/release.yml", "type": 2},
         "repository": {"id": "r1", "name": "Alm", "type": "TfsGit", "defaultBranch": "refs/heads/main", "url": "https://contoso@dev.azure.com/contoso/Coe/_git/Alm"}},
        {"id": 6, "url": "https://dev.azure.com/contoso/p1/_apis/build/Definitions/6", "project": {"name": "Coe"},
         "process": {"phases": [{"steps": [{"displayName": "Power Platform Import Solution", "inputs": {"SolutionInputFile": "a.zip"}}]}], "type": 1},
         "repository": {"id": "x", "type": "GitHub", "url": "https://github.com/contoso/web"}}]}"#;
    const YAML: &str = r#"{"path": "/release.yml", "content": "environment: Production\nsteps:\n- task: PowerPlatformImportSolution@2"}"#;

    fn records(told: &[(&str, &str, &str)]) -> BTreeMap<String, Value> {
        composed(&SOURCE, &place(), told)
            .into_iter()
            .map(|made| (made.parent.unwrap(), serde_json::from_slice(&made.body).unwrap()))
            .collect()
    }

    fn kinds(part: &str, key: &str, body: &str) -> Vec<(&'static str, String)> {
        let found = found(&SOURCE, Some(&place()), (part, key), body);
        found.keys.into_iter().map(|key| (key.kind, key.id)).collect()
    }

    #[test]
    fn each_answer_leads_to_the_next() {
        assert_eq!(
            kinds("definitions", "", DEFINITIONS),
            [("file", "5".to_owned()), ("used_definition", "6".to_owned())]
        );
        assert_eq!(
            kinds("file", "5", YAML),
            [("used_definition", "5".to_owned()), ("with_environments", "all".to_owned())]
        );
        assert!(kinds("file", "5", r#"{"content": "steps: [npm test]"}"#).is_empty());
        let environments = r#"{"value": [{"id": 1, "name": "Production"}]}"#;
        assert_eq!(kinds("environments", "all", environments), [("environment", "1".to_owned())]);
        assert_eq!(
            kinds("releases", "", r#"{"value": [{"id": 40}]}"#),
            [("release", "40".to_owned())]
        );
    }

    #[test]
    fn a_record_for_each_repository_and_an_empty_list_for_the_project() {
        let told = records(&[
            ("definitions", "", DEFINITIONS),
            ("file", "5", YAML),
            (
                "builds",
                "5",
                r#"{"value": [{"id": 1, "result": "succeeded", "finishTime": "f", "requestedFor": {"displayName": "A"}}]}"#,
            ),
            (
                "environments",
                "all",
                r#"{"value": [{"id": 1, "name": "Production"}, {"id": 2, "name": "Test"}]}"#,
            ),
            (
                "checks",
                "1",
                r#"{"value": [{"id": 9, "type": {"id": "t", "name": "Approval"}, "createdBy": {"displayName": "A"}}]}"#,
            ),
        ]);
        assert_eq!(
            told.keys().collect::<Vec<_>>(),
            ["dev.azure.com/contoso/coe", "dev.azure.com/contoso/coe/alm"]
        );
        let one = &told["dev.azure.com/contoso/coe/alm"]["value"][0];
        assert_eq!(one["runs"], json!([{"result": "succeeded", "finishTime": "f"}]));
        assert_eq!(one["checks"], json!([{"type": {"name": "Approval"}}]));
        assert_eq!(one["pipeline"]["project"], json!({"name": "Coe"}));
        let text = serde_json::to_string(&told).unwrap();
        assert!(
            !text.contains("requestedFor")
                && !text.contains("secret")
                && !text.contains("createdBy")
        );
        // The classic build of a repository elsewhere stays with the project.
        assert_eq!(told["dev.azure.com/contoso/coe"]["value"][0]["pipeline"]["id"], 6);
    }

    #[test]
    fn checks_that_were_not_given_are_not_told() {
        let told = records(&[
            ("definitions", "", DEFINITIONS),
            ("file", "5", YAML),
            ("environments", "all", r#"{"value": [{"id": 1, "name": "Production"}]}"#),
        ]);
        let one = told["dev.azure.com/contoso/coe/alm"]["value"][0].as_object().unwrap();
        assert!(
            !one.contains_key("checks") && !one.contains_key("runs") && one.contains_key("yaml")
        );
        assert!(composed(&SOURCE, &place(), &[]).is_empty());
    }

    #[test]
    fn a_release_belongs_to_the_repository_whose_build_it_takes() {
        let release = r#"{"id": 40, "url": "https://vsrm.dev.azure.com/contoso/p1/_apis/Release/definitions/40",
            "artifacts": [{"type": "Build", "definitionReference": {"definition": {"id": "5", "name": "Release"}}}],
            "environments": [{"name": "PROD", "preDeployApprovals": {"approvals": [{"isAutomated": false, "approver": {"displayName": "A"}}]},
             "deployPhases": [{"workflowTasks": [{"name": "Power Platform Import Solution", "inputs": {}}]}]}]}"#;
        assert_eq!(kinds("release", "40", release), [("used_release", "40".to_owned())]);
        let told = records(&[
            ("definitions", "", DEFINITIONS),
            ("releases", "", r#"{"value": [{"id": 40}]}"#),
            ("release", "40", release),
            (
                "deployments",
                "40",
                r#"{"value": [{"deploymentStatus": "succeeded", "completedOn": "c"}]}"#,
            ),
        ]);
        let of_alm = told["dev.azure.com/contoso/coe/alm"]["value"].as_array().unwrap();
        assert_eq!(
            of_alm[1]["runs"],
            json!([{"deploymentStatus": "succeeded", "completedOn": "c"}])
        );
        assert!(!serde_json::to_string(&told).unwrap().contains("approver\""));
    }

    #[test]
    fn a_published_release_is_read() {
        let Some(release) = payload("devops/ado-release/definition-get-with-tasks.json") else {
            return;
        };
        let told =
            records(&[("releases", "", r#"{"value": [{"id": 1}]}"#), ("release", "1", &release)]);
        let stages = &told["dev.azure.com/contoso/coe"]["value"][0]["pipeline"]["environments"];
        assert_eq!(stages[0]["name"], "PROD");
        assert_eq!(stages[0]["preDeployApprovals"]["approvals"][0]["isAutomated"], false);
    }
}
