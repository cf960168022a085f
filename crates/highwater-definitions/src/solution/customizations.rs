//! Customizations: workflows, connection references, plug-ins and code components, from `customizations.xml` and from
//! the `*.data.xml` files of unpacked folders, which hold the same elements.

use super::xml::{Element, Place, Step, walk};
use crate::error::DefinitionError;
use crate::text::plain_id;

/// What the XML tells.
#[derive(Default)]
pub(super) struct Customizations {
    pub(super) workflows: Vec<WorkflowXml>,
    /// Logical name and connector id.
    pub(super) references: Vec<(String, Option<String>)>,
    pub(super) plugin_assemblies: Vec<String>,
    pub(super) code_components: Vec<String>,
    /// Whether a `Workflow` is open, and how deep.
    open: Option<usize>,
}

/// One workflow as the XML tells it.
#[derive(Default)]
pub(super) struct WorkflowXml {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) category: Option<u32>,
    pub(super) json_file: Option<String>,
    /// A desktop flow's script.
    pub(super) script: Option<ScriptXml>,
}

/// A script as a JSON string literal, and where it stands.
pub(super) struct ScriptXml {
    pub(super) literal: String,
    pub(super) entry: String,
    pub(super) line: u32,
}

impl Customizations {
    /// Reads one more document.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), DefinitionError> {
        self.open = None;
        walk(name, bytes, &mut |place, step| match step {
            Step::Open(element) => self.opened(place, element),
            Step::Close(text) => self.closed(name, place, text),
        })
    }

    fn opened(&mut self, place: &Place<'_>, element: &Element) {
        match place.name() {
            // Workflows without id are dependencies of others.
            "workflow" => {
                if let Some(id) = element.attribute("workflowid") {
                    let name = element.attribute("name").map(str::to_owned);
                    self.workflows.push(WorkflowXml {
                        id: plain_id(id),
                        name,
                        ..WorkflowXml::default()
                    });
                    self.open = Some(place.depth());
                }
            }
            "connectionreference" => {
                let name = element.attribute("connectionreferencelogicalname");
                self.references.extend(name.map(|name| (name.to_owned(), None)));
            }
            "pluginassembly" => {
                let full = element.attribute("fullname").or_else(|| element.attribute("name"));
                let name = full.and_then(|full| full.split(',').next());
                self.plugin_assemblies.extend(name.map(|name| name.trim().to_owned()));
            }
            _ => {}
        }
    }

    fn closed(&mut self, entry: &str, place: &Place<'_>, text: &str) {
        let trimmed = text.trim();
        match (place.parent(), place.name()) {
            ("connectionreference", "connectorid") => {
                if let Some((_, connector)) = self.references.last_mut() {
                    let last = trimmed.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                    *connector = (!last.is_empty()).then(|| last.to_lowercase());
                }
            }
            ("customcontrol", "name") if !trimmed.is_empty() => {
                self.code_components.push(trimmed.to_owned());
            }
            (_, "workflow") if self.open == Some(place.depth()) => self.open = None,
            ("workflow", _) if self.open == Some(place.depth() - 1) => {
                self.member(entry, place, text);
            }
            _ => {}
        }
    }

    fn member(&mut self, entry: &str, place: &Place<'_>, text: &str) {
        let Some(workflow) = self.workflows.last_mut() else { return };
        let told = (!text.trim().is_empty()).then(|| text.trim().to_owned());
        match place.name() {
            "category" => workflow.category = text.trim().parse().ok(),
            "jsonfilename" => workflow.json_file = told,
            "definition" => {
                let (entry, line) = (entry.to_owned(), place.line);
                workflow.script = told.map(|literal| ScriptXml { literal, entry, line });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_workflows_without_id_do_not_count() {
        let xml = r#"<ImportExportXml><Workflows>
            <Workflow WorkflowId="{AA-1}" Name="Outer"><Category>5</Category>
              <Dependencies><Workflow><Category>6</Category></Workflow></Dependencies>
              <JsonFileName>/Workflows/Outer.json</JsonFileName></Workflow></Workflows>
            <connectionreferences><connectionreference connectionreferencelogicalname="con_Sql">
              <connectorid>/providers/Microsoft.PowerApps/apis/shared_Sql</connectorid></connectionreference>
            </connectionreferences>
            <CustomControls><CustomControl><Name>con_Contoso.Gauge</Name></CustomControl></CustomControls>
            <SolutionPluginAssemblies><PluginAssembly FullName="Contoso.Plugins, Version=1.0.0.0"/></SolutionPluginAssemblies>
            </ImportExportXml>"#;
        let mut found = Customizations::default();
        found.add("customizations.xml", xml.as_bytes()).unwrap();
        assert_eq!(found.workflows.len(), 1);
        let workflow = &found.workflows[0];
        assert_eq!((workflow.id.as_str(), workflow.category), ("aa-1", Some(5)));
        assert_eq!(workflow.json_file.as_deref(), Some("/Workflows/Outer.json"));
        assert_eq!(found.references, [("con_Sql".to_owned(), Some("shared_sql".to_owned()))]);
        assert_eq!(found.code_components, ["con_Contoso.Gauge"]);
        assert_eq!(found.plugin_assemblies, ["Contoso.Plugins"]);
    }
}
