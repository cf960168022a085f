//! A solution, packed or unpacked, and other archives with definitions in them (exported flows, legacy packages).

use std::fs::File;
use std::path::Path;

use crate::analysis::{Analysis, Definition, Features, Kind, file, shown};
use crate::error::DefinitionError;
use crate::limits::{MAX_FINDINGS, MAX_PACKAGE_BYTES};
use crate::solution::{self, Package, Solution, Workflow, WorkflowContent, ZipPackage};

/// An unpacked solution.
pub(super) fn folder(folder: &Path, analysis: &mut Analysis) {
    let path = shown(folder);
    match solution::read_folder(folder, &mut |_| {}) {
        Ok(solution) => add(solution, &path, &format!("{}/", path.trim_end_matches('/')), analysis),
        Err(error) => analysis.refuse(path, error),
    }
}

/// An archive: a solution, or definitions side by side.
pub(super) fn zip(path: &Path, named: bool, analysis: &mut Analysis) {
    let shown = shown(path);
    let opened = File::open(path)
        .map_err(|source| DefinitionError::Io { path: shown.clone(), source })
        .and_then(|file| ZipPackage::open(file, MAX_PACKAGE_BYTES));
    let mut package = match opened {
        Ok(package) => package,
        Err(error) => return analysis.refuse(shown, error),
    };
    match solution::read(&mut package, &mut |_| {}) {
        Ok(solution) => add(solution, &shown, &format!("{shown}!/"), analysis),
        Err(DefinitionError::NoSolution) => loose(&mut package, &shown, named, analysis),
        Err(error) => analysis.refuse(shown, error),
    }
}

/// Definitions that stand side by side in an archive.
fn loose(package: &mut dyn Package, path: &str, named: bool, analysis: &mut Analysis) {
    let before = analysis.definitions.len();
    for (at, name) in package.names().to_vec().iter().enumerate() {
        let lower = name.to_lowercase();
        if ["json", "robin", "txt"]
            .iter()
            .any(|extension| lower.ends_with(&format!(".{extension}")))
        {
            let inside = format!("{path}!/{name}");
            match package.read(at) {
                Ok(bytes) => file::content(&inside, &bytes, false, analysis),
                Err(error) => analysis.refuse(inside, error),
            }
        }
    }
    if named && analysis.definitions.len() == before {
        analysis.refuse(path.to_owned(), DefinitionError::NoSolution);
    }
}

fn add(solution: Solution, path: &str, prefix: &str, analysis: &mut Analysis) {
    let variables = solution.environment_variables.into_iter();
    let findings = variables.flat_map(|variable| variable.findings).take(MAX_FINDINGS).collect();
    analysis.definitions.push(Definition {
        path: path.to_owned(),
        id: None,
        name: solution.unique_name.or(solution.display_name),
        kind: Kind::Solution,
        features: Features::Solution(Box::new(solution.features)),
        findings,
    });
    for workflow in solution.workflows {
        add_workflow(workflow, path, prefix, analysis);
    }
    for (entry, reason) in solution.unread {
        analysis.refuse(format!("{prefix}{entry}"), reason);
    }
}

fn add_workflow(workflow: Workflow, path: &str, prefix: &str, analysis: &mut Analysis) {
    let is_desktop = workflow.category == solution::DESKTOP_FLOW;
    let (kind, features, findings) = match workflow.content {
        WorkflowContent::Cloud(flow) => {
            (Kind::CloudFlow, Features::CloudFlow(Box::new(flow.features)), flow.findings)
        }
        WorkflowContent::Desktop(flow) => {
            (Kind::DesktopFlow, Features::DesktopFlow(Box::new(flow.features)), flow.findings)
        }
        WorkflowContent::Unknown if is_desktop => {
            (Kind::DesktopFlow, Features::ScriptUnknown, Vec::new())
        }
        WorkflowContent::Unknown => return,
    };
    let path = workflow.entry.map_or_else(|| path.to_owned(), |entry| format!("{prefix}{entry}"));
    let (id, name) = (Some(workflow.id), workflow.name);
    analysis.definitions.push(Definition { path, id, name, kind, features, findings });
}
