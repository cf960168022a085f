//! Solution: what a solution package holds. The types stand here; `archive` opens packages within bounds, `manifest`
//! reads `solution.xml`, `customizations` the rest of the XML, `variable` environment variables.

mod archive;
mod customizations;
mod manifest;
mod read;
mod variable;
mod xml;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::cloud::CloudFlow;
use crate::desktop::DesktopFlow;
use crate::error::DefinitionError;
use crate::finding::Finding;

pub(crate) use archive::{Package, ZipPackage, children, read_file};
pub(crate) use read::{DESKTOP_FLOW, is_solution_folder, read, read_folder, read_parts, read_zip};

/// Whether a package is managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Managed {
    /// `0`: unmanaged.
    No,
    /// `1`: managed.
    Yes,
    /// `2`: an unpacked folder that serves both.
    Both,
}

/// A solution package.
#[derive(Debug)]
pub struct Solution {
    /// Unique name. `None`: not told.
    pub unique_name: Option<String>,
    /// Display name. `None`: not told.
    pub display_name: Option<String>,
    /// Unique name of the publisher. `None`: not told.
    pub publisher: Option<String>,
    /// What is counted and judged.
    pub features: SolutionFeatures,
    /// Root components, in the order of the manifest.
    pub components: Vec<Component>,
    /// Workflows of all categories, by id.
    pub workflows: Vec<Workflow>,
    /// Environment variables, by schema name.
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Connection references, by logical name.
    pub connection_references: Vec<ConnectionReference>,
    /// Bots (agents), by schema name.
    pub bots: Vec<Bot>,
    /// Names of plug-in assemblies, sorted.
    pub plugin_assemblies: Vec<String>,
    /// Names of code components, sorted.
    pub code_components: Vec<String>,
    /// Parts of the package that could not be read, by name, with the reason.
    pub unread: Vec<(String, DefinitionError)>,
}

/// One root component of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Component {
    /// Type number of the platform.
    pub component_type: u32,
    /// The type in words: `table`, `process`, `canvas_app` and so on; `other` for the rest.
    pub kind: &'static str,
    /// Id, lower case, braces dropped.
    pub id: Option<String>,
    /// Schema name.
    pub name: Option<String>,
}

/// One workflow of a package.
#[derive(Debug)]
pub struct Workflow {
    /// Id, lower case, braces dropped.
    pub id: String,
    /// Display name.
    pub name: Option<String>,
    /// Category: 5 cloud flow, 6 desktop flow, 0–4 classic.
    pub category: u32,
    /// Entry that holds the definition.
    pub entry: Option<String>,
    /// What the definition says.
    pub content: WorkflowContent,
}

/// One workflow of a package as it is written there: what the columns of its Dataverse row hold.
#[derive(Debug, Clone, Copy)]
pub struct WorkflowText<'a> {
    /// Id, lower case, braces dropped.
    pub id: &'a str,
    /// Display name.
    pub name: Option<&'a str>,
    /// Category: 5 cloud flow, 6 desktop flow. Classic processes are not shown.
    pub category: u32,
    /// The definition of a cloud flow; of a desktop flow where its script is in the package inside.
    pub clientdata: Option<&'a str>,
    /// The script of a desktop flow as a JSON string literal.
    pub definition: Option<&'a str>,
}

/// What a workflow's definition says.
#[derive(Debug)]
pub enum WorkflowContent {
    /// A cloud flow.
    Cloud(Box<CloudFlow>),
    /// A desktop flow with script.
    Desktop(Box<DesktopFlow>),
    /// Not told: no script, no definition, or a classic process.
    Unknown,
}

/// One environment variable of a package. Values are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentVariable {
    /// Schema name.
    pub schema_name: String,
    /// Type number of the platform; 100000005 is a secret of a vault.
    pub variable_type: Option<u32>,
    /// Held in a vault.
    pub is_secret: bool,
    /// The package carries a value beside the default.
    pub value_shipped: bool,
    /// The default or the value looks like a secret, and the variable is none.
    pub findings: Vec<Finding>,
}

/// One connection reference of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionReference {
    /// Logical name.
    pub logical_name: String,
    /// Connector id, lower case. `None`: not told.
    pub connector_id: Option<String>,
}

/// One bot (agent) of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bot {
    /// Schema name.
    pub schema_name: String,
    /// Display name. `None`: not told.
    pub name: Option<String>,
    /// Number of the authentication mode in its configuration. `None`: not told.
    pub authentication_mode: Option<u32>,
    /// Channels in its configuration, sorted.
    pub channels: Vec<String>,
}

/// The features of one solution package. Names and types are a contract (see `docs/definitions.md`).
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SolutionFeatures {
    /// `false`, `true` or `"both"`; `None`: not told.
    pub managed: Option<Managed>,
    /// Version. `None`: not told.
    pub version: Option<String>,
    /// Customisation prefix of the publisher. `None`: not told.
    pub publisher_prefix: Option<String>,
    /// The prefix is one the platform hands out by default.
    pub default_publisher: bool,
    /// Root components a type number.
    pub root_components: BTreeMap<String, u64>,
    /// Workflows a category number.
    pub workflow_categories: BTreeMap<String, u64>,
    /// Workflows of category 5.
    pub cloud_flow_count: u64,
    /// Workflows of category 6.
    pub desktop_flow_count: u64,
    /// Of those, with a script.
    pub desktop_script_count: u64,
    /// Connection references.
    pub connection_reference_count: u64,
    /// Environment variables.
    pub env_var_count: u64,
    /// Of those, held in a vault.
    pub env_var_secret_count: u64,
    /// Of those, with a value in the package.
    pub env_var_value_shipped_count: u64,
    /// Of those, plain and with a value that looks like a secret.
    pub env_var_plain_secret_suspect_count: u64,
    /// Bots (agents).
    pub bot_count: u64,
    /// Canvas apps.
    pub canvas_app_count: u64,
    /// Custom connectors.
    pub custom_connector_count: u64,
    /// Plug-in assemblies.
    pub plugin_assembly_count: u64,
    /// Code components.
    pub code_component_count: u64,
    /// Dependencies the target must bring along.
    pub missing_dependency_count: u64,
}

impl Serialize for Managed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::No => serializer.serialize_bool(false),
            Self::Yes => serializer.serialize_bool(true),
            Self::Both => serializer.serialize_str("both"),
        }
    }
}
