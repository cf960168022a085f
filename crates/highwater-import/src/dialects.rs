//! Dialects: the same records under the wrappers of command-line tools.
//!
//! Knows the objects that PowerShell's administration cmdlets write, data policies with and without
//! their wrapper, and the outputs that are recognised but not read. A nested value that PowerShell cut
//! off is a text: then the object itself is the record, under a source id of its own.

use highwater_snapshot::Json;

use crate::kinds::{Class, Hand, Whole};
use crate::{arm, automation_kit, coe};

const CUT: &str = "its Internal was cut off: export again with ConvertTo-Json -Depth 20";
const SEARCH: &str = "a search in the audit log does not say what was searched for";
const NO_RULES: &str = "Get-DlpPolicy tells neither action rules nor URL patterns";

/// The class of a record that a tool wrapped. `list` says whether it came in a list.
pub(crate) fn classify(record: Json<'_>, list: bool) -> Option<Class> {
    powershell(record).or_else(|| policy(record, list)).or_else(|| other(record))
}

/// Objects of the administration cmdlets.
pub(crate) fn powershell(record: Json<'_>) -> Option<Class> {
    let told = |key: &str| record.key(key).is_told();
    if told("Operation") && told("RecordType") {
        return None; // an event of the audit log, whatever it is about
    }
    let internal = record.key("Internal");
    if told("EnvironmentName") || told("RoleName") {
        let full = internal.key("properties").is_object() && internal.key("type").is_told();
        if full && let Some(class) = arm::classify(internal) {
            return Some(listed(class).hand(Hand::Internal));
        }
    }
    if told("PolicyName") && (told("FilterType") || record.key("BusinessDataGroup").is_present()) {
        return Some(Class::list("powershell.dlp"));
    }
    if !told("EnvironmentName") {
        return None;
    }
    let of = |key: &str| told(key) && !told("RoleName") && !told("PrincipalObjectId");
    if told("RoleName") || told("PrincipalObjectId") {
        return Some(Class::unread("who may use apps and flows", CUT));
    }
    if of("FlowName") {
        Some(Class::list("powershell.flows"))
    } else if of("AppName") {
        Some(Class::list("powershell.apps"))
    } else if of("ConnectionName") {
        Some(Class::list("powershell.connections"))
    } else if of("ConnectorName") {
        Some(Class::list("powershell.connectors"))
    } else if told("EnvironmentType") || told("IsDefault") || internal.is_present() {
        Some(Class::list("powershell.environments"))
    } else {
        None
    }
}

/// The administration cmdlets list everything, whatever the type of a single record looks like.
fn listed(class: Class) -> Class {
    match class.what {
        "powerapps.connections" | "powerapps.custom_connectors" => Class::list(class.what),
        _ => class,
    }
}

/// Data policies: wrapped in `policyDefinition` by the service, bare from the cmdlet.
fn policy(record: Json<'_>, list: bool) -> Option<Class> {
    let wrapped = record.key("policyDefinition");
    let definition = if wrapped.is_object() { wrapped } else { record };
    if !definition.key("defaultConnectorsClassification").is_present() {
        return None;
    }
    let groups = definition.key("connectorGroups").items().next().is_some();
    Some(match (wrapped.is_object(), list, groups) {
        (true, false, _) => Class::one("gov.dlp_policy"),
        (true, true, true) => Class::one("gov.dlp_policy").and("gov.dlp_list", Whole::List),
        (false, _, true) => {
            Class::some("gov.dlp_policy", NO_RULES).and("gov.dlp_list", Whole::List)
        }
        (_, _, false) => Class::list("gov.dlp_list"),
    })
}

/// Rows of the kits' tables, whose columns all bear a prefix.
fn kit(record: Json<'_>) -> Option<Class> {
    let prefixed = |prefix: &str| {
        record.entries().any(|(key, _)| key.trim_start_matches('_').starts_with(prefix))
    };
    if prefixed("admin_") || prefixed("cat_") {
        return coe::classify(record);
    }
    if prefixed("autocoe_") { automation_kit::classify(record) } else { None }
}

/// Objects that only their nested keys tell apart, and outputs that are recognised and not read.
fn other(record: Json<'_>) -> Option<Class> {
    let has = |key: &str| record.key(key).is_present();
    let isolation = record.key("properties");
    if isolation.key("isDisabled").is_present() && isolation.key("allowedTenants").is_present() {
        return Some(Class::one("gov.tenant_isolation"));
    }
    if record.key("AuditData").text().is_some_and(|text| text.starts_with('{')) {
        return Some(Class::some("o365.activity", SEARCH).hand(Hand::Audit));
    }
    if has("EnvironmentId") && has("EnvironmentUrl") {
        let reason = "only addresses: used to find the environment of Dataverse answers";
        return Some(Class::unread("environments of the Power Platform CLI", reason));
    }
    if let Some(class) = kit(record) {
        return Some(class);
    }
    if has("Options") && has("TableName") && has("Clauses") {
        return Some(Class::unread("a query", "the request of an inventory query, not its answer"));
    }
    if has("ReportSummary") && has("Results") && has("MetaData") {
        return Some(Class::unread(
            "a ScubaGear report",
            "verdicts without evidence: import ProviderSettingsExport or ScubaResults",
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;

    fn class(text: &str, list: bool) -> Option<Class> {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        classify(Json::new(&value), list)
    }

    #[test]
    fn a_full_internal_is_the_record_and_a_cut_one_is_not() {
        let full = r#"{"EnvironmentName": "e", "FlowName": "f", "Internal": {"type": "Microsoft.ProcessSimple/environments/flows", "properties": {}}}"#;
        let full = class(full, true).unwrap();
        assert!(full.leads_to("flow.admin_flows") && full.hand == Hand::Internal);
        let cut = r#"{"EnvironmentName": "e", "FlowName": "f", "Internal": {"type": "x", "properties": "@{a=1}"}}"#;
        assert!(class(cut, true).unwrap().leads_to("powershell.flows"));
        let environment = r#"{"EnvironmentName": "e", "IsDefault": true, "Internal": "@{id=1}"}"#;
        assert!(class(environment, true).unwrap().leads_to("powershell.environments"));
    }

    #[test]
    fn an_event_of_the_audit_log_is_no_list_of_apps() {
        let event = r#"{"Id": "e", "RecordType": 45, "Operation": "LaunchPowerApp", "CreationTime": "2026-10-01T08:00:00", "EnvironmentName": "e", "AppName": "a"}"#;
        assert_eq!(class(event, true), None);
        let app = r#"{"EnvironmentName": "e", "AppName": "a", "DisplayName": "A"}"#;
        assert!(class(app, true).unwrap().leads_to("powershell.apps"));
    }

    #[test]
    fn policies_prove_what_they_tell() {
        let text =
            r#"{"policyDefinition": {"name": "p", "defaultConnectorsClassification": "General"}}"#;
        assert_eq!(class(text, true).unwrap(), Class::list("gov.dlp_list"));
        assert_eq!(class(text, false).unwrap(), Class::one("gov.dlp_policy"));
        let bare = r#"{"name": "p", "defaultConnectorsClassification": "General", "connectorGroups": [{"classification": "Blocked"}]}"#;
        assert_eq!(class(bare, true).unwrap().routes[0].unwrap().whole, Whole::Never(NO_RULES));
    }
}
