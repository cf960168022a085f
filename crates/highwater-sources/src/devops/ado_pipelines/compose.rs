//! Compose: one record a pipeline, from its definition, its file, its runs and the checks of its environments.
//!
//! A list for each repository, and an empty one for the project, which says that there are no others. What was refused
//! is left out of its record, so that the gap shows there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::shapes::{Check, Definition, Environment, File, Release, Run};
use crate::composed::Composed;
use crate::devops::records;
use crate::found::{Answer, Place};

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
pub(in crate::devops) fn compose(place: &Place<'_>, answers: &[Answer<'_>]) -> Vec<Composed> {
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
