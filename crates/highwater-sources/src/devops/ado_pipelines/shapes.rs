//! Shapes: what is read of definitions, builds, environments, checks and releases.
//!
//! Only what the table needs is named; everything else of an answer is passed over.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A build definition.
#[derive(Deserialize)]
pub(super) struct Definition {
    pub(super) id: u64,
    pub(super) url: Option<String>,
    pub(super) project: Option<Project>,
    #[serde(default)]
    pub(super) process: Process,
    pub(super) repository: Option<Repository>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Project {
    pub(super) name: String,
}

/// How a definition works: a file, or phases of steps.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Process {
    pub(super) yaml_filename: Option<String>,
    pub(super) phases: Vec<Phase>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Phase {
    #[serde(default)]
    pub(super) steps: Vec<Task>,
}

/// A step of a build or a task of a release.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) inputs: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repository {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) url: Option<String>,
    pub(super) default_branch: Option<String>,
}

/// A file with its text.
#[derive(Deserialize)]
pub(super) struct File {
    pub(super) content: String,
}

/// A build or a deployment.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deployment_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) completed_on: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Environment {
    pub(super) id: u64,
    pub(super) name: String,
}

/// A check of an environment.
#[derive(Deserialize, Serialize)]
pub(super) struct Check {
    #[serde(rename = "type")]
    pub(super) kind: CheckKind,
}

#[derive(Deserialize, Serialize)]
pub(super) struct CheckKind {
    pub(super) name: String,
}

/// A release definition in a list.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) id: u64,
}

/// A release definition.
#[derive(Deserialize)]
pub(super) struct Release {
    pub(super) id: u64,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) environments: Vec<Stage>,
    #[serde(default)]
    pub(super) artifacts: Vec<Artifact>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) pre_deploy_approvals: Approvals,
    #[serde(default)]
    pub(super) deploy_phases: Vec<DeployPhase>,
}

#[derive(Default, Deserialize, Serialize)]
pub(super) struct Approvals {
    #[serde(default)]
    pub(super) approvals: Vec<Approval>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Approval {
    pub(super) is_automated: Option<bool>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeployPhase {
    #[serde(default)]
    pub(super) workflow_tasks: Vec<Task>,
}

/// What a release takes in: a build, or a repository.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) definition_reference: Reference,
}

#[derive(Default, Deserialize)]
pub(super) struct Reference {
    pub(super) definition: Option<Referred>,
    pub(super) project: Option<Referred>,
}

#[derive(Deserialize)]
pub(super) struct Referred {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

impl Definition {
    /// Whether its file lies in Azure Repos, where it can be read.
    pub(super) fn has_readable_file(&self) -> bool {
        let kind = self.repository.as_ref().and_then(|repository| repository.kind.as_deref());
        self.process.yaml_filename.is_some() && kind == Some("TfsGit")
    }

    /// Its steps as text, where it is no file.
    pub(super) fn steps(&self) -> String {
        serde_json::to_string(&self.process.phases).unwrap_or_default()
    }
}

impl Release {
    /// Its tasks as text.
    pub(super) fn tasks(&self) -> String {
        serde_json::to_string(&self.environments).unwrap_or_default()
    }
}
