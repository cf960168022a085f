//! Keys: records that say what they are only by the keys they have.
//!
//! A signature is a set of keys that together occur in one kind of record only. Where several
//! signatures fit, the record is ambiguous and all of them are candidates. Keys are compared without
//! regard to ASCII case, because exports rewrite them.

use highwater_snapshot::Json;

use crate::kinds::{Class, Hand, Whole};
use crate::odata;

/// Keys that a record must have and must not have, and what it is then.
struct Signature {
    has: &'static [&'static str],
    lacks: &'static [&'static str],
    class: Class,
}

/// All classes whose signature a record bears.
pub(crate) fn classify(record: Json<'_>) -> Vec<Class> {
    if let Some(kind) = record.key("@odata.type").word()
        && let Some(class) = graph_type(kind.trim_start_matches("#microsoft.graph."), record)
    {
        return class;
    }
    let mut found: Vec<Class> = Vec::new();
    for signature in SIGNATURES {
        let fits = signature.has.iter().all(|key| record.key(key).is_present())
            && !signature.lacks.iter().any(|key| record.key(key).is_present());
        if fits && !found.iter().any(|class| class.what == signature.class.what) {
            found.push(refine(signature.class, record));
        }
    }
    found
}

/// Classes that depend on more than keys.
fn refine(class: Class, record: Json<'_>) -> Class {
    match class.what {
        "dv.workflows" => odata::workflow(Some(record)),
        "graph.groups" => odata::groups(Some(record)),
        "graph.users" => odata::users(Some(record)),
        "graph.access_packages" if record.key("catalogId").is_present() => {
            odata::packages(Some(record))
        }
        "gov.connector_metadata" if record.at("metadata.unblockable").is_present() => {
            Class::part("gov.connector_metadata", "unblockable")
        }
        "gov.connector_metadata" => Class::part("gov.connector_metadata", "virtual"),
        _ => class,
    }
}

/// Graph objects that name their own type. Users and other directory objects may be answers to several
/// requests.
fn graph_type(kind: &str, record: Json<'_>) -> Option<Vec<Class>> {
    let kind = kind.rsplit('.').next()?;
    Some(vec![match kind {
        "conditionalaccesspolicy" => Class::part("graph.conditional_access", "policies"),
        "group" => odata::groups(Some(record)),
        "user" => {
            return Some(vec![Class::list("graph.users"), Class::list("graph.group_members")]);
        }
        "serviceprincipal" => Class::some("graph.users", "service principals only"),
        "manageddevice" => Class::list("graph.devices"),
        "detectedapp" => Class::list("graph.intune_detected_apps"),
        "mobileappassignment" => Class::unused("assignments of managed apps"),
        "ipnamedlocation" | "countrynamedlocation" => Class::unused("named locations"),
        "windowsqualityupdateprofile" => Class::part("graph.intune_policies", "updates"),
        "deviceconfiguration" | "windowsupdateforbusinessconfiguration" => {
            Class::part("graph.intune_policies", "configurations")
        }
        "devicemanagementconfigurationpolicy" => {
            Class::some("graph.intune_policies", "one kind of policies only")
        }
        _ if kind.ends_with("configuration") => {
            Class::part("graph.intune_policies", "configurations")
        }
        _ if kind.ends_with("compliancepolicy") => {
            Class::some("graph.intune_policies", "one kind of policies only")
        }
        _ if kind.ends_with("app") || kind.ends_with("lobapp") => Class::list("graph.intune_apps"),
        _ => return None,
    }])
}

const fn signature(
    has: &'static [&'static str],
    lacks: &'static [&'static str],
    class: Class,
) -> Signature {
    Signature { has, lacks, class }
}

const OWN_GATEWAYS: &str = "gateways of which the reader is an administrator, not all";
const ONE_REGION: &str = "one region's list does not tell of the others";
const SEARCH: &str = "a search in the audit log does not say what was searched for";
const REPOSITORIES: &str = "one project's or one page's list does not tell of the others";
const OF_REPOSITORY: &str = "one repository's answer does not tell of the others";

const SIGNATURES: &[Signature] = &[
    // Power Platform
    signature(&["tenantId", "defaultEnvironmentGeo"], &[], Class::one("bap.tenant")),
    signature(&["walkMeOptOut", "powerPlatform"], &[], Class::one("bap.tenant_settings")),
    signature(&["isDisabled", "allowedTenants"], &["name"], Class::one("gov.tenant_isolation")),
    signature(
        &["id", "displayName", "description", "createdTime", "createdBy"],
        &["type", "properties", "name", "state", "status"],
        Class::list("bap.environment_groups"),
    ),
    signature(
        &["parameters", "environmentFilter", "lastModified"],
        &[],
        Class::list("gov.group_rulesets"),
    ),
    signature(
        &["links", "typeDisplayName", "stages", "state"],
        &[],
        Class::list("bap.lifecycle_operations"),
    ),
    signature(
        &["applicationId"],
        &["id", "name", "displayName", "uniqueName", "RecordType", "systemuserid"],
        Class::list("bap.management_apps"),
    ),
    signature(
        &["roleAssignmentId", "principalObjectId", "roleDefinitionId"],
        &[],
        Class::list("ppapi.role_assignments"),
    ),
    signature(
        &["roleDefinitionId", "roleDefinitionName", "permissions"],
        &[],
        Class::unused("definitions of Power Platform roles"),
    ),
    signature(
        &["id", "metadata"],
        &["name", "properties", "type"],
        Class::list("gov.connector_metadata"),
    ),
    signature(
        &["sink", "scenarios", "environments"],
        &[],
        Class::some("analytics.exports", ONE_REGION),
    ),
    signature(
        &["clusterNumber", "geoName", "clusterCategory"],
        &[],
        Class::unused("the cluster of a tenant"),
    ),
    signature(&["tenantCapacities", "licenseModelType"], &[], Class::one("ppapi.capacity")),
    signature(
        &["capacityType", "totalCapacity", "capacityUnits"],
        &[],
        Class::some("ppapi.capacity", "single kinds of capacity"),
    ),
    signature(
        &["gatewayId", "publicKey", "gatewayAnnotation"],
        &["memberGateways"],
        Class::some("powerbi.gateway_clusters", OWN_GATEWAYS),
    ),
    signature(&["memberGateways", "permissions"], &[], Class::list("powerbi.gateway_clusters")),
    signature(&["backupPointDateTime"], &[], Class::list("ppapi.backups")),
    signature(
        &["workflowId", "stateCode", "modernFlowType"],
        &[],
        Class::list("ppapi.cloud_flows"),
    ),
    signature(&["ruleSets", "name", "id"], &[], Class::list("ppapi.group_rules")),
    signature(&["billingInstrument", "status"], &[], Class::unused("billing policies")),
    signature(
        &["billingPolicyId", "environmentId"],
        &["billingInstrument"],
        Class::unused("environments of billing policies"),
    ),
    signature(
        &["crmGeo", "relationType", "organizationType"],
        &[],
        Class::unused("organisations of a tenant"),
    ),
    signature(
        &["uniqueName", "instancePackageId", "publisherName"],
        &[],
        Class::unused("application packages"),
    ),
    signature(&["websiteUrl", "dataverseInstanceUrl"], &[], Class::unused("Power Pages sites")),
    signature(
        &["appInsightsConnectionString"],
        &[],
        Class::unused("telemetry settings of an agent"),
    ),
    signature(
        &["guidanceUrl", "primaryCategory", "severity", "howToFix"],
        &[],
        Class::unused("rules of the solution checker"),
    ),
    // Dataverse, where the answer does not name its set
    signature(&["workflowid", "category"], &[], Class::list("dv.workflows")),
    signature(&["botid", "schemaname"], &[], Class::list("dv.bots")),
    signature(&["msdyn_aimodelid", "msdyn_name"], &[], Class::list("dv.ai_models")),
    signature(
        &["environmentvariabledefinitionid", "schemaname", "displayname"],
        &["environmentvariablevalueid"],
        Class::list("dv.environment_variables"),
    ),
    signature(
        &["environmentvariablevalueid", "value"],
        &[],
        Class::unused("values of environment variables, which are never kept"),
    ),
    signature(
        &["customizationprefix", "publisherid", "friendlyname"],
        &["solutionid"],
        Class::unused("solution publishers"),
    ),
    signature(
        &["solutionid", "uniquename", "friendlyname", "version"],
        &[],
        Class::list("dv.solutions"),
    ),
    signature(
        &["solutioncomponentid", "componenttype"],
        &[],
        Class::list("dv.solution_components"),
    ),
    signature(&["systemuserid", "internalemailaddress"], &[], Class::list("dv.users")),
    signature(
        &["systemuserid", "azureactivedirectoryobjectid"],
        &["internalemailaddress"],
        Class::list("dv.users"),
    ),
    signature(
        &["roleid", "_businessunitid_value", "name"],
        &["systemuserid", "teamid"],
        Class::list("dv.roles"),
    ),
    signature(&["teamid", "teamtype"], &[], Class::list("dv.teams")),
    signature(&["flowmachineid", "name"], &["flowsessionid"], Class::list("dv.machines")),
    signature(
        &["flowmachinegroupid", "name"],
        &["flowmachineid", "flowsessionid"],
        Class::list("dv.machine_groups"),
    ),
    signature(&["flowsessionid", "startedon"], &[], Class::list("dv.sessions")),
    signature(&["flowrunid", "starttime"], &[], Class::list("dv.flow_runs")),
    signature(&["workqueueid", "name"], &["workqueueitemid"], Class::list("dv.work_queues")),
    signature(
        &["connectionreferenceid", "connectorid"],
        &[],
        Class::list("dv.connection_references"),
    ),
    signature(&["appmoduleid", "uniquename"], &[], Class::list("dv.app_modules")),
    signature(
        &["organizationid", "isauditenabled"],
        &["systemuserid"],
        Class::list("dv.organization"),
    ),
    signature(
        &["sourcecontrolbranchconfigurationid", "partitionid"],
        &[],
        Class::part("dv.git", "branches"),
    ),
    signature(
        &["deploymentpipelineid", "name"],
        &["deploymentstageid", "deploymentstagerunid"],
        Class::part("dv.pipelines", "deploymentpipelines"),
    ),
    signature(
        &["deploymentstageid", "name"],
        &["deploymentstagerunid"],
        Class::part("dv.pipelines", "deploymentstages"),
    ),
    signature(
        &["deploymentenvironmentid", "name"],
        &["deploymentstageid", "deploymentstagerunid"],
        Class::part("dv.pipelines", "deploymentenvironments"),
    ),
    signature(&["deploymentstagerunid"], &[], Class::list("dv.pipeline_runs")),
    signature(
        &["LogicalName", "EntitySetName", "MetadataId"],
        &[],
        Class::unused("table definitions"),
    ),
    signature(&["SettingDetailCollection"], &[], Class::unused("organisation settings by name")),
    // Microsoft Graph, also with the PascalCase keys of PowerShell
    signature(&["skuPartNumber", "skuId", "consumedUnits"], &[], Class::list("graph.skus")),
    signature(
        &["conditions", "grantControls", "state"],
        &["@odata.type"],
        Class::part("graph.conditional_access", "policies"),
    ),
    signature(
        &["inboundTrust", "b2bCollaborationInbound", "isServiceDefault"],
        &["tenantId"],
        Class::of("graph.cross_tenant", "default", Whole::One),
    ),
    signature(
        &["inboundTrust", "b2bCollaborationInbound", "tenantId"],
        &[],
        Class::part("graph.cross_tenant", "partners"),
    ),
    signature(&["groupTypes", "securityEnabled", "displayName"], &[], Class::list("graph.groups")),
    signature(
        &["userPrincipalName", "displayName", "id"],
        &[
            "@odata.type",
            "servicePrincipalType",
            "createdDateTime@odata.type",
            "appDisplayName",
            "clientAppUsed",
        ],
        Class::list("graph.users"),
    ),
    signature(
        &["licenseAssignmentStates", "id"],
        &["userPrincipalName"],
        Class::list("graph.users"),
    ),
    signature(
        &["roleAssignmentScheduleId", "principalId", "roleDefinitionId"],
        &[],
        Class::part("graph.roles", "active"),
    ),
    signature(
        &["roleEligibilityScheduleId", "principalId", "roleDefinitionId"],
        &[],
        Class::part("graph.roles", "eligible"),
    ),
    signature(
        &["scheduleInfo", "principalId", "roleDefinitionId"],
        &[],
        Class::unused("schedules of directory roles"),
    ),
    signature(
        &["isRoleScopesVisible", "catalogId", "displayName"],
        &[],
        Class::list("graph.access_packages"),
    ),
    signature(
        &["accessPackageId", "canExtend"],
        &[],
        Class::unused("assignment policies of access packages"),
    ),
    signature(
        &["catalogType", "catalogStatus"],
        &[],
        Class::unused("catalogues of access packages"),
    ),
    signature(
        &["instanceEnumerationScope", "settings", "scope"],
        &[],
        Class::part("graph.access_packages", "reviews"),
    ),
    signature(
        &["deviceName", "managementAgent", "complianceState"],
        &["@odata.type"],
        Class::list("graph.devices"),
    ),
    signature(
        &["servicePrincipalType", "displayName"],
        &["id"],
        Class::unread("service principals", "without ids"),
    ),
    signature(
        &["servicePrincipalType", "displayName", "id"],
        &[],
        Class::some("graph.users", "service principals only"),
    ),
    signature(
        &["allowInvitesFrom", "defaultUserRolePermissions"],
        &[],
        Class::unused("the authorisation policy"),
    ),
    signature(
        &["consentType", "clientId", "resourceId"],
        &[],
        Class::unused("delegated permission grants"),
    ),
    signature(&["averageComparativeScores", "currentScore"], &[], Class::unused("secure scores")),
    signature(&["membershipType", "displayName"], &[], Class::unused("channels of a team")),
    signature(
        &["memberSettings", "guestSettings", "messagingSettings"],
        &[],
        Class::unused("settings of a team"),
    ),
    signature(
        &["servicePlans", "skuId", "skuPartNumber"],
        &["consumedUnits", "productName"],
        Class::unused("licences of one user"),
    ),
    signature(
        &["skuId", "productName", "servicePlans"],
        &[],
        Class::unused("a catalogue of products"),
    ),
    signature(
        &["servicePlanId", "servicePlanName"],
        &[],
        Class::unused("service plans of a tenant"),
    ),
    signature(&["Operation", "RecordType", "Workload"], &[], Class::some("o365.activity", SEARCH)),
    // Azure answers without a type
    signature(
        &["subscriptionId", "displayName", "state"],
        &["properties"],
        Class::some("arg.subscriptions", "subscriptions that the reader may see"),
    ),
    signature(
        &["cloudName", "tenantId", "homeTenantId"],
        &[],
        Class::some("arg.subscriptions", "subscriptions that the reader may see"),
    ),
    signature(
        &["targetResourceId", "properties"],
        &["type", "name"],
        Class::unused("the state of one flow log"),
    ),
    signature(
        &["lifetimeActions", "attributes"],
        &[],
        Class::unused("the rotation policy of a key"),
    ),
    signature(&["policyAssignmentId", "isCompliant"], &[], Class::unused("Azure policy states")),
    signature(
        &["policyAssignments", "results"],
        &[],
        Class::unused("a summary of Azure policy states"),
    ),
    // Highwater's own sheets
    signature(&["asset_id", "tag"], &[], Class::list("tags")),
    signature(&["principal_id", "certificate"], &[], Class::list("training")),
    // Source control
    signature(&["remoteUrl", "project", "name"], &[], Class::some("ado.repos", REPOSITORIES)),
    signature(
        &["full_name", "default_branch", "html_url"],
        &[],
        Class::some("github.repos", REPOSITORIES),
    ),
    signature(
        &["enforce_admins", "allow_force_pushes"],
        &[],
        Class::some("github.protection", OF_REPOSITORY),
    ),
    signature(
        &["git_url", "download_url", "path", "sha"],
        &[],
        Class::some("github.trees", OF_REPOSITORY),
    ),
    signature(&["gitObjectType", "commitId", "path"], &[], Class::some("ado.items", OF_REPOSITORY)),
    signature(
        &["isBlocking", "isEnabled", "settings", "type"],
        &["resource"],
        Class::some("ado.policies", OF_REPOSITORY),
    ),
    signature(
        &["environments", "releaseNameFormat"],
        &[],
        Class::some("ado.pipelines", OF_REPOSITORY).hand(Hand::Pipeline),
    ),
    signature(
        &["releaseNameFormat", "lastRelease"],
        &["environments"],
        Class::unread("release definitions", "a list without steps says nothing of Power Platform"),
    ),
    signature(&["pullRequestId", "sourceRefName"], &[], Class::unused("pull requests")),
    signature(&["extensionId", "publisherId"], &[], Class::unused("extensions of an organisation")),
    signature(&["authorization", "isReady", "data"], &[], Class::unused("service connections")),
    signature(
        &["variables", "type", "createdBy", "name", "id"],
        &["environments", "authorization", "properties"],
        Class::unused("variable groups"),
    ),
    signature(
        &["timeout", "resource", "type", "_links"],
        &[],
        Class::unused("checks of a resource"),
    ),
    signature(
        &["state", "url", "name", "id"],
        &["type", "properties", "state_reason", "displayName", "subscriptionId"],
        Class::unused("projects"),
    ),
];

#[cfg(test)]
mod tests {
    use highwater_snapshot::Value;

    use super::*;

    fn classes(text: &str) -> Vec<&'static str> {
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        classify(Json::new(&value)).iter().map(|class| class.what).collect()
    }

    #[test]
    fn users_may_be_members_of_a_group() {
        assert_eq!(
            classes(r##"{"@odata.type": "#microsoft.graph.user", "id": "u"}"##),
            ["graph.users", "graph.group_members"]
        );
    }

    #[test]
    fn keys_of_powershell_are_the_same_keys() {
        assert_eq!(
            classes(r#"{"SkuPartNumber": "X", "SkuId": "y", "ConsumedUnits": 1}"#),
            ["graph.skus"]
        );
        assert_eq!(
            classes(r#"{"Conditions": {}, "GrantControls": null, "State": "enabled"}"#),
            ["graph.conditional_access"]
        );
    }

    #[test]
    fn what_bears_no_signature_is_nothing() {
        assert!(classes(r#"{"id": 1, "name": "x"}"#).is_empty());
        assert!(classes("[]").is_empty());
    }
}
