//! Read: brings the parts of a package together. Every entry is opened once; one that cannot be read stands in
//! `unread` and does not stop the rest, except for the manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::path::Path;

use super::archive::{FolderPackage, Package, PartsPackage, open_solution};
use super::customizations::{Customizations, WorkflowXml};
use super::{
    Bot, ConnectionReference, EnvironmentVariable, Solution, SolutionFeatures, Workflow,
    WorkflowContent, WorkflowText, manifest, variable,
};
use crate::cloud;
use crate::desktop::{self, DesktopScript};
use crate::error::DefinitionError;
use crate::json::{Json, Value};
use crate::text;

const CLOUD_FLOW: u32 = 5;
pub(crate) const DESKTOP_FLOW: u32 = 6;

/// Where a manifest may stand in an unpacked folder.
const MANIFESTS: [&str; 3] = ["solution.xml", "Other/Solution.xml", "src/Other/Solution.xml"];

pub(crate) fn read_zip<R: Read + Seek>(
    package: R,
    shown: Shown<'_>,
) -> Result<Solution, DefinitionError> {
    read(&mut open_solution(package)?, shown)
}

pub(crate) fn read_folder(folder: &Path, shown: Shown<'_>) -> Result<Solution, DefinitionError> {
    read(&mut FolderPackage::open(folder)?, shown)
}

pub(crate) fn read_parts(parts: &[(String, Vec<u8>)]) -> Result<Solution, DefinitionError> {
    read(&mut PartsPackage::open(parts)?, &mut |_| {})
}

/// Whether a folder holds a manifest.
pub(crate) fn is_solution_folder(folder: &Path) -> bool {
    MANIFESTS.iter().any(|name| folder.join(name).is_file())
}

/// Whom every workflow's text is shown to, one at a time.
pub(crate) type Shown<'s> = &'s mut dyn FnMut(&WorkflowText<'_>);

/// Reads a package whose names are known.
pub(crate) fn read(
    package: &mut dyn Package,
    shown: Shown<'_>,
) -> Result<Solution, DefinitionError> {
    let entries = Entries::of(package.names())?;
    let mut solution = empty();
    manifest::read(&entries.manifest.0, &package.read(entries.manifest.1)?, &mut solution)?;
    let mut customizations = Customizations::default();
    for (name, at) in &entries.customizations {
        let added = package.read(*at).and_then(|bytes| customizations.add(name, &bytes));
        keep_error(&mut solution, name, added);
    }
    read_variables(package, &entries, &mut solution);
    read_bots(package, &entries, &mut solution);
    read_workflows(package, &entries, customizations.workflows, &mut solution, shown);
    let references = customizations.references.into_iter().collect::<BTreeMap<_, _>>().into_iter();
    solution.connection_references = references
        .map(|(logical_name, connector_id)| ConnectionReference { logical_name, connector_id })
        .collect();
    let mut components: BTreeSet<String> = customizations.code_components.into_iter().collect();
    components.extend(entries.code_components.iter().cloned());
    solution.code_components = components.into_iter().collect();
    let mut assemblies: BTreeSet<String> = customizations.plugin_assemblies.into_iter().collect();
    assemblies.extend(entries.plugin_assemblies.iter().cloned());
    solution.plugin_assemblies = assemblies.into_iter().collect();
    count(&entries, &mut solution);
    Ok(solution)
}

fn empty() -> Solution {
    Solution {
        unique_name: None,
        display_name: None,
        publisher: None,
        features: SolutionFeatures::default(),
        components: Vec::new(),
        workflows: Vec::new(),
        environment_variables: Vec::new(),
        connection_references: Vec::new(),
        bots: Vec::new(),
        plugin_assemblies: Vec::new(),
        code_components: Vec::new(),
        unread: Vec::new(),
    }
}

fn keep_error<T>(
    solution: &mut Solution,
    name: &str,
    result: Result<T, DefinitionError>,
) -> Option<T> {
    result.map_err(|error| solution.unread.push((name.to_owned(), error))).ok()
}

type Entry = (String, usize);

/// The entries of a package by what they are.
#[derive(Default)]
struct Entries {
    manifest: Entry,
    /// The folder that holds the package, with its slash.
    root: String,
    customizations: Vec<Entry>,
    /// By lower-case path from the root of the package.
    by_path: BTreeMap<String, Entry>,
    variables: Vec<Entry>,
    bots: Vec<Entry>,
    plugin_assemblies: BTreeSet<String>,
    code_components: BTreeSet<String>,
    canvas_apps: u64,
    custom_connectors: u64,
}

impl Entries {
    fn of(names: &[String]) -> Result<Self, DefinitionError> {
        let (manifest, root) = find_manifest(names).ok_or(DefinitionError::NoSolution)?;
        let mut entries = Self { manifest, root: root.clone(), ..Self::default() };
        let mut sorted: Vec<Entry> =
            names.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect();
        sorted.sort();
        for (name, at) in sorted {
            let Some(path) = name.get(root.len()..).filter(|_| name.starts_with(&root)) else {
                continue;
            };
            let path = path.to_lowercase();
            entries.sort_in(&path, &name, at);
            entries.by_path.insert(path, (name, at));
        }
        Ok(entries)
    }

    fn sort_in(&mut self, path: &str, name: &str, at: usize) {
        let entry = || (name.to_owned(), at);
        let parts: Vec<&str> = path.split('/').collect();
        let original = |part: usize| {
            name.rsplit('/').nth(parts.len() - 1 - part).unwrap_or_default().to_owned()
        };
        match parts.as_slice() {
            ["customizations.xml"] | ["other", "customizations.xml"] => {
                self.customizations.push(entry());
            }
            [.., "environmentvariabledefinition.xml"] => self.variables.push(entry()),
            ["bots", _, "bot.xml"] => self.bots.push(entry()),
            ["controls", _, .., last] if last.starts_with("controlmanifest.xml") => {
                self.code_components.insert(original(1));
            }
            ["pluginassemblies", .., last] if last.ends_with(".dll") => {
                let last = original(parts.len() - 1);
                self.plugin_assemblies.insert(last[..last.len() - 4].to_owned());
            }
            [.., last] if last.ends_with(".data.xml") && path.starts_with("workflows/") => {
                self.customizations.push(entry());
            }
            [.., last] if last.ends_with(".msapp") => self.canvas_apps += 1,
            [.., last] if last.ends_with("_openapidefinition.json") => self.custom_connectors += 1,
            _ => {}
        }
    }

    /// An entry beside another.
    fn beside(&self, name: &str, other: &str) -> Option<Entry> {
        let path = name.get(self.root.len()..)?.to_lowercase();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.by_path.get(&format!("{folder}/{other}")).cloned()
    }
}

/// The manifest nearest to the root, and the folder that holds the package (with its slash).
fn find_manifest(names: &[String]) -> Option<(Entry, String)> {
    let mut found: Vec<(usize, &String, usize, String)> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let lower = name.to_lowercase();
        let suffix = ["other/solution.xml", "solution.xml"].iter().find(|suffix| {
            lower.strip_suffix(**suffix).is_some_and(|root| root.is_empty() || root.ends_with('/'))
        });
        if let Some(root) = suffix.and_then(|suffix| name.get(..name.len() - suffix.len())) {
            found.push((root.matches('/').count(), name, at, root.to_owned()));
        }
    }
    found.sort();
    found.into_iter().next().map(|(_, name, at, root)| ((name.clone(), at), root))
}

fn read_variables(package: &mut dyn Package, entries: &Entries, solution: &mut Solution) {
    let mut found: BTreeMap<String, EnvironmentVariable> = BTreeMap::new();
    for (name, at) in &entries.variables {
        let values = entries.beside(name, "environmentvariablevalues.json");
        let read = package.read(*at).and_then(|definition| {
            let shipped =
                values.map(|(name, at)| package.read(at).map(|bytes| (name, bytes))).transpose()?;
            let shipped = shipped.as_ref().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
            variable::read((name, &definition), shipped)
        });
        if let Some(variable) = keep_error(solution, name, read) {
            found.insert(variable.schema_name.to_lowercase(), variable);
        }
    }
    solution.environment_variables = found.into_values().collect();
}

fn read_bots(package: &mut dyn Package, entries: &Entries, solution: &mut Solution) {
    for (name, at) in &entries.bots {
        let configuration = entries.beside(name, "configuration.json");
        let read = package.read(*at).and_then(|bytes| {
            let mut bot = bot_xml(name, &bytes)?;
            if let Some((_, at)) = configuration {
                bot_configuration(&package.read(at)?, &mut bot)?;
            }
            Ok(bot)
        });
        let bot = keep_error(solution, name, read);
        solution.bots.extend(bot);
    }
}

fn bot_xml(name: &str, bytes: &[u8]) -> Result<Bot, DefinitionError> {
    use super::xml::{Step, walk};
    let folder = name.rsplit('/').nth(1).unwrap_or_default().to_owned();
    let mut bot =
        Bot { schema_name: folder, name: None, authentication_mode: None, channels: Vec::new() };
    walk(name, bytes, &mut |place, step| match (place.depth(), place.name(), step) {
        (1, _, Step::Open(element)) => {
            if let Some(schema_name) = element.attribute("schemaname") {
                bot.schema_name = schema_name.to_owned();
            }
        }
        (2, "name", Step::Close(text)) if !text.trim().is_empty() => {
            bot.name = Some(text.trim().to_owned());
        }
        (2, "authenticationmode", Step::Close(text)) => {
            bot.authentication_mode = text.trim().parse().ok();
        }
        _ => {}
    })?;
    Ok(bot)
}

fn bot_configuration(bytes: &[u8], bot: &mut Bot) -> Result<(), DefinitionError> {
    let decoded = text::decode(bytes)?;
    let json = Json::read(text::unmarked(&decoded))?;
    let channels = json.root().get("channels").into_iter().flat_map(Value::children);
    let named =
        channels.filter_map(|channel| channel.text().or_else(|| channel.string("channelId")));
    bot.channels =
        named.map(|channel| channel.to_lowercase()).collect::<BTreeSet<_>>().into_iter().collect();
    let mode = json.root().get("authenticationMode").and_then(Value::number);
    bot.authentication_mode = bot.authentication_mode.or(mode.map(|mode| mode as u32));
    Ok(())
}

fn read_workflows(
    package: &mut dyn Package,
    entries: &Entries,
    listed: Vec<WorkflowXml>,
    solution: &mut Solution,
    shown: Shown<'_>,
) {
    let mut found: BTreeMap<String, WorkflowXml> = BTreeMap::new();
    for workflow in listed {
        let known = found.entry(workflow.id.clone()).or_default();
        known.id = workflow.id;
        known.name = known.name.take().or(workflow.name);
        known.category = known.category.or(workflow.category);
        known.json_file = known.json_file.take().or(workflow.json_file);
        known.script = known.script.take().or(workflow.script);
    }
    for xml in found.into_values() {
        let entry = xml.json_file.as_deref().and_then(|file| {
            let path = file.replace('\\', "/").trim_start_matches('/').to_lowercase();
            entries.by_path.get(&path).cloned()
        });
        let category = xml.category.unwrap_or(u32::MAX);
        let content = match category {
            CLOUD_FLOW => cloud_content(package, entry.as_ref(), &xml, solution, shown),
            DESKTOP_FLOW => desktop_content(package, entry.as_ref(), &xml, solution, shown),
            _ => WorkflowContent::Unknown,
        };
        let entry = xml.script.map(|script| script.entry).or(entry.map(|(name, _)| name));
        solution.workflows.push(Workflow { id: xml.id, name: xml.name, category, entry, content });
    }
}

fn cloud_content(
    package: &mut dyn Package,
    entry: Option<&Entry>,
    xml: &WorkflowXml,
    solution: &mut Solution,
    shown: Shown<'_>,
) -> WorkflowContent {
    let Some((name, at)) = entry else { return WorkflowContent::Unknown };
    let read = package.read(*at).and_then(|bytes| {
        let decoded = text::decode(&bytes)?;
        let document = text::unmarked(&decoded);
        shown(&xml.text(CLOUD_FLOW, Some(document)));
        cloud::read_text(document)
    });
    let flow = keep_error(solution, name, read).and_then(|flows| flows.into_iter().next());
    flow.map_or(WorkflowContent::Unknown, |mut flow| {
        flow.id = Some(xml.id.clone());
        flow.name = xml.name.clone().or(flow.name);
        WorkflowContent::Cloud(Box::new(flow))
    })
}

fn desktop_content(
    package: &mut dyn Package,
    entry: Option<&Entry>,
    xml: &WorkflowXml,
    solution: &mut Solution,
    shown: Shown<'_>,
) -> WorkflowContent {
    let mut clientdata = || -> Result<Option<String>, DefinitionError> {
        let Some((_, at)) = entry else { return Ok(None) };
        Ok(Some(text::decode(&package.read(*at)?)?.into_owned()))
    };
    let script = match &xml.script {
        Some(script) => {
            shown(&xml.text(DESKTOP_FLOW, None));
            desktop::script(Some(&script.literal), None)
        }
        None => clientdata().and_then(|clientdata| {
            shown(&xml.text(DESKTOP_FLOW, clientdata.as_deref()));
            desktop::script(None, clientdata.as_deref())
        }),
    };
    let name = entry.map_or(xml.id.as_str(), |(name, _)| name);
    match keep_error(solution, name, script) {
        Some(DesktopScript::Known(script)) => {
            let mut flow = desktop::read(&script);
            if let Some(script) = &xml.script {
                // Line ends are escapes in the literal: all of the script stands in one line of the XML.
                flow.findings.iter_mut().for_each(|finding| finding.line = script.line);
            }
            WorkflowContent::Desktop(Box::new(flow))
        }
        Some(DesktopScript::Unknown) | None => WorkflowContent::Unknown,
    }
}

impl WorkflowXml {
    /// The workflow as a Dataverse row would tell it.
    fn text<'a>(&'a self, category: u32, clientdata: Option<&'a str>) -> WorkflowText<'a> {
        WorkflowText {
            id: &self.id,
            name: self.name.as_deref(),
            category,
            clientdata,
            definition: self.script.as_ref().map(|script| script.literal.as_str()),
        }
    }
}

fn count(entries: &Entries, solution: &mut Solution) {
    let it = &mut solution.features;
    for workflow in solution.workflows.iter().filter(|workflow| workflow.category != u32::MAX) {
        *it.workflow_categories.entry(workflow.category.to_string()).or_default() += 1;
        it.cloud_flow_count += u64::from(workflow.category == CLOUD_FLOW);
        it.desktop_flow_count += u64::from(workflow.category == DESKTOP_FLOW);
        it.desktop_script_count +=
            u64::from(matches!(workflow.content, WorkflowContent::Desktop(_)));
    }
    let variables = &solution.environment_variables;
    let counted = |fits: fn(&EnvironmentVariable) -> bool| {
        variables.iter().filter(|it| fits(it)).count() as u64
    };
    it.env_var_count = variables.len() as u64;
    it.env_var_secret_count = counted(|variable| variable.is_secret);
    it.env_var_value_shipped_count = counted(|variable| variable.value_shipped);
    it.env_var_plain_secret_suspect_count = counted(|variable| !variable.findings.is_empty());
    it.connection_reference_count = solution.connection_references.len() as u64;
    it.bot_count = solution.bots.len() as u64;
    it.canvas_app_count = entries.canvas_apps;
    it.custom_connector_count = entries.custom_connectors;
    it.plugin_assembly_count = solution.plugin_assemblies.len() as u64;
    it.code_component_count = solution.code_components.len() as u64;
}
