//! Terraform: what the data sources of the Power Platform provider read.
//!
//! Opens `terraform show -json`, `terraform output -json` and state files, and gives the objects of known
//! data sources (<https://registry.terraform.io/providers/microsoft/power-platform/latest/docs>) in the shape
//! in which the services told them to the provider. A state can hold secrets: attributes of anything else
//! are never looked at. Managed policies count as policies, but a state does not tell of those that were
//! made elsewhere.

use highwater_snapshot::Json;
use serde_json::{Map, Value, json};

/// Records of one source that a state holds.
#[derive(Debug)]
pub(crate) struct Section {
    /// Address of the data source, for messages.
    pub(crate) name: String,
    pub(crate) source: &'static str,
    /// The records as JSON.
    pub(crate) records: Vec<Value>,
    pub(crate) environment: Option<String>,
    /// Why the records are not all there are.
    pub(crate) doubt: Option<&'static str>,
}

const MANAGED: &str = "a state tells of the policies that it manages, not of others";
const FILTERED: &str = "the provider's list leaves out parts that tables need";

/// Whether a document is a state, a plan or outputs.
pub(crate) fn is_terraform(document: Json<'_>) -> bool {
    let has = |key: &str| document.key(key).is_present();
    let shown = has("terraform_version") && (has("values") || has("resources"));
    let planned = has("format_version") && (has("values") || has("prior_state"));
    shown || planned || is_outputs(document)
}

/// Outputs are objects of value, type and sensitivity.
fn is_outputs(document: Json<'_>) -> bool {
    let mut outputs = document.entries().peekable();
    outputs.peek().is_some()
        && outputs.all(|(_, output)| {
            output.key("value").is_present() && output.key("sensitive").flag().is_some()
        })
}

/// The known objects of a document, and how many resources it holds besides.
pub(crate) fn sections(document: Json<'_>) -> (Vec<Section>, usize) {
    let mut found = Found::default();
    for values in [document.key("values"), document.at("prior_state.values")] {
        found.module(values.key("root_module"));
    }
    for resource in document.key("resources").items() {
        for instance in resource.key("instances").items() {
            found.resource(resource, instance.key("attributes"));
        }
    }
    if is_outputs(document) {
        for (name, output) in document.entries() {
            if output.key("sensitive").flag() == Some(false) {
                found.output(name, output.key("value"));
            }
        }
    }
    (found.sections, found.others)
}

#[derive(Default)]
struct Found {
    sections: Vec<Section>,
    others: usize,
}

impl Found {
    fn module(&mut self, module: Json<'_>) {
        for resource in module.key("resources").items() {
            self.resource(resource, resource.key("values"));
        }
        for child in module.key("child_modules").items() {
            self.module(child);
        }
    }

    fn resource(&mut self, resource: Json<'_>, attributes: Json<'_>) {
        let data = resource.key("mode").word().as_deref() == Some("data");
        let kind = resource.key("type").word().unwrap_or_default();
        let name = resource.key("name").text().unwrap_or_default();
        let before = self.sections.len();
        if let Some(kind) = kind.strip_prefix("powerplatform_") {
            match (data, kind) {
                (true, _) => self.data(kind, &format!("{kind}.{name}"), attributes),
                (false, "data_loss_prevention_policy") => {
                    let policies = plain(attributes).into_iter().map(policy).collect();
                    self.add(&name, "gov.dlp_policy", policies, Some(MANAGED));
                }
                (false, _) => {}
            }
        }
        self.others += usize::from(self.sections.len() == before);
    }

    /// An output is known by the list that it holds.
    fn output(&mut self, name: &str, value: Json<'_>) {
        let known = LISTS.iter().find(|(_, list)| value.key(list).is_array());
        match known {
            Some((kind, _)) => self.data(kind, name, value),
            None => self.others += 1,
        }
    }

    fn data(&mut self, kind: &str, name: &str, attributes: Json<'_>) {
        let list = LISTS.iter().find(|(known, _)| *known == kind).map(|(_, list)| *list);
        let rows = || -> Vec<Value> {
            let items = list.into_iter().flat_map(|list| attributes.key(list).items());
            items.filter_map(plain).collect()
        };
        match kind {
            "data_loss_prevention_policies" => {
                let policies: Vec<Value> = rows().into_iter().map(policy).collect();
                self.add(name, "gov.dlp_policy", policies, None);
            }
            "connectors" => {
                let connectors = rows().into_iter().map(connector).collect();
                self.add(name, "powerapps.connectors", connectors, Some(FILTERED));
            }
            "solutions" => self.of_environment(name, "dv.solutions", attributes, rows(), solution),
            "tenant_capacity" => {
                let capacity = plain(attributes).into_iter().map(camel).collect();
                self.add(name, "ppapi.capacity", capacity, None);
            }
            "tenant_settings" => {
                let settings = plain(attributes).into_iter().map(camel).collect();
                self.add(name, "bap.tenant_settings", settings, None);
            }
            // Environments without the day on which they were made are no rows: see docs/import.md.
            _ => {}
        }
    }

    fn of_environment(
        &mut self,
        name: &str,
        source: &'static str,
        attributes: Json<'_>,
        rows: Vec<Value>,
        shape: fn(Value) -> Value,
    ) {
        let environment = attributes.key("environment_id").id().map(std::borrow::Cow::into_owned);
        let before = self.sections.len();
        let records = rows.into_iter().map(shape).collect();
        self.add(name, source, records, Some(FILTERED));
        for section in &mut self.sections[before..] {
            section.environment.clone_from(&environment);
        }
    }

    fn add(
        &mut self,
        name: &str,
        source: &'static str,
        records: Vec<Value>,
        doubt: Option<&'static str>,
    ) {
        let name = name.to_owned();
        self.sections.push(Section { name, source, records, environment: None, doubt });
    }
}

/// Data sources that hold a list, and what it is called.
const LISTS: [(&str, &str); 4] = [
    ("data_loss_prevention_policies", "policies"),
    ("connectors", "connectors"),
    ("solutions", "solutions"),
    ("tenant_capacity", "tenant_capacities"),
];

fn plain(json: Json<'_>) -> Option<Value> {
    json.value().filter(|_| json.is_object()).map(Value::from)
}

/// The same with the keys of the services: `display_name` becomes `displayName`.
fn camel(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().map(|(key, value)| (camel_key(&key), camel(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(camel).collect(),
        other => other,
    }
}

fn camel_key(key: &str) -> String {
    let mut words = key.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

/// An object of the members that are told.
fn told<const N: usize>(members: [(&str, &Value); N]) -> Value {
    let told = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(told.map(|(key, value)| (key.to_owned(), value.clone())).collect::<Map<_, _>>())
}

fn connector(row: Value) -> Value {
    json!({
        "id": row["id"], "name": row["name"], "type": "/providers/Microsoft.PowerApps/apis",
        "properties": told([("displayName", &row["display_name"]), ("tier", &row["tier"]), ("publisher", &row["publisher"])]),
    })
}

fn solution(row: Value) -> Value {
    told([
        ("solutionid", &row["id"]),
        ("uniquename", &row["name"]),
        ("friendlyname", &row["display_name"]),
        ("version", &row["version"]),
        ("ismanaged", &row["is_managed"]),
        ("createdon", &row["created_time"]),
        ("installedon", &row["install_time"]),
        ("modifiedon", &row["modified_time"]),
    ])
}

/// A policy in the three parts in which the service keeps it.
fn policy(row: Value) -> Value {
    let classes = [
        ("business_connectors", "Confidential"),
        ("non_business_connectors", "General"),
        ("blocked_connectors", "Blocked"),
    ];
    let told_any = classes.iter().any(|(list, _)| row[*list].is_array());
    let items = |list: &str| row[list].as_array().cloned().unwrap_or_default();
    let group = |(list, class): (&str, &str)| {
        let connectors: Vec<Value> =
            items(list).iter().map(|it| json!({ "id": it["id"] })).collect();
        json!({ "classification": class, "connectors": connectors })
    };
    let mut definition = json!({
        "name": row["id"], "displayName": row["display_name"],
        "defaultConnectorsClassification": row["default_connectors_classification"],
        "environmentType": row["environment_type"],
        "createdTime": row["created_time"], "lastModifiedTime": row["last_modified_time"],
        "environments": items("environments").iter().map(|id| json!({ "name": id })).collect::<Vec<_>>(),
    });
    if told_any {
        definition["connectorGroups"] = classes.into_iter().map(group).collect();
    }
    let connectors: Vec<Value> = classes.iter().flat_map(|(list, _)| items(list)).collect();
    let actions: Vec<Value> = connectors
        .iter()
        .filter(|it| it["action_rules"].as_array().is_some_and(|rules| !rules.is_empty()))
        .map(|it| {
            json!({ "connectorId": it["id"], "defaultConnectorActionRuleBehavior": it["default_action_rule_behavior"],
                "actionRules": camel(it["action_rules"].clone()) })
        })
        .collect();
    let endpoints: Vec<Value> = connectors
        .iter()
        .filter(|it| it["endpoint_rules"].as_array().is_some_and(|rules| !rules.is_empty()))
        .map(|it| json!({ "connectorId": it["id"], "endpointRules": camel(it["endpoint_rules"].clone()) }))
        .collect();
    let patterns: Vec<Value> = items("custom_connectors_patterns")
        .iter()
        .map(|it| {
            let class = match it["data_group"].as_str() {
                Some("Business") => json!("Confidential"),
                Some("NonBusiness" | "Non-Business") => json!("General"),
                _ => it["data_group"].clone(),
            };
            json!({ "order": it["order"], "pattern": it["host_url_pattern"], "customConnectorRuleClassification": class })
        })
        .collect();
    json!({
        "policyDefinition": definition,
        "connectorConfigurationsDefinition": { "connectorActionConfigurations": actions, "endpointConfigurations": endpoints },
        "customConnectorUrlPatternsDefinition": { "rules": patterns },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Vec<Section>, usize) {
        let value: highwater_snapshot::Value<'_> = serde_json::from_str(text).unwrap();
        assert!(is_terraform(Json::new(&value)), "{text}");
        sections(Json::new(&value))
    }

    const POLICY: &str = r#"{"id": "p1", "display_name": "Base", "environment_type": "AllEnvironments",
        "default_connectors_classification": "Blocked", "environments": ["e1"],
        "business_connectors": [{"id": "/providers/Microsoft.PowerApps/apis/shared_sql", "default_action_rule_behavior": "Allow",
            "action_rules": [{"action_id": "DeleteItem_V2", "behavior": "Block"}], "endpoint_rules": []}],
        "non_business_connectors": [], "blocked_connectors": [],
        "custom_connectors_patterns": [{"order": 1, "host_url_pattern": "*", "data_group": "Blocked"}]}"#;

    #[test]
    fn the_forms_of_a_state_are_one() {
        let attributes = format!(r#"{{"policies": [{POLICY}]}}"#);
        let kind = r#""mode": "data", "type": "powerplatform_data_loss_prevention_policies", "name": "all""#;
        let shown = format!(
            r#"{{"format_version": "1.0", "terraform_version": "1.9.0", "values": {{"root_module": {{"resources": [],
                "child_modules": [{{"resources": [{{{kind}, "values": {attributes}}}]}}]}}}}}}"#
        );
        let kept = format!(
            r#"{{"version": 4, "terraform_version": "1.9.0", "resources": [{{{kind}, "instances": [{{"attributes": {attributes}}}]}}]}}"#
        );
        let put =
            format!(r#"{{"dlp": {{"sensitive": false, "type": [], "value": {attributes}}}}}"#);
        let [shown, kept, put] = [shown, kept, put].map(|text| {
            let (sections, others) = of(&text);
            assert_eq!(others, 0);
            sections
                .into_iter()
                .map(|section| (section.source, section.records))
                .collect::<Vec<_>>()
        });
        assert_eq!(shown.len(), 1);
        assert_eq!(shown, kept);
        assert_eq!(shown, put);
        let policy = &shown[0].1[0];
        assert_eq!(
            policy["policyDefinition"]["connectorGroups"][0]["classification"],
            "Confidential"
        );
        let action =
            &policy["connectorConfigurationsDefinition"]["connectorActionConfigurations"][0];
        assert_eq!(action["actionRules"][0]["actionId"], "DeleteItem_V2");
    }

    #[test]
    fn only_known_attributes_are_looked_at() {
        let (sections, others) = of(r#"{"version": 4, "terraform_version": "1.9.0", "resources": [
                {"mode": "managed", "type": "azurerm_key_vault_secret", "name": "s", "instances": [{"attributes": {"value": "secret"}}]},
                {"mode": "data", "type": "powerplatform_tenant_settings", "name": "t", "instances": [{"attributes": {
                    "disable_environment_creation_by_non_admin_users": true, "power_platform": {"power_apps": {"disable_share_with_everyone": true}}}}]}]}"#);
        assert_eq!((sections.len(), others), (1, 1));
        let settings = &sections[0].records[0];
        assert_eq!(settings["disableEnvironmentCreationByNonAdminUsers"], true);
        assert_eq!(settings["powerPlatform"]["powerApps"]["disableShareWithEveryone"], true);
        let (sections, others) =
            of(r#"{"token": {"sensitive": true, "type": "string", "value": "secret"}}"#);
        assert!(sections.is_empty() && others == 0);
    }
}
