//! Analysis: files and folders in, definitions and findings out. Every file is looked at once and by its content; what
//! cannot be read is listed with its reason. Deliberately not here: how an analysis is shown; see `render`, `sarif`.

mod file;
mod package;

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::cloud::CloudFlowFeatures;
use crate::desktop::DesktopFlowFeatures;
use crate::error::DefinitionError;
use crate::finding::Finding;
use crate::limits::{MAX_FOLDER_DEPTH, MAX_FOLDER_FILES};
use crate::solution::{SolutionFeatures, children, is_solution_folder};

/// What files and folders hold.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Definitions, in the order of the paths.
    pub definitions: Vec<Definition>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// One definition.
#[derive(Debug, Serialize)]
pub struct Definition {
    /// Where it stands: a file, or `package.zip!/entry`; `/` as separator.
    pub path: String,
    /// Id, lower case. `None`: not told.
    pub id: Option<String>,
    /// Display name. `None`: not told.
    pub name: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub features: Features,
    /// What to look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What a definition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A cloud flow.
    CloudFlow,
    /// A desktop flow.
    DesktopFlow,
    /// A solution package.
    Solution,
}

/// The features of a definition.
#[derive(Debug)]
pub enum Features {
    /// Of a cloud flow.
    CloudFlow(Box<CloudFlowFeatures>),
    /// Of a desktop flow with script.
    DesktopFlow(Box<DesktopFlowFeatures>),
    /// Of a solution package.
    Solution(Box<SolutionFeatures>),
    /// A desktop flow whose script is not told: counted, nothing else known. Written as `{"script": null}`.
    ScriptUnknown,
}

/// Something that could not be read.
#[derive(Debug)]
pub struct Unread {
    /// Where it stands, as in [`Definition::path`].
    pub path: String,
    /// Why.
    pub reason: DefinitionError,
}

impl Analysis {
    fn refuse(&mut self, path: String, reason: DefinitionError) {
        self.unread.push(Unread { path, reason });
    }
}

impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::CloudFlow(features) => features.serialize(serializer),
            Self::DesktopFlow(features) => features.serialize(serializer),
            Self::Solution(features) => features.serialize(serializer),
            Self::ScriptUnknown => [("script", ())]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>()
                .serialize(serializer),
        }
    }
}

/// Analyses files and folders.
pub(crate) fn analyse(paths: &[PathBuf]) -> Analysis {
    let mut analysis = Analysis::default();
    for path in paths {
        if path.is_dir() {
            folder(path, &mut analysis);
        } else {
            file::analyse(path, true, &mut analysis);
        }
    }
    analysis
}

/// A path as it is written in results.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A folder: a solution, or whatever stands below.
fn folder(top: &Path, analysis: &mut Analysis) {
    let mut waiting = vec![(top.to_owned(), 0usize)];
    let mut files = 0usize;
    while let Some((folder, depth)) = waiting.pop() {
        if is_solution_folder(&folder) {
            package::folder(&folder, analysis);
            continue;
        }
        let found = match children(&folder) {
            Ok(found) => found,
            Err(error) => {
                analysis.refuse(shown(&folder), error);
                continue;
            }
        };
        let visible = |name: &str| !name.starts_with('.') && name != "node_modules";
        for (name, kind) in &found {
            if kind.is_file() && files < MAX_FOLDER_FILES {
                files += 1;
                file::analyse(&folder.join(name), false, analysis);
            }
        }
        let inner = found
            .iter()
            .rev()
            .filter(|(name, kind)| kind.is_dir() && visible(name) && depth < MAX_FOLDER_DEPTH);
        waiting.extend(inner.map(|(name, _)| (folder.join(name), depth + 1)));
    }
}
