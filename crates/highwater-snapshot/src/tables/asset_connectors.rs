//! `asset_connectors`: one row per asset and connector.
//!
//! Canvas apps list their connections and Dataverse tables; flows theirs in the definition; the inventory lists
//! connectors of apps, flows and agents without saying how they are bound. The built-in HTTP action is no connector.
//!
//! `binding` is `embedded` when any binding of the connector is. `writes` is told for connectors of stores (tables,
//! lists, files, databases) whose definition was read; a SharePoint connector that only writes files stays unknown,
//! because a document library is neither a list nor a database. What an app writes is not told by anybody.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use highwater_definitions::{CloudFlow, CloudFlowFeatures};

use super::cloud_flows::{CLOUD, flow_id, is_workflow, workflow_id};
use super::flow_definitions::{dataverse_flow, is_packed_workflow, platform_flow, service_flow};
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, Value, cell};

/// Which asset uses what.
pub(crate) static TABLE: Table = Table {
    name: "asset_connectors",
    grain: "one row per asset and connector",
    about: "which asset uses what",
    scope: Scope::Environment,
    key: &["environment_id", "asset_kind", "asset_id", "connector_id"],
    columns: &[
        Column::text("environment_id").required().business(),
        Column::text("asset_kind").required().about("app, flow, agent"),
        Column::text("asset_id").required().business(),
        Column::text("connector_id").required().about("last segment, lower-case; the built-in HTTP action is not a connector; `shared_commondataserviceforapps` = Dataverse; databaseReferences of a canvas app add it too"),
        Column::text("binding").about("reference, embedded; null when the source does not tell"),
        Column::bool("writes").about("creates, changes or deletes something in a store; null for other connectors and without a definition"),
    ],
    readings: &[
        Reading { source: "dv.workflows", read: dataverse },
        Reading { source: "flow.definition", read: definition },
        Reading { source: "ppapi.cloud_flows", read: platform },
        Reading { source: "flow.admin_flows", read: definition },
        Reading { source: "powerapps.apps", read: apps },
        Reading { source: "inventory.query", read: inventory },
        Reading { source: "solution_package", read: package },
        Reading { source: "coe.connection_references", read: kit },
    ],
    complete: &[&["inventory.query"], &["powerapps.apps", "dv.workflows", "ppapi.cloud_flows"], &["powerapps.apps", "dv.workflows", "flow.definition"], &["powerapps.apps", "flow.definition"]],
    sample: Sample::Seen,
};

fn dataverse(record: &Record<'_>, rows: &mut Rows) {
    if is_workflow(record, CLOUD) {
        let asset = Asset {
            kind: "flow",
            environment: record.environment("environmentid"),
            id: workflow_id(record),
        };
        let text = record.at("clientdata").filled().unwrap_or_default();
        asset.push_flow(&text, dataverse_flow(record), rows);
    }
}

/// A flow of a solution package, in the words of a Dataverse row.
fn package(record: &Record<'_>, rows: &mut Rows) {
    if is_packed_workflow(record) {
        dataverse(record, rows);
    }
}

fn platform(record: &Record<'_>, rows: &mut Rows) {
    let asset = Asset {
        kind: "flow",
        environment: record.environment("environmentId"),
        id: record.at("workflowId").id(),
    };
    let text = record.at("definition").filled().unwrap_or_default();
    asset.push_flow(&text, platform_flow(record), rows);
}

/// Also of the admin list, which may name connections although it holds no definition.
fn definition(record: &Record<'_>, rows: &mut Rows) {
    if record.at("properties.state").says("deleted") {
        return; // the recycle bin
    }
    let bindings = bindings(record.at("properties.connectionReferences"));
    let flow = service_flow(record);
    if bindings.is_empty() && flow.is_none() {
        return; // neither connections nor a definition are told
    }
    let asset = Asset {
        kind: "flow",
        environment: record.environment("properties.environment.name"),
        id: flow_id(record),
    };
    asset.push_bindings(&bindings, flow, rows);
}

/// Connection references of the CoE Starter Kit; those of apps do not lead to their environment.
fn kit(record: &Record<'_>, rows: &mut Rows) {
    if !record.at("flow").is_told() {
        return;
    }
    rows.push([
        cell("environment_id", record.environment("environment")),
        cell("asset_kind", "flow"),
        cell("asset_id", record.at("flow").id()),
        cell("connector_id", record.at("connector").id()),
    ]);
}

fn apps(record: &Record<'_>, rows: &mut Rows) {
    let asset = Asset {
        kind: "app",
        environment: record.environment("properties.environment.name"),
        id: record.at("name").id(),
    };
    let references = record.at("properties.connectionReferences").entries();
    let mut connectors: BTreeSet<String> = references
        .filter_map(|(_, reference)| reference.at("id").segment())
        .map(Cow::into_owned)
        .collect();
    if record.at("properties.databaseReferences").entries().next().is_some() {
        connectors.insert(DATAVERSE.to_owned());
    }
    asset.push_connectors(connectors, rows);
}

fn inventory(record: &Record<'_>, rows: &mut Rows) {
    let resource = record.at("type").word().unwrap_or_default();
    let (kind, id) = match resource.split_once('/') {
        Some(("microsoft.powerapps", _)) => ("app", record.at("properties.appModuleId").id()),
        Some(("microsoft.powerautomate", _)) => ("flow", flow_id(record)),
        Some(("microsoft.copilotstudio", "agents")) => {
            ("agent", record.at("properties.botId").id())
        }
        _ => return, // another resource
    };
    let asset = Asset {
        kind,
        environment: record.environment("properties.environmentId"),
        id: id.or_else(|| record.at("name").id()),
    };
    let listed = ["properties.powerPlatformConnectors", "properties.connectors"]
        .map(|path| record.at(path).items());
    let connectors = listed
        .into_iter()
        .flatten()
        .filter_map(|connector| connector.at("connectorId").segment())
        .map(Cow::into_owned)
        .collect();
    asset.push_connectors(connectors, rows);
}

/// The connector of Dataverse, which canvas apps use without naming it.
const DATAVERSE: &str = "shared_commondataserviceforapps";

/// The app, flow or agent whose connectors a record lists.
struct Asset<'v> {
    kind: &'static str,
    environment: Option<Cow<'v, str>>,
    id: Option<Cow<'v, str>>,
}

impl Asset<'_> {
    fn push_connectors(&self, connectors: BTreeSet<String>, rows: &mut Rows) {
        for connector in connectors {
            self.push(connector, None, None, rows);
        }
    }

    /// Connectors of a definition that came as text.
    fn push_flow(&self, text: &str, flow: Option<&CloudFlow>, rows: &mut Rows) {
        let value: Option<Value<'_>> = serde_json::from_str(text).ok();
        let root = value.as_ref().map_or(Json::NULL, Json::new);
        let references =
            ["properties.connectionReferences", "connectionReferences"].map(|path| root.at(path));
        let found = references.into_iter().find(|references| references.is_object());
        self.push_bindings(&bindings(found.unwrap_or(Json::NULL)), flow, rows);
    }

    fn push_bindings(
        &self,
        bindings: &BTreeMap<String, &'static str>,
        flow: Option<&CloudFlow>,
        rows: &mut Rows,
    ) {
        let features = flow.map(|flow| &flow.features);
        let used = features
            .iter()
            .flat_map(|features| &features.connector_ids)
            .filter(|id| id.starts_with("shared_"));
        let connectors: BTreeSet<&String> = bindings.keys().chain(used).collect();
        for connector in connectors {
            let writes = features.as_ref().and_then(|features| writes(connector, features));
            self.push(connector.clone(), bindings.get(connector).copied(), writes, rows);
        }
    }

    fn push(
        &self,
        connector: String,
        binding: Option<&'static str>,
        writes: Option<bool>,
        rows: &mut Rows,
    ) {
        rows.push([
            cell("environment_id", self.environment.clone()),
            cell("asset_kind", self.kind),
            cell("asset_id", self.id.clone()),
            cell("connector_id", connector),
            cell("binding", binding),
            cell("writes", writes),
        ]);
    }
}

/// How each connector is bound: by reference only when all its bindings are.
fn bindings(references: Json<'_>) -> BTreeMap<String, &'static str> {
    let mut bindings = BTreeMap::new();
    for (_, reference) in references.entries() {
        let names = ["api.name", "api.id", "id"].map(|path| reference.at(path).segment());
        let Some(connector) = names.into_iter().flatten().next() else { continue };
        let logical =
            ["connection.connectionReferenceLogicalName", "connectionReferenceLogicalName"];
        let by_reference = logical.iter().any(|path| reference.at(path).filled().is_some());
        let binding = bindings.entry(connector.into_owned()).or_insert("reference");
        if !by_reference {
            *binding = "embedded";
        }
    }
    bindings
}

/// Whether a flow writes through a connector of a store; none for other connectors.
fn writes(connector: &str, features: &CloudFlowFeatures) -> Option<bool> {
    let store = store(connector)?;
    let wrote = |store: &str| features.write_stores.contains_key(store);
    if store == "sharepoint_list" && !wrote(store) && wrote("sharepoint_file") {
        return None;
    }
    Some(wrote(store))
}

/// The store behind a connector, as `highwater-definitions` names it.
fn store(connector: &str) -> Option<&'static str> {
    const STORES: &[(&str, &str)] = &[
        ("commondataservice", "dataverse"),
        ("dynamicscrm", "dataverse"),
        ("azureblob", "blob"),
        ("datalake", "datalake"),
        ("adls", "datalake"),
        ("onelake", "datalake"),
        ("documentdb", "cosmos"),
        ("cosmos", "cosmos"),
        ("azuretables", "tables"),
        ("excel", "excel"),
        ("sharepointonline", "sharepoint_list"),
        ("onedrive", "onedrive"),
        ("sql", "sql"),
        ("oracle", "sql"),
    ];
    STORES.iter().find(|(part, _)| connector.contains(part)).map(|(_, store)| *store)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::testing::{rows, rows_at};

    fn place() -> Place {
        Place { environment: Some("e1".into()), ..Place::default() }
    }

    #[test]
    fn one_embedded_binding_makes_the_connector_embedded() {
        let clientdata = r#"{\"properties\": {\"connectionReferences\": {
            \"a\": {\"api\": {\"name\": \"shared_SQL\"}, \"connection\": {\"connectionReferenceLogicalName\": \"cts_sql\"}},
            \"b\": {\"api\": {\"name\": \"shared_sql\"}, \"connectionName\": \"x\"},
            \"c\": {\"id\": \"/providers/Microsoft.PowerApps/apis/shared_office365\", \"connection\": {\"connectionReferenceLogicalName\": \"cts_mail\"}}},
            \"definition\": {\"triggers\": {}, \"actions\": {\"W\": {\"type\": \"OpenApiConnection\", \"inputs\": {\"host\":
            {\"apiId\": \"/providers/Microsoft.PowerApps/apis/shared_sql\", \"operationId\": \"PostItem_V2\"}}}}}}}"#;
        let record = format!(
            r#"{{"category": 5, "workflowid": "F1", "clientdata": "{}"}}"#,
            clientdata.replace("\n            ", " ")
        );
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), &record),
            [
                "environment_id=e1, asset_kind=flow, asset_id=f1, connector_id=shared_office365, binding=reference",
                "environment_id=e1, asset_kind=flow, asset_id=f1, connector_id=shared_sql, binding=embedded, writes=true",
            ]
        );
    }

    #[test]
    fn without_a_definition_nothing_is_said_of_writing() {
        let clientdata = r#"{\"properties\": {\"connectionReferences\": {\"a\": {\"id\": \"/apis/shared_excelonline\"}}}}"#;
        let record =
            format!(r#"{{"category": 5, "workflowid": "F1", "clientdata": "{clientdata}"}}"#);
        assert_eq!(
            rows_at(&TABLE, "dv.workflows", &place(), &record),
            [
                "environment_id=e1, asset_kind=flow, asset_id=f1, connector_id=shared_excelonline, binding=embedded"
            ]
        );
        assert!(
            rows_at(
                &TABLE,
                "dv.workflows",
                &place(),
                r#"{"category": 5, "workflowid": "f1", "clientdata": 7}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn the_admin_list_may_name_connections() {
        let flow = r#"{"name": "F1", "properties": {"state": "Started", "environment": {"name": "E1"},
            "connectionReferences": {"x": {"connectionName": "c", "source": "Embedded", "id": "/providers/Microsoft.PowerApps/apis/shared_SQL"}}}}"#;
        assert_eq!(
            rows(&TABLE, "flow.admin_flows", flow),
            [
                "environment_id=e1, asset_kind=flow, asset_id=f1, connector_id=shared_sql, binding=embedded"
            ]
        );
        assert!(rows(&TABLE, "flow.admin_flows", &flow.replace("Started", "Deleted")).is_empty());
    }

    #[test]
    fn canvas_apps_use_dataverse_without_naming_it() {
        let app = r#"{"name": "A1", "properties": {"environment": {"name": "E1"}, "databaseReferences": {"default.cds": {}},
            "connectionReferences": {"x": {"id": "/providers/microsoft.powerapps/apis/shared_Office365users"}, "y": {"id": null}}}}"#;
        assert_eq!(
            rows(&TABLE, "powerapps.apps", app),
            [
                "environment_id=e1, asset_kind=app, asset_id=a1, connector_id=shared_commondataserviceforapps",
                "environment_id=e1, asset_kind=app, asset_id=a1, connector_id=shared_office365users",
            ]
        );
    }

    #[test]
    fn the_inventory_lists_connectors_of_all_assets() {
        let agent = r#"{"name": "n", "type": "microsoft.copilotstudio/agents", "properties": {"environmentId": "E1", "botId": "B1",
            "powerPlatformConnectors": [{"connectorId": "shared_sql"}, {"operations": []}]}}"#;
        assert_eq!(
            rows(&TABLE, "inventory.query", agent),
            ["environment_id=e1, asset_kind=agent, asset_id=b1, connector_id=shared_sql"]
        );
        assert!(
            rows(
                &TABLE,
                "inventory.query",
                r#"{"type": "microsoft.powerplatform/environments", "name": "e1"}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn a_document_library_is_no_list() {
        let mut features = CloudFlowFeatures::default();
        features.write_stores.insert("sharepoint_file", 1);
        assert_eq!(writes("shared_sharepointonline", &features), None);
        assert_eq!(writes("shared_excelonlinebusiness", &features), Some(false));
        assert_eq!(writes("shared_office365", &features), None);
    }
}
