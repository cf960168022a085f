//! `ci_pipelines`: one row per pipeline or workflow with Power Platform steps.
//!
//! A row is a pipeline of Azure DevOps or a workflow of GitHub with Power Platform steps:
//! <https://learn.microsoft.com/power-platform/alm/devops-build-tools>,
//! <https://learn.microsoft.com/power-platform/alm/devops-github-actions>.
//! What is needed of one stands in several answers, so a record is
//! `{"pipeline": <definition or workflow>, "yaml": <text of the file>, "runs": [newest first], "checks": [...]}`, each
//! part as the service gives it, read with the repository as the parent. `pipeline` is a build or release
//! definition (its tasks stand in for a file) or a workflow; `checks` are the checks of the environments that it uses.
//! The text is searched for the names of tasks, actions and commands, comments left out; it is not kept. A
//! pipeline without such names, or with a template and no hint at solutions, is none of this table. What a
//! template may do is not told.
//! Traps: runs are one page: without a success among a full page the last success is unknown, and the record is
//! rejected; solution names and environments are often variables.

mod steps;

use std::borrow::Cow;

use self::steps::{CHECKERS, IMPORTS, Steps, TESTS};
use super::source_control_repos::address::{ado_id, organisation, repo_id};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Time, cell};

/// Pro-code ALM.
pub(crate) static TABLE: Table = Table {
    name: "ci_pipelines",
    grain: "one row per pipeline or workflow with Power Platform steps",
    about: "pro-code ALM",
    scope: Scope::Organisation,
    key: &["pipeline_id"],
    columns: &[
        Column::text("pipeline_id").required().business(),
        Column::text("repo_id").business(),
        Column::bool("imports_solution"),
        Column::bool("deploys_production").business(),
        Column::text("solution_name").business().about("often a variable: then null"),
        Column::bool("has_checker"),
        Column::bool("checker_fails"),
        Column::bool("has_tests"),
        Column::bool("has_approval"),
        Column::text("template_ref").business(),
        Column::bool("is_alm_accelerator").required(),
        Column::text("owner_group").business(),
        Column::time("last_run_at").required().business().about("never = 1970-01-01"),
        Column::time("last_success_at").required().business().about("never = 1970-01-01"),
        Column::time("last_test_at").required().business().about("never = 1970-01-01"),
    ],
    readings: &[
        Reading { source: "ado.pipelines", read: pipeline },
        Reading { source: "github.workflows", read: pipeline },
    ],
    complete: &[&["ado.pipelines"], &["github.workflows"]],
    sample: Sample::Seen,
};

fn pipeline(record: &Record<'_>, rows: &mut Rows) {
    let Some(text) = text(record) else {
        // Without its steps nobody knows whether it is one of this table: rejected, so that the gap shows.
        rows.push([cell("pipeline_id", id(record))]);
        return;
    };
    let steps = Steps::of(&text);
    if steps.is_foreign() {
        return;
    }
    let runs = record.at("runs");
    let has_tests = steps.has(TESTS);
    rows.push([
        cell("pipeline_id", id(record)),
        cell("repo_id", repository(record)),
        cell("imports_solution", steps.has(IMPORTS)),
        cell("deploys_production", steps.deploys_production()),
        cell("solution_name", steps.solution_name()),
        cell("has_checker", steps.has(CHECKERS)),
        cell("checker_fails", steps.checker_fails()),
        cell("has_tests", has_tests),
        cell("has_approval", has_approval(record)),
        cell("template_ref", steps.template.clone().unwrap_or_default()),
        cell("is_alm_accelerator", steps.is_alm_accelerator()),
        cell("last_run_at", newest(runs, |_| true)),
        cell("last_success_at", newest(runs, succeeded)),
        cell(
            "last_test_at",
            if has_tests == Some(true) {
                newest(runs, |_| true)
            } else {
                runs.is_array().then_some(Time::NEVER)
            },
        ),
    ]);
}

/// A full page of runs; older ones may exist beyond it.
const PAGE: i64 = 100;

/// The text that is searched, lower-case: the file, else names and inputs of the tasks of a definition.
fn text(record: &Record<'_>) -> Option<String> {
    if let Some(text) = record.at("yaml").filled() {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        return Some(lines.collect::<Vec<_>>().join("\n").to_lowercase());
    }
    let definition = record.at("pipeline");
    let release = definition
        .at("environments")
        .items()
        .flat_map(|stage| std::iter::once(("stage", stage)).chain(release_tasks(stage)));
    let build = definition
        .at("process.phases")
        .items()
        .flat_map(|phase| phase.at("steps").items())
        .map(|task| ("task", task));
    let mut lines: Vec<String> = Vec::new();
    for (kind, item) in release.chain(build) {
        let name =
            item.at("name").word().or_else(|| item.at("displayName").word()).unwrap_or_default();
        lines.push(format!("{kind}: {name}"));
        lines.extend(
            item.at("inputs").entries().filter_map(|(key, value)| {
                Some(format!("{}: {}", key.to_lowercase(), value.word()?))
            }),
        );
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn release_tasks<'v>(stage: Json<'v>) -> impl Iterator<Item = (&'static str, Json<'v>)> {
    stage
        .at("deployPhases")
        .items()
        .flat_map(|phase| phase.at("workflowTasks").items())
        .map(|task| ("task", task))
}

fn id(record: &Record<'_>) -> Option<String> {
    let pipeline = record.at("pipeline");
    let number = pipeline.at("id").id()?;
    if let Some(url) = pipeline.at("html_url").word() {
        return Some(format!("{}/{number}", repo_id(&url)?));
    }
    let url = pipeline.at("url").word()?;
    let path = url.split("://").nth(1)?.split('?').next()?;
    let project = pipeline
        .at("project.name")
        .word()
        .or_else(|| path.split('/').nth(2).map(|part| Cow::Owned(part.to_owned())))?;
    let kind = if url.contains("/release/") { "release/" } else { "" };
    Some(format!("{}/{project}/{kind}{number}", organisation(&url)?.replace("vsrm.", "")))
}

fn repository(record: &Record<'_>) -> Option<String> {
    let repository = record.at("pipeline.repository");
    let named = record.at("pipeline.html_url").word().and_then(|url| repo_id(&url));
    record.parent().map(Cow::into_owned).or(named).or_else(|| ado_id(repository))
}

fn has_approval(record: &Record<'_>) -> Option<bool> {
    let (checks, stages) = (record.at("checks"), record.at("pipeline.environments"));
    if checks.is_array() {
        let kinds = checks
            .items()
            .flat_map(|check| std::iter::once(check).chain(check.at("protection_rules").items()));
        return Some(
            kinds
                .filter_map(check_kind)
                .any(|kind| kind == "approval" || kind == "required_reviewers"),
        );
    }
    let manual = |stage: Json<'_>| {
        stage
            .at("preDeployApprovals.approvals")
            .items()
            .any(|approval| approval.at("isAutomated").flag() == Some(false))
    };
    stages.is_array().then(|| stages.items().any(manual))
}

fn check_kind(check: Json<'_>) -> Option<Cow<'_, str>> {
    check.at("type.name").word().or_else(|| check.at("type").word())
}

fn succeeded(run: Json<'_>) -> bool {
    let told =
        ["result", "conclusion", "deploymentStatus"].iter().find_map(|path| run.at(path).word());
    told.is_some_and(|result| result == "succeeded" || result == "success")
}

/// The newest run of a kind; never where the page holds all runs and none is of that kind.
fn newest(runs: Json<'_>, wanted: impl Fn(Json<'_>) -> bool) -> Option<Time> {
    let moments = [
        "finishTime",
        "finishedDate",
        "completedOn",
        "updated_at",
        "startTime",
        "createdDate",
        "created_at",
    ];
    let moment = |run: Json<'_>| moments.iter().find_map(|path| run.at(path).time());
    let count = runs.len()?;
    let found = runs.items().filter(|run| wanted(*run)).filter_map(moment).max();
    found.or((count < PAGE).then_some(Time::NEVER))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::Place;
    use crate::testing::{rows, rows_at};

    #[test]
    fn a_workflow() {
        let place = Place { parent: Some("github.com/contoso/alm".into()), ..Place::default() };
        let record = r#"{"pipeline": {"id": 7, "html_url": "https://github.com/Contoso/alm/blob/main/.github/workflows/d.yml"},
            "yaml": "jobs:\n  release:\n    environment: Production\n    steps:\n    - uses: microsoft/powerplatform-actions/check-solution@v1\n      with:\n        error-threshold: 0\n    - uses: microsoft/powerplatform-actions/import-solution@v1\n      with:\n        solution-name: 'Invoices'",
            "runs": [{"conclusion": "failure", "updated_at": "2026-11-20T00:00:00Z"}, {"conclusion": "success", "updated_at": "2026-11-01T00:00:00Z"}],
            "checks": [{"name": "Production", "protection_rules": [{"type": "required_reviewers"}]}]}"#;
        assert_eq!(
            rows_at(&TABLE, "github.workflows", &place, record),
            [
                "pipeline_id=github.com/contoso/alm/7, repo_id=github.com/contoso/alm, imports_solution=true, deploys_production=true, \
              solution_name=invoices, has_checker=true, checker_fails=true, has_tests=false, has_approval=true, template_ref=, \
              is_alm_accelerator=false, last_run_at=2026-11-20T00:00:00Z, last_success_at=2026-11-01T00:00:00Z, last_test_at=1970-01-01T00:00:00Z"
            ]
        );
    }

    #[test]
    fn templates_hide_steps() {
        let record = r#"{"pipeline": {"id": 5, "url": "https://dev.azure.com/Contoso/p1/_apis/build/Definitions/5?revision=1", "project": {"name": "Coe"},
            "repository": {"url": "https://dev.azure.com/contoso/Coe/_git/Alm"}}, "yaml": "extends:\n  template: deploy.yml@coe-alm-accelerator-templates", "runs": []}"#;
        assert_eq!(
            rows(&TABLE, "ado.pipelines", record),
            [
                "pipeline_id=dev.azure.com/contoso/coe/5, repo_id=dev.azure.com/contoso/coe/alm, template_ref=deploy.yml@coe-alm-accelerator-templates, \
              is_alm_accelerator=true, last_run_at=1970-01-01T00:00:00Z, last_success_at=1970-01-01T00:00:00Z, last_test_at=1970-01-01T00:00:00Z"
            ]
        );
    }

    #[test]
    fn a_classic_release() {
        let record = r#"{"pipeline": {"id": 40, "url": "https://vsrm.dev.azure.com/contoso/p1/_apis/Release/definitions/40", "environments": [{"name": "PROD",
            "preDeployApprovals": {"approvals": [{"isAutomated": false}]},
            "deployPhases": [{"workflowTasks": [{"name": "Power Platform Import Solution ", "inputs": {"SolutionInputFile": "$(x).zip"}}]}]}]},
            "runs": [{"deploymentStatus": "succeeded", "completedOn": "2026-11-05T00:00:00Z"}]}"#;
        assert_eq!(
            rows(&TABLE, "ado.pipelines", record),
            [
                "pipeline_id=dev.azure.com/contoso/p1/release/40, imports_solution=true, deploys_production=true, has_checker=false, has_tests=false, \
              has_approval=true, template_ref=, is_alm_accelerator=false, last_run_at=2026-11-05T00:00:00Z, last_success_at=2026-11-05T00:00:00Z, \
              last_test_at=1970-01-01T00:00:00Z"
            ]
        );
    }

    #[test]
    fn foreign_pipelines_and_unread_runs_give_no_row() {
        let foreign = r#"{"pipeline": {"id": 1, "html_url": "https://github.com/a/b/c"}, "yaml": "steps: [npm test]", "runs": []}"#;
        assert!(rows(&TABLE, "github.workflows", foreign).is_empty());
        let unread = r#"{"pipeline": {"id": 1, "html_url": "https://github.com/a/b/c"}, "yaml": "pac solution import"}"#;
        assert!(rows(&TABLE, "github.workflows", unread).is_empty());
        assert!(
            rows(&TABLE, "github.workflows", r#"{"pipeline": {"id": 1}, "runs": []}"#).is_empty()
        );
    }
}
