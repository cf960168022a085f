//! Features: what a flow definition, a desktop-flow script or a solution package says.
//!
//! Bytes in, features out. Three nouns are read:
//!
//! | Noun | Function | Gives |
//! |---|---|---|
//! | cloud flow (Workflow Definition Language) | [`cloud_flow`], [`cloud_flows`] | [`CloudFlow`] |
//! | desktop flow (Robin script) | [`desktop_script`], [`desktop_flow`] | [`DesktopFlow`] |
//! | solution package, packed or unpacked | [`solution_package`], [`solution_folder`] | [`Solution`] |
//!
//! and [`analyse`] does all three over files and folders, with [`write_json`], [`write_table`] and
//! [`write_sarif`] to render what it found.
//!
//! Guarantees: no panic on any input, time linear in the input, memory bounded by the largest document (the bounds
//! are the constants in [`limits`]), the same bytes for the same input. What a definition does not tell stays
//! unknown: a definition that cannot be read gives an error, never features of zeros.
//!
//! Deliberately absent: the network, a clock, and the values of suspected secrets. A suspicion is reported by rule
//! and place; the literal itself is never stored, logged or hashed.
//!
//! ```
//! let document = br#"{"triggers":{},"actions":{"Wait":{"type":"Wait"}}}"#;
//! let flow = highwater_definitions::cloud_flow(document).expect("a bare definition");
//! assert_eq!(flow.features.action_count, 1);
//! ```

mod analysis;
mod base64;
mod cloud;
mod desktop;
mod error;
mod finding;
mod json;
pub mod limits;
mod render;
mod sarif;
mod secret;
mod solution;
mod text;

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

pub use analysis::{Analysis, Definition, Features, Kind, Unread};
pub use cloud::{CloudFlow, CloudFlowFeatures, ErrorHandling};
pub use desktop::{DesktopFlow, DesktopFlowFeatures, DesktopScript};
pub use error::DefinitionError;
pub use finding::{Finding, Level, Rule};
pub use secret::SecretRule;
pub use solution::{
    Bot, Component, ConnectionReference, EnvironmentVariable, Managed, Solution, SolutionFeatures,
    Workflow, WorkflowContent, WorkflowText,
};

/// Every cloud flow of a document as found: `clientdata` of Dataverse (object or string), the flow API's object, the
/// Power Platform API's `definition`, a solution's `Workflows/*.json`, a legacy package's `definition.json`, a Logic
/// Apps `workflow.json`, an ARM template, a Dataverse row, or a list of such rows.
///
/// UTF-8 and UTF-16 are read, with or without byte order mark. Order: as in the document.
///
/// # Errors
/// [`DefinitionError::NotJson`] when the text is no JSON, [`DefinitionError::TooLarge`] beyond
/// [`limits::MAX_DOCUMENT_BYTES`], [`DefinitionError::NoCloudFlow`] when no cloud flow is in it (a desktop flow's stub,
/// say). An ARM template without workflows is an empty list and no error.
pub fn cloud_flows(document: &[u8]) -> Result<Vec<CloudFlow>, DefinitionError> {
    cloud::read(document)
}

/// The only (or first) cloud flow of a document; see [`cloud_flows`].
///
/// # Errors
/// As [`cloud_flows`], and [`DefinitionError::NoCloudFlow`] for a template without workflows.
pub fn cloud_flow(document: &[u8]) -> Result<CloudFlow, DefinitionError> {
    cloud_flows(document)?.into_iter().next().ok_or(DefinitionError::NoCloudFlow)
}

/// The Robin script of a Dataverse `workflow` row of category 6: `definition` when it is not blank (a JSON string
/// literal or plain text), else the package inside `clientdata`, else [`DesktopScript::Unknown`].
///
/// # Errors
/// When a script is there and cannot be unpacked (broken string literal, broken base64 or zip, a bomb).
pub fn desktop_script(
    definition: Option<&str>,
    clientdata: Option<&str>,
) -> Result<DesktopScript, DefinitionError> {
    desktop::script(definition, clientdata)
}

/// What a Robin script says. Reads any text: what it does not know counts as an action, surplus or missing `END`s are
/// counted in `unbalanced`.
#[must_use]
pub fn desktop_flow(script: &str) -> DesktopFlow {
    desktop::read(script)
}

/// A packed solution (`.zip`).
///
/// # Errors
/// When it is no zip archive, has no `solution.xml`, or breaks a bound of [`limits`] (unsafe names, too many entries,
/// too large, a compression ratio no honest package has).
pub fn solution_package<R: Read + Seek>(package: R) -> Result<Solution, DefinitionError> {
    solution::read_zip(package, &mut |_| {})
}

/// As [`solution_package`], and shows the text of every flow as it is read. One text is in memory at a time.
///
/// # Errors
/// As [`solution_package`].
pub fn solution_package_texts<R: Read + Seek>(
    package: R,
    shown: &mut dyn FnMut(&WorkflowText<'_>),
) -> Result<Solution, DefinitionError> {
    solution::read_zip(package, shown)
}

/// An unpacked solution: a folder that holds `solution.xml`, `Other/Solution.xml` or `src/Other/Solution.xml`.
/// Symbolic links are not followed.
///
/// # Errors
/// As [`solution_package`], and [`DefinitionError::Io`].
pub fn solution_folder(folder: &Path) -> Result<Solution, DefinitionError> {
    solution::read_folder(folder, &mut |_| {})
}

/// As [`solution_folder`], and shows the text of every flow as it is read. One text is in memory at a time.
///
/// # Errors
/// As [`solution_folder`].
pub fn solution_folder_texts(
    folder: &Path,
    shown: &mut dyn FnMut(&WorkflowText<'_>),
) -> Result<Solution, DefinitionError> {
    solution::read_folder(folder, shown)
}

/// A solution given as names and contents, for whoever has the parts at hand already.
///
/// # Errors
/// As [`solution_package`].
pub fn solution_parts(parts: &[(String, Vec<u8>)]) -> Result<Solution, DefinitionError> {
    solution::read_parts(parts)
}

/// Files and folders, analysed: definitions in the order of the paths, folders in the order of their names. What
/// cannot be read stands in [`Analysis::unread`] with its reason; it never stops the rest.
#[must_use]
pub fn analyse(paths: &[PathBuf]) -> Analysis {
    analysis::analyse(paths)
}

/// The analysis as JSON: `{"definitions": [{"path", "id", "name", "kind", "features": {…}}]}`.
///
/// # Errors
/// When the writer fails.
pub fn write_json(analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    render::json(analysis, out)
}

/// The analysis as a plain text table, a line a definition, findings below.
///
/// # Errors
/// When the writer fails.
pub fn write_table(analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    render::table(analysis, out)
}

/// The findings as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>), for annotations on pull requests.
/// `version` is the version of the calling tool.
///
/// # Errors
/// When the writer fails.
pub fn write_sarif(analysis: &Analysis, version: &str, out: &mut dyn Write) -> io::Result<()> {
    sarif::write(analysis, version, out)
}
