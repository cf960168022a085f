//! Needs of Power Platform's administration services, the inventory, exports and gateways.
//!
//! Pages: <https://learn.microsoft.com/power-platform/admin/powershell-create-service-principal> and
//! <https://learn.microsoft.com/power-platform/admin/programmability-authentication-v2>. A registered management
//! application has the rights of an administrator of Power Platform: the vendor has no reading form of it, so it stands
//! last wherever the reading role suffices.

use super::right::{ADMINISTRATOR, MANAGEMENT, READER, directory, platform, power_bi};
use super::{Need, Ways};

const APPLICATION: Ways = &[&[MANAGEMENT]];
const PERSON: Ways = &[&[ADMINISTRATOR]];
const READS: Ways = &[&[READER], &[MANAGEMENT]];
const PERSON_READS: Ways = &[&[READER], &[ADMINISTRATOR]];

/// A source of the administration hosts.
const fn admin(source: &'static str) -> Need {
    let words = "registered management app, or Power Platform Administrator";
    Need { source, words, application: APPLICATION, delegated: PERSON }
}

/// A source that the reading role of Power Platform suffices for.
const fn reader(source: &'static str) -> Need {
    let words = "registered management app, or RBAC Power Platform reader";
    Need { source, words, application: READS, delegated: PERSON_READS }
}

/// A source that is for people; what an application gets is not known.
const fn person(source: &'static str) -> Need {
    Need { source, words: "Power Platform Administrator", application: &[], delegated: PERSON }
}

pub(super) const NEEDS: &[Need] = &[
    admin("bap.tenant"),
    admin("bap.environments"),
    admin("bap.environment_groups"),
    reader("ppapi.group_rules"),
    admin("gov.group_rulesets"),
    admin("bap.lifecycle_operations"),
    reader("ppapi.backups"),
    admin("bap.tenant_settings"),
    admin("gov.tenant_isolation"),
    admin("gov.dlp_list"),
    admin("gov.dlp_policy"),
    admin("gov.connector_metadata"),
    admin("bap.management_apps"),
    Need {
        source: "ppapi.role_assignments",
        words: "RBAC Power Platform reader",
        application: &[&[READER]],
        delegated: PERSON_READS,
    },
    admin("bap.env_roles"),
    Need {
        source: "inventory.query",
        words: "Power Platform or Dynamics 365 Administrator, ResourceQuery.Resources.Read",
        application: &[],
        delegated: &[
            &[ADMINISTRATOR, platform("ResourceQuery.Resources.Read")],
            &[directory("Dynamics 365 Administrator"), platform("ResourceQuery.Resources.Read")],
        ],
    },
    admin("powerapps.apps"),
    admin("powerapps.app_permissions"),
    Need {
        source: "ppapi.advisor",
        words: "Analytics.AdvisorRecommendations.Read",
        application: &[&[platform("Analytics.AdvisorRecommendations.Read")]],
        delegated: &[&[platform("Analytics.AdvisorRecommendations.Read")]],
    },
    admin("powerapps.connectors"),
    admin("powerapps.custom_connectors"),
    admin("powerapps.connections"),
    Need {
        source: "powerbi.gateway_clusters",
        words: "gateway admin or Power BI/Fabric Administrator",
        application: &[],
        delegated: &[&[power_bi("gateway administrator")], &[directory("Fabric Administrator")]],
    },
    person("flow.admin_flows"),
    person("flow.definition"),
    person("flow.permissions"),
    person("flow.runs"),
    reader("ppapi.cloud_flows"),
    reader("ppapi.flow_runs"),
    person("analytics.exports"),
    reader("ppapi.capacity"),
];
