//! Arm: records that say what they are in `type`, as Power Platform's services and Azure do.
//!
//! Guarantees that an own list is not taken for the list of an administrator: what a type proves is
//! written beside it. Types that no table needs are named all the same.

use std::borrow::Cow;

use highwater_snapshot::Json;

use crate::kinds::{Class, Hand, Whole};

const OWN: &str = "a list of one's own objects, not the administrator's";
const TYPES: &str = "lists of Azure resources do not say which types and groups were asked for";
const PACKAGED: &str = "a package does not say what else its environment holds";
const RECYCLE: &str = "the recycle bin: deleted flows are no rows";

/// The class of a record by its type, or by its id where the type is missing.
pub(crate) fn classify(record: Json<'_>) -> Option<Class> {
    let told = record.key("type").filled();
    let told = told.as_deref().unwrap_or_default().trim_start_matches('/');
    let told = told.strip_prefix("providers/").unwrap_or(told);
    if told.is_empty() {
        let id = record.key("id").id()?;
        if let Some(class) = vault_item(&id) {
            return Some(class);
        }
        // Power Platform has paths as ids too; only what stands in a subscription is Azure's.
        if !id.trim_start_matches('/').starts_with("subscriptions/") {
            return None;
        }
        return azure(&type_of(&id)?, record);
    }
    // The names of services are written in any case, what follows them hardly ever.
    let (service, kind) = told.split_once('/').unwrap_or(("", told));
    let is = |name: &str| service.eq_ignore_ascii_case(name);
    if is("microsoft.processsimple") {
        return flows(&lower(kind), record);
    }
    if is("microsoft.businessappplatform") {
        return platform(&lower(kind), record);
    }
    let told = &*lower(told);
    if let Some(rest) = told.strip_prefix("microsoft.powerapps/") {
        return inventory(told).or_else(|| apps(rest, record));
    }
    if told == "microsoft.flow/flows" && record.at("properties.definition").is_object() {
        return Some(Class::some("flow.definition", PACKAGED));
    }
    inventory(told).or_else(|| azure(told, record))
}

/// A text in lower case; it mostly is.
fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a type is one of the inventory's.
pub(crate) fn inventory(told: &str) -> Option<Class> {
    let (namespace, kind) = told.split_once('/')?;
    let known = matches!(
        (namespace, kind),
        ("microsoft.powerplatform", "environments" | "environmentgroups")
            | ("microsoft.powerapps", "canvasapps" | "modeldrivenapps" | "codeapps")
            | ("microsoft.powerautomate", "cloudflows" | "agentflows" | "m365agentflows")
            | ("microsoft.copilotstudio", "agents")
            | ("microsoft.powerplatformconnector", "connectors")
            | ("microsoft.powerpages", "sites")
    );
    let part = [
        "environments",
        "environmentgroups",
        "canvasapps",
        "modeldrivenapps",
        "cloudflows",
        "agents",
        "connectors",
    ]
    .into_iter()
    .find(|part| *part == kind)
    .unwrap_or("other types");
    known.then(|| Class::part("inventory.query", part).hand(Hand::Resource))
}

fn platform(kind: &str, record: Json<'_>) -> Option<Class> {
    Some(match kind {
        "scopes/environments" => Class::list("bap.environments"),
        "environments" if is_admin(record) => Class::list("bap.environments"),
        "environments" => Class::some("bap.environments", OWN),
        "scopes/environments/roleassignments" | "environments/roleassignments" => {
            Class::list("bap.env_roles")
        }
        _ => Class::unused("Business application platform objects of another type"),
    })
}

fn apps(kind: &str, record: Json<'_>) -> Option<Class> {
    let custom = || record.at("properties.isCustomApi").flag() == Some(true);
    Some(match kind {
        "scopes/admin/apps" => Class::list("powerapps.apps"),
        // The inventory calls apps of the app builder so too; only its rows name their environment by id.
        "apps"
            if record.at("properties.environmentId").is_told()
                && record.at("properties.createdAt").is_told() =>
        {
            Class::part("inventory.query", "other types").hand(Hand::Resource)
        }
        "apps" if is_admin(record) => Class::list("powerapps.apps"),
        "apps" => Class::some("powerapps.apps", OWN),
        "apps/permissions" | "scopes/admin/apps/permissions" => {
            Class::list("powerapps.app_permissions")
        }
        "apis" | "scopes/admin/apis" if custom() && is_admin(record) => {
            Class::list("powerapps.custom_connectors")
        }
        "apis" | "scopes/admin/apis" if custom() => Class::some("powerapps.custom_connectors", OWN),
        "apis" | "scopes/admin/apis" => Class::list("powerapps.connectors"),
        "apis/connections" | "scopes/admin/apis/connections" if is_admin(record) => {
            Class::list("powerapps.connections")
        }
        "apis/connections" => Class::some("powerapps.connections", OWN),
        "environments" => Class::some("bap.environments", OWN),
        "apis/connections/permissions" => Class::unused("who may use a connection"),
        _ => Class::unused("Power Apps objects of another type"),
    })
}

fn flows(kind: &str, record: Json<'_>) -> Option<Class> {
    let properties = record.key("properties");
    let deleted = properties.key("state").says("deleted");
    // The list of an administrator leaves out what one's own holds: the role of the reader and connections.
    let own =
        properties.key("userType").is_told() || properties.key("connectionReferences").is_present();
    Some(match kind {
        "environments/flows" | "scopes/admin/environments/flows" if deleted => {
            Class::unread("flow.admin_flows", RECYCLE)
        }
        "environments/flows" | "scopes/admin/environments/flows" => {
            let whole = if own { Whole::Never(OWN) } else { Whole::List };
            let class = Class::of("flow.admin_flows", "", whole);
            if properties.key("definition").is_object() {
                class.and("flow.definition", Whole::One)
            } else {
                class
            }
        }
        "environments/flows/permissions" => Class::list("flow.permissions"),
        "environments/flows/runs" => Class::list("flow.runs").hand(Hand::Page),
        "environments" => Class::some("bap.environments", OWN),
        _ => Class::unused("Power Automate objects of another type"),
    })
}

fn azure(kind: &str, record: Json<'_>) -> Option<Class> {
    let some = |source| Some(Class::some(source, TYPES));
    match kind {
        "microsoft.resources/subscriptions" => Some(Class::some("arg.subscriptions", OWN)),
        "microsoft.insights/datacollectionruleassociations" => some("arg.insights"),
        "microsoft.security/locations/jitnetworkaccesspolicies" => some("arg.security"),
        "microsoft.security/pricings" => Some(Class::part("arg.security", "pricings")),
        "microsoft.security/regulatorycompliancestandard"
        | "microsoft.security/regulatorycompliancestandards" => {
            Some(Class::part("arg.security", "regulatorycompliancestandards"))
        }
        "microsoft.keyvault/vaults/secrets" => Some(Class::list("arm.key_vault_secrets")),
        "microsoft.insights/diagnosticsettings" => Some(Class::list("arm.diagnostic_settings")),
        "microsoft.eventgrid/eventsubscriptions" => Some(Class::list("arm.event_subscriptions")),
        "microsoft.securityinsights/onboardingstates" => {
            Some(Class::part("arm.sentinel", "onboardingstates"))
        }
        "microsoft.securityinsights/dataconnectors" => {
            Some(Class::part("arm.sentinel", "dataconnectors"))
        }
        "microsoft.securityinsights/alertrules" => Some(Class::part("arm.sentinel", "alertrules")),
        _ if kind.ends_with("/protecteditems") || kind.ends_with("/replicationprotecteditems") => {
            some("arg.recovery")
        }
        _ if RESOURCES.contains(&kind) => some("arg.resources"),
        _ if kind.starts_with("microsoft.") && record.key("id").is_told() => {
            Some(Class::unused("Azure objects of a type that no table needs"))
        }
        _ => None,
    }
}

/// What a key vault itself lists: addresses instead of resource ids.
fn vault_item(id: &str) -> Option<Class> {
    let (host, path) = id.strip_prefix("https://")?.split_once('/')?;
    if !host.contains(".vault.") {
        return None;
    }
    match path.split('/').next()? {
        "secrets" => Some(Class::list("kv.secrets")),
        "certificates" => Some(Class::unused("certificates of a key vault")),
        "keys" => Some(Class::unused("keys of a key vault")),
        _ => None,
    }
}

/// Resource types that tables read.
const RESOURCES: &[&str] = &[
    "microsoft.compute/disks",
    "microsoft.compute/virtualmachines",
    "microsoft.compute/virtualmachines/extensions",
    "microsoft.compute/virtualmachinescalesets",
    "microsoft.insights/actiongroups",
    "microsoft.insights/activitylogalerts",
    "microsoft.insights/autoscalesettings",
    "microsoft.insights/datacollectionrules",
    "microsoft.insights/metricalerts",
    "microsoft.insights/scheduledqueryrules",
    "microsoft.keyvault/vaults",
    "microsoft.network/bastionhosts",
    "microsoft.network/loadbalancers",
    "microsoft.network/networkinterfaces",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/networkwatchers/connectionmonitors",
    "microsoft.network/networkwatchers/flowlogs",
    "microsoft.network/trafficmanagerprofiles",
    "microsoft.network/virtualnetworks",
    "microsoft.network/virtualnetworks/subnets",
    "microsoft.operationalinsights/workspaces",
    "microsoft.operationsmanagement/solutions",
    "microsoft.storage/storageaccounts",
    "microsoft.web/sites",
];

/// Whether the id is that of an administrator's list.
fn is_admin(record: Json<'_>) -> bool {
    record.key("id").id().is_some_and(|id| id.contains("/scopes/admin/"))
}

/// The type of a resource from its id: namespace and every second segment after the last provider.
fn type_of(id: &str) -> Option<String> {
    let (_, rest) = id.rsplit_once("/providers/")?;
    let mut segments = rest.split('/');
    let namespace = segments.next()?;
    let kinds: Vec<&str> = segments.step_by(2).filter(|kind| !kind.is_empty()).collect();
    (namespace.starts_with("microsoft.") && !kinds.is_empty())
        .then(|| format!("{namespace}/{}", kinds.join("/")))
}

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;

    fn class(text: &str) -> Option<Class> {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        classify(Json::new(&value))
    }

    #[test]
    fn ones_own_lists_prove_nothing() {
        let own = class(r#"{"type": "Microsoft.PowerApps/apps", "id": "/providers/Microsoft.PowerApps/apps/a"}"#).unwrap();
        assert_eq!(own.routes[0].unwrap().whole, Whole::Never(OWN));
        let admin = class(r#"{"type": "Microsoft.PowerApps/scopes/admin/apps"}"#).unwrap();
        assert_eq!(admin.routes[0].unwrap().whole, Whole::List);
        let flow = class(
            r#"{"type": "Microsoft.ProcessSimple/environments/flows", "properties": {"userType": "Owner"}}"#,
        );
        assert_eq!(flow.unwrap().routes[0].unwrap().whole, Whole::Never(OWN));
    }

    #[test]
    fn the_recycle_bin_is_no_list_of_flows() {
        let bin = class(r#"{"type": "Microsoft.ProcessSimple/environments/flows", "properties": {"state": "Deleted"}}"#).unwrap();
        assert!(bin.unused.is_some() && bin.routes == [None, None]);
    }

    #[test]
    fn azure_types_come_from_the_id_where_they_are_not_told() {
        let id = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w/FlowLogs/l"}"#;
        assert!(class(id).unwrap().leads_to("arg.resources"));
        assert!(
            class(r#"{"id": "x", "type": "Microsoft.Compute/images"}"#).unwrap().unused.is_some()
        );
        assert_eq!(class(r#"{"id": "x", "type": "Vsts"}"#), None);
    }

    #[test]
    fn a_vault_lists_addresses() {
        assert!(
            class(r#"{"id": "https://v1.vault.azure.net/secrets/s1", "attributes": {}}"#)
                .unwrap()
                .leads_to("kv.secrets")
        );
        assert!(
            class(r#"{"id": "https://v1.vault.azure.net/certificates/c1"}"#)
                .unwrap()
                .unused
                .is_some()
        );
        assert_eq!(class(r#"{"id": "https://contoso.example/secrets/s1"}"#), None);
    }

    #[test]
    fn inventory_types_are_told_from_services() {
        assert!(
            class(r#"{"type": "microsoft.powerapps/canvasapps"}"#)
                .unwrap()
                .leads_to("arg.power_platform")
        );
        assert!(
            class(r#"{"type": "microsoft.powerplatform/environments"}"#)
                .unwrap()
                .leads_to("inventory.query")
        );
    }
}
