//! Kinds: the sources that files can be, what each is read about, and what makes one complete.
//!
//! Owns the list of source ids that `--as` and the index may name, the scope of each, the requests that
//! together make it whole, and which of them answer 404 where there is nothing to list.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use highwater_snapshot::Value;

use crate::shapes::Shape;

/// What a source is read about: the unit of its claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The whole tenant.
    Tenant,
    /// One environment.
    Environment,
    /// One app or flow of an environment.
    Asset,
    /// One object: a policy, a group, a vault …
    Parent,
    /// One Azure subscription.
    Subscription,
    /// One organisation of a source-control system.
    Organisation,
}

/// One source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) id: &'static str,
    pub(crate) about: About,
    /// Requests that all belong to the source; empty where there is only one.
    pub(crate) parts: &'static [&'static str],
    /// Whether the service answers 404 where there is nothing.
    pub(crate) none_on_404: bool,
}

/// Where the records of a kind go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) source: &'static str,
    /// Which of the source's requests it answers.
    pub(crate) part: &'static str,
    pub(crate) whole: Whole,
}

/// What a list, read to its end, proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Everything in its scope.
    List,
    /// Everything, even as a single object.
    One,
    /// Less than everything, for the reason given.
    Never(&'static str),
}

/// What a record is: where it goes, or why it goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) what: &'static str,
    pub(crate) routes: [Option<Route>; 2],
    /// Why no table takes it; none where one does.
    pub(crate) unused: Option<&'static str>,
    pub(crate) hand: Hand,
}

/// What is handed to the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    /// The record.
    Record,
    /// The `Internal` object of what a cmdlet wrote.
    Internal,
    /// A query row in the shape of a resource.
    Resource,
    /// The record below the key `pipeline`.
    Pipeline,
    /// The whole answer, because only it tells whether more follows.
    Page,
    /// The event inside `AuditData`.
    Audit,
    /// The record that a row of a foreign table stands for.
    Shaped(&'static Shape),
    /// A row of a Dataverse table as a sheet, its lookups named as the web API names them.
    Columns,
}

impl Class {
    /// Records of one source, complete when the list is.
    pub(crate) const fn list(source: &'static str) -> Self {
        Self::of(source, "", Whole::List)
    }

    /// A source of which there is one object.
    pub(crate) const fn one(source: &'static str) -> Self {
        Self::of(source, "", Whole::One)
    }

    /// Records of one source that never prove completeness.
    pub(crate) const fn some(source: &'static str, reason: &'static str) -> Self {
        Self::of(source, "", Whole::Never(reason))
    }

    /// Records of one of several requests of a source.
    pub(crate) const fn part(source: &'static str, part: &'static str) -> Self {
        Self::of(source, part, Whole::List)
    }

    /// Records of a source.
    pub(crate) const fn of(source: &'static str, part: &'static str, whole: Whole) -> Self {
        Self {
            what: source,
            routes: [Some(Route { source, part, whole }), None],
            unused: None,
            hand: Hand::Record,
        }
    }

    /// Records that no table needs.
    pub(crate) const fn unused(what: &'static str) -> Self {
        Self { what, routes: [None, None], unused: Some("no table needs it"), hand: Hand::Record }
    }

    /// Records that are not read, for a reason.
    pub(crate) const fn unread(what: &'static str, reason: &'static str) -> Self {
        Self { what, routes: [None, None], unused: Some(reason), hand: Hand::Record }
    }

    /// The same with something else handed on.
    pub(crate) const fn hand(mut self, hand: Hand) -> Self {
        self.hand = hand;
        self
    }

    /// The same with a second source.
    pub(crate) const fn and(mut self, source: &'static str, whole: Whole) -> Self {
        self.routes[1] = Some(Route { source, part: "", whole });
        self
    }

    /// Whether one of the routes leads to the source.
    pub(crate) fn leads_to(&self, source: &str) -> bool {
        self.routes
            .iter()
            .flatten()
            .any(|route| route.source == source || is_same(route.source, source))
    }
}

/// Sources whose records have one shape.
fn is_same(found: &str, stated: &str) -> bool {
    // Directory objects come mixed.
    if found == "graph.groups" && (stated == "graph.users" || stated == "graph.group_members") {
        return true;
    }
    const ALIKE: [&[&str]; 7] = [
        &["flow.admin_flows", "flow.definition"],
        &["graph.users", "graph.user_licences", "graph.group_members", "graph.deleted_users"],
        &["graph.devices", "graph.intune_detected_apps"],
        &["powerapps.connectors", "powerapps.custom_connectors"],
        &["inventory.query", "arg.power_platform"],
        &[
            "arg.resources",
            "arg.nsg_rules",
            "arg.insights",
            "arg.recovery",
            "arg.security",
            "arg.subscriptions",
        ],
        &["gov.dlp_list", "gov.dlp_policy"],
    ];
    ALIKE.iter().any(|group| group.contains(&found) && group.contains(&stated))
}

/// The source of packed and unpacked solutions: an archive or a folder, and not a document.
pub(crate) const PACKAGE: &str = "solution_package";

/// The source ids that `--as` and the index may name.
pub fn sources() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|source| source.id)
}

/// The source of an id.
pub(crate) fn source(id: &str) -> Option<&'static Source> {
    static BY_ID: LazyLock<HashMap<&str, &Source, RandomState>> =
        LazyLock::new(|| SOURCES.iter().map(|source| (source.id, source)).collect());
    BY_ID.get(id).copied()
}

/// The scope of a request, as claims count it; empty for the whole tenant.
pub(crate) fn scope(source: &Source, environment: Option<&str>, parent: Option<&str>) -> String {
    let scope = match source.about {
        About::Tenant => None,
        About::Environment => environment.map(ToOwned::to_owned),
        About::Asset => asset_scope(environment, parent),
        About::Parent | About::Subscription => parent.map(ToOwned::to_owned),
        About::Organisation => crate::place::organisation_of(source.id, parent),
    };
    scope.unwrap_or_default()
}

/// The scope of a request for one asset: ids of assets are only unique inside their environment, because
/// a solution keeps them wherever it is installed.
pub(crate) fn asset_scope(environment: Option<&str>, parent: Option<&str>) -> Option<String> {
    let parent = parent?;
    Some(environment.map_or_else(|| parent.to_owned(), |of| format!("{of}/{parent}")))
}

/// The class of records that are of a source because somebody said so, and whose content, or the address
/// of the answer, tells which of the source's requests they answer.
pub(crate) fn stated_as(source: &'static Source, told: Option<Class>) -> Class {
    let routes = told.map_or([None, None], |class| class.routes);
    let told = routes.iter().flatten().find(|route| route.source == source.id);
    let part = told.map_or("", |route| route.part);
    let part = if asks_apart(source) { part } else { "" };
    Class::of(source.id, part, Whole::One).hand(stated_hand(source.id))
}

/// Whether a source is several requests, each answered by a file of its own.
pub(crate) fn asks_apart(source: &Source) -> bool {
    let queries = ["arg.", "dv.workflows", "inventory."];
    !source.parts.is_empty() && !queries.iter().any(|start| source.id.starts_with(start))
}

/// What the readings of a source expect.
pub(crate) fn stated_hand(source: &str) -> Hand {
    match source {
        "flow.runs" | "ppapi.flow_runs" => Hand::Page,
        "inventory.query" | "arg.power_platform" => Hand::Resource,
        _ => Hand::Record,
    }
}

/// Whether a value can be a record at all.
pub(crate) const fn is_record(value: &Value<'_>) -> bool {
    matches!(value, Value::Object(_))
}

const fn tenant(id: &'static str) -> Source {
    Source { id, about: About::Tenant, parts: &[], none_on_404: false }
}

const fn environment(id: &'static str) -> Source {
    Source { id, about: About::Environment, parts: &[], none_on_404: false }
}

/// A table that comes with a solution: where it is not installed the service answers 404.
const fn installed(id: &'static str) -> Source {
    Source { id, about: About::Environment, parts: &[], none_on_404: true }
}

const fn parent(id: &'static str) -> Source {
    Source { id, about: About::Parent, parts: &[], none_on_404: false }
}

/// Read once for every app or flow of an environment.
const fn asset(id: &'static str) -> Source {
    Source { id, about: About::Asset, parts: &[], none_on_404: false }
}

const fn subscription(id: &'static str) -> Source {
    Source { id, about: About::Subscription, parts: &[], none_on_404: false }
}

const fn organisation(id: &'static str) -> Source {
    Source { id, about: About::Organisation, parts: &[], none_on_404: false }
}

const fn of(source: Source, parts: &'static [&'static str]) -> Source {
    Source { parts, ..source }
}

/// Types that a query over the inventory must have shown before nothing is missing.
const INVENTORY: &[&str] = &[
    "environments",
    "environmentgroups",
    "canvasapps",
    "modeldrivenapps",
    "cloudflows",
    "agents",
    "connectors",
];

const SOURCES: &[Source] = &[
    tenant("analytics.exports"),
    of(subscription("arg.insights"), &[]),
    tenant("arg.power_platform"),
    subscription("arg.nsg_rules"),
    subscription("arg.recovery"),
    subscription("arg.resources"),
    of(subscription("arg.security"), &["pricings", "regulatorycompliancestandards"]),
    tenant("arg.subscriptions"),
    parent("arm.diagnostic_settings"),
    parent("arm.event_subscriptions"),
    parent("arm.key_vault_secrets"),
    Source {
        none_on_404: true,
        ..of(parent("arm.sentinel"), &["onboardingstates", "dataconnectors", "alertrules"])
    },
    parent("ado.commits"),
    parent("ado.items"),
    organisation("ado.pipelines"),
    parent("ado.policies"),
    organisation("ado.repos"),
    environment("bap.env_roles"),
    tenant("bap.environment_groups"),
    tenant("bap.environments"),
    environment("bap.lifecycle_operations"),
    tenant("bap.management_apps"),
    tenant("bap.tenant"),
    tenant("bap.tenant_settings"),
    tenant("coe.agents"),
    tenant("coe.apps"),
    tenant("coe.connection_references"),
    tenant("coe.connectors"),
    tenant("coe.desktop_flows"),
    tenant("coe.environments"),
    tenant("coe.flow_runs"),
    tenant("coe.flows"),
    tenant("coe.makers"),
    tenant("dex.app_usage"),
    tenant("dex.apps"),
    tenant("dex.connections"),
    tenant("dex.environments"),
    tenant("dex.flow_usage"),
    tenant("dex.flows"),
    installed("dv.ai_models"),
    environment("dv.app_dependencies"),
    environment("dv.app_modules"),
    installed("dv.bots"),
    environment("dv.component_layers"),
    environment("dv.connection_references"),
    environment("dv.counts"),
    installed("dv.credentials"),
    environment("dv.environment_variables"),
    environment("dv.flow_runs"),
    of(installed("dv.git"), &["branches"]),
    installed("dv.machine_groups"),
    installed("dv.machines"),
    environment("dv.organization"),
    installed("dv.pipeline_runs"),
    of(
        installed("dv.pipelines"),
        &["deploymentpipelines", "deploymentstages", "deploymentenvironments"],
    ),
    installed("dv.process_mining"),
    environment("dv.roles"),
    environment("dv.sessions"),
    environment("dv.solution_components"),
    environment("dv.solutions"),
    environment("dv.teams"),
    installed("dv.transcripts"),
    environment("dv.users"),
    installed("dv.work_queues"),
    of(environment("dv.workflows"), &["cloud", "desktop"]),
    environment("flow.admin_flows"),
    asset("flow.definition"),
    asset("flow.permissions"),
    asset("flow.runs"),
    parent("github.commits"),
    parent("github.protection"),
    organisation("github.repos"),
    parent("github.teams"),
    parent("github.trees"),
    parent("github.workflows"),
    of(tenant("gov.connector_metadata"), &["unblockable", "virtual"]),
    tenant("gov.dlp_list"),
    parent("gov.dlp_policy"),
    parent("gov.group_rulesets"),
    tenant("gov.tenant_isolation"),
    of(tenant("graph.access_packages"), &["packages", "reviews"]),
    tenant("graph.app_discovery"),
    of(tenant("graph.conditional_access"), &["policies"]),
    of(tenant("graph.cross_tenant"), &["default", "partners"]),
    tenant("graph.deleted_users"),
    tenant("graph.devices"),
    parent("graph.group_members"),
    tenant("graph.groups"),
    tenant("graph.intune_apps"),
    tenant("graph.intune_detected_apps"),
    of(tenant("graph.intune_policies"), &["configurations", "updates"]),
    of(tenant("graph.roles"), &["assignments", "eligible", "active"]),
    tenant("graph.skus"),
    parent("graph.user_licences"),
    tenant("graph.unresolved"),
    tenant("graph.users"),
    of(tenant("inventory.query"), INVENTORY),
    tenant("kit.desktop_definitions"),
    tenant("kit.machines"),
    tenant("kit.projects"),
    tenant("kit.sessions"),
    parent("kv.secrets"),
    parent("la.freshness"),
    tenant("o365.activity"),
    asset("powerapps.app_permissions"),
    environment("powerapps.apps"),
    environment("powerapps.connections"),
    tenant("powerapps.connectors"),
    environment("powerapps.custom_connectors"),
    tenant("powerbi.gateway_clusters"),
    environment("powershell.apps"),
    environment("powershell.connections"),
    environment("powershell.connectors"),
    tenant("powershell.dlp"),
    tenant("powershell.environments"),
    environment("powershell.flows"),
    tenant("ppapi.advisor"),
    environment("ppapi.backups"),
    tenant("ppapi.capacity"),
    environment("ppapi.cloud_flows"),
    asset("ppapi.flow_runs"),
    parent("ppapi.group_rules"),
    tenant("ppapi.role_assignments"),
    environment(PACKAGE),
    tenant("tags"),
    tenant("training"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_is_of_a_source_that_can_be_named() {
        for table in highwater_snapshot::TABLES {
            for reading in table.readings {
                assert!(
                    source(reading.source).is_some(),
                    "{} reads {}",
                    table.name,
                    reading.source
                );
            }
        }
    }

    #[test]
    fn ids_are_unique() {
        let mut ids: Vec<_> = sources().collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
