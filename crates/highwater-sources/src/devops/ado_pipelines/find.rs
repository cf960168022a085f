//! Find: what a definition, a file or a list of a project is followed by.

use super::shapes::{Definition, Environment, File, Listed, Release};
use crate::devops::records::concerns_power_platform;
use crate::found::{Answer, Found, Object};

/// Keys for the later requests of a project.
pub(super) fn find(answer: &Answer<'_>, found: &mut Found) {
    match answer.request.part {
        "definitions" => {
            answer.list().iter().for_each(|definition| of_definition(definition, found))
        }
        "file" => {
            let Some(File { content }) = answer.one() else { return };
            if concerns_power_platform(&content) {
                found.key(Object::new("used_definition", answer.key));
                if content.contains("environment") {
                    found.key(Object::new("with_environments", "all"));
                }
            }
        }
        "environments" => {
            for environment in answer.list::<Environment>() {
                found.key(Object::new("environment", environment.id.to_string()));
            }
        }
        "releases" => {
            for release in answer.list::<Listed>() {
                found.key(Object::new("release", release.id.to_string()));
            }
        }
        "release" if concerns(answer) => found.key(Object::new("used_release", answer.key)),
        _ => {}
    }
}

/// Whether the tasks of a release have to do with Power Platform.
fn concerns(answer: &Answer<'_>) -> bool {
    answer.one::<Release>().is_some_and(|release| concerns_power_platform(&release.tasks()))
}

fn of_definition(definition: &Definition, found: &mut Found) {
    let key = definition.id.to_string();
    if !definition.has_readable_file() {
        if concerns_power_platform(&definition.steps()) {
            found.key(Object::new("used_definition", key));
        }
        return;
    }
    let repository = definition.repository.as_ref();
    let id = repository.and_then(|repository| repository.id.clone()).unwrap_or_default();
    let branch =
        repository.and_then(|repository| repository.default_branch.clone()).unwrap_or_default();
    let path = definition.process.yaml_filename.clone().unwrap_or_default();
    let file = Object::new("file", key).with("repository", id).with("path", path);
    found.key(file.with("branch", branch.trim_start_matches("refs/heads/")));
}
