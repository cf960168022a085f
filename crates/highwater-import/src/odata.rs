//! OData: answers that name their entity set in `@odata.context`.
//!
//! Knows the sets of Dataverse and of Microsoft Graph that tables read, and those that none needs. A
//! context also tells the host, by which a Dataverse answer finds its environment. Sets that are not
//! known are said, never guessed.

use highwater_snapshot::Json;

use crate::kinds::{Class, Whole};
use crate::{automation_kit, coe};

/// What a context says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// Host that answered, lower-case.
    pub(crate) host: String,
    /// Whether the host is a Dataverse organisation.
    pub(crate) dataverse: bool,
    /// Entity set, lower-case, without selected columns.
    pub(crate) set: String,
    /// Whether a single object was asked for.
    pub(crate) single: bool,
}

/// Reads a context such as `https://org.crm4.dynamics.com/api/data/v9.2/$metadata#workflows(name)`.
pub(crate) fn context(text: &str) -> Option<Context> {
    let text = text.to_lowercase();
    let (address, fragment) = text.split_once("/$metadata#")?;
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next()?.to_owned();
    let single = fragment.ends_with("/$entity");
    let set = fragment.trim_end_matches("/$entity").trim_start_matches('/');
    Some(Context {
        dataverse: rest.contains("/api/data/"),
        host,
        set: without_selection(set),
        single,
    })
}

/// Leaves out key values and selected columns, which stand in brackets.
fn without_selection(set: &str) -> String {
    let mut depth = 0_u32;
    let plain: String = set
        .chars()
        .filter(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    plain.trim_end_matches('/').to_owned()
}

/// The class of a set's records; none where the set is not known.
pub(crate) fn classify(context: &Context, record: Option<Json<'_>>) -> Option<Class> {
    if !context.dataverse {
        return graph(&context.set, record);
    }
    let kit = coe::of_set(context, record).or_else(|| automation_kit::of_set(context, record));
    kit.or_else(|| dataverse(&context.set, record))
}

/// The class of a Dataverse set.
pub(crate) fn dataverse(set: &str, record: Option<Json<'_>>) -> Option<Class> {
    if let Some((_, source)) = DATAVERSE.iter().find(|(name, _)| *name == set) {
        return Some(Class::list(source));
    }
    Some(match set {
        "workflows" => workflow(record),
        "deploymentpipelines" => Class::part("dv.pipelines", "deploymentpipelines"),
        "deploymentstages" => Class::part("dv.pipelines", "deploymentstages"),
        "deploymentenvironments" => Class::part("dv.pipelines", "deploymentenvironments"),
        "sourcecontrolbranchconfigurations" => Class::part("dv.git", "branches"),
        // Without a branch it connects nothing, and no branch is not told by it.
        "sourcecontrolconfigurations" => Class::part("dv.git", "configurations"),
        "environmentvariablevalues" => {
            Class::unused("values of environment variables, which are never kept")
        }
        "publishers" => Class::unused("solution publishers"),
        "microsoft.dynamics.crm.retrievesettinglistresponse" => {
            Class::unused("organisation settings by name")
        }
        "entitydefinitions" => Class::unused("table definitions"),
        _ if set.starts_with("admin_") => Class::unused("another table of the CoE Starter Kit"),
        _ if set.starts_with("autocoe_") => Class::unused("another table of the Automation Kit"),
        _ => return None,
    })
}

/// Cloud and desktop flows are one set; only rows of both, or of other categories too, show that none was
/// filtered out.
pub(crate) fn workflow(record: Option<Json<'_>>) -> Class {
    match record.and_then(|record| record.key("category").int()) {
        Some(5) => Class::part("dv.workflows", "cloud"),
        Some(6) => Class::part("dv.workflows", "desktop"),
        Some(_) => Class::part("dv.workflows", "*"),
        None => Class::some("dv.workflows", "the category of the flows was not selected"),
    }
}

const DATAVERSE: &[(&str, &str)] = &[
    ("appmodules", "dv.app_modules"),
    ("bots", "dv.bots"),
    ("connectionreferences", "dv.connection_references"),
    ("conversationtranscripts", "dv.transcripts"),
    ("credentials", "dv.credentials"),
    ("deploymentstageruns", "dv.pipeline_runs"),
    ("environmentvariabledefinitions", "dv.environment_variables"),
    ("flowmachinegroups", "dv.machine_groups"),
    ("flowmachines", "dv.machines"),
    ("flowruns", "dv.flow_runs"),
    ("flowsessions", "dv.sessions"),
    ("msdyn_aimodels", "dv.ai_models"),
    ("msdyn_componentlayers", "dv.component_layers"),
    ("msdyn_solutioncomponentsummaries", "dv.solution_components"),
    ("organizations", "dv.organization"),
    ("roles", "dv.roles"),
    ("solutioncomponents", "dv.solution_components"),
    ("solutions", "dv.solutions"),
    ("systemusers", "dv.users"),
    ("teams", "dv.teams"),
    ("workqueues", "dv.work_queues"),
];

/// The class of a Graph set. Sets of directory objects are left to the key signatures and to the person.
fn graph(set: &str, record: Option<Json<'_>>) -> Option<Class> {
    let last = set.rsplit('/').next()?;
    Some(match (set, last) {
        ("subscribedskus", _) => Class::list("graph.skus"),
        ("users", _) => users(record),
        ("groups", _) => groups(record),
        ("serviceprincipals", _) => Class::some("graph.users", "service principals only"),
        ("identity/conditionalaccess/policies" | "conditionalaccess/policies", _) => {
            Class::part("graph.conditional_access", "policies")
        }
        ("policies/crosstenantaccesspolicy/default", _) => {
            Class::of("graph.cross_tenant", "default", Whole::One)
        }
        ("policies/crosstenantaccesspolicy/partners", _) => {
            Class::part("graph.cross_tenant", "partners")
        }
        (_, "roleassignments") if set.starts_with("rolemanagement/directory") => {
            Class::part("graph.roles", "assignments")
        }
        (_, "roleeligibilityscheduleinstances") => Class::part("graph.roles", "eligible"),
        (_, "roleassignmentscheduleinstances") => Class::part("graph.roles", "active"),
        ("directory/deleteditems" | "directory/deleteditems/microsoft.graph.user", _) => {
            Class::list("graph.deleted_users")
        }
        ("deviceappmanagement/mobileapps", _) => Class::list("graph.intune_apps"),
        ("devicemanagement/manageddevices", _) => Class::list("graph.devices"),
        ("devicemanagement/detectedapps", _) => Class::list("graph.intune_detected_apps"),
        ("devicemanagement/deviceconfigurations", _) => {
            Class::part("graph.intune_policies", "configurations")
        }
        (_, "windowsqualityupdateprofiles") => Class::part("graph.intune_policies", "updates"),
        (
            _,
            "windowsfeatureupdateprofiles"
            | "windowsdriverupdateprofiles"
            | "configurationpolicies"
            | "devicecompliancepolicies",
        ) => Class::some("graph.intune_policies", "one kind of policies only"),
        (_, "accesspackages") => packages(record),
        ("identitygovernance/accessreviews/definitions", _) => {
            Class::part("graph.access_packages", "reviews")
        }
        (_, "uploadedstreams") => Class::list("graph.app_discovery"),
        _ => return unused(set, last),
    })
}

fn unused(set: &str, last: &str) -> Option<Class> {
    const KNOWN: [(&str, &str); 14] = [
        ("accessreviews/definitions/instances", "instances of access reviews"),
        ("auditlogs/directoryaudits", "directory audit events"),
        ("auditlogs/signins", "sign-ins"),
        ("authenticationcontextclassreferences", "authentication contexts"),
        ("authorizationpolicy", "the authorisation policy"),
        ("directoryroles", "activated directory roles"),
        ("namedlocations", "named locations"),
        ("roledefinitions", "definitions of directory roles"),
        ("roleassignmentschedules", "schedules of directory roles"),
        ("roleeligibilityschedules", "schedules of directory roles"),
        ("securescores", "secure scores"),
        ("approleassignedto", "application role assignments"),
        ("oauth2permissiongrants", "delegated permission grants"),
        ("policystates", "Azure policy states"),
    ];
    KNOWN
        .iter()
        .find(|(name, _)| *name == last || set.ends_with(name))
        .map(|(_, what)| Class::unused(what))
}

/// Users with their licences say something of licences too.
pub(crate) fn users(record: Option<Json<'_>>) -> Class {
    let licences = record.is_some_and(|record| record.key("licenseAssignmentStates").is_array());
    let class = Class::list("graph.users");
    if licences { class.and("graph.user_licences", Whole::List) } else { class }
}

/// Groups without the columns that must be asked for prove nothing about licences.
pub(crate) fn groups(record: Option<Json<'_>>) -> Class {
    let full = record.is_none_or(|record| record.key("assignedLicenses").is_array());
    if full {
        Class::list("graph.groups")
    } else {
        Class::some(
            "graph.groups",
            "assignedLicenses was not selected, so licences by group are not told",
        )
    }
}

/// Packages say what they govern only where their roles were expanded.
pub(crate) fn packages(record: Option<Json<'_>>) -> Class {
    let scopes = ["accessPackageResourceRoleScopes", "resourceRoleScopes"];
    let full = record.is_none_or(|record| scopes.iter().any(|key| record.key(key).is_array()));
    if full {
        Class::part("graph.access_packages", "packages")
    } else {
        let reason = "resourceRoleScopes was not expanded, so governed groups are not told";
        Class::of("graph.access_packages", "packages", Whole::Never(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_name_host_and_set() {
        let found = context(
            "https://Org1.crm4.dynamics.com/api/data/v9.2/$metadata#workflows(name,x(y))/$entity",
        )
        .unwrap();
        let wanted = Context {
            host: "org1.crm4.dynamics.com".into(),
            dataverse: true,
            set: "workflows".into(),
            single: true,
        };
        assert_eq!(found, wanted);
        let keyed =
            context("https://graph.microsoft.com/v1.0/$metadata#users('a')/memberOf(id)").unwrap();
        assert_eq!(keyed.set, "users/memberof");
        assert_eq!(context("no context"), None);
    }

    #[test]
    fn known_sets_have_a_source_and_others_none() {
        let set = |text: &str| classify(&context(text).unwrap(), None);
        assert!(
            set("https://o/api/data/v9.2/$metadata#flowmachines").unwrap().leads_to("dv.machines")
        );
        assert_eq!(set("https://o/api/data/v9.2/$metadata#contacts"), None);
        let policies =
            set("https://graph.microsoft.com/v1.0/$metadata#identity/conditionalAccess/policies")
                .unwrap();
        assert!(policies.leads_to("graph.conditional_access"));
        assert!(set("https://graph.microsoft.com/beta/$metadata#identity/conditionalAccess/namedLocations").unwrap().unused.is_some());
    }
}
