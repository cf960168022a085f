//! Paths of the Power Platform hosts: BAP, Power Apps, Power Automate, the Power Platform API, Power BI, analytics and
//! the activity feed.

use super::{Dialect, Route, Shape, list, object};
use crate::host::Service;

const ADMIN: &[&str] = &["$filter", "$expand", "$select"];
/// Assignments of rule-based policies.
const COUNTS: &[&str] = &["includeRuleSetCounts"];
/// Cloud flows and app lists of the Power Platform API.
const FLOWS: &[&str] = &[
    "ownerId",
    "modifiedOnStartDate",
    "modifiedOnEndDate",
    "createdOnStartDate",
    "createdOnEndDate",
    "workflowId",
    "resourceId",
    "createdBy",
];

pub(super) const ROUTES: &[Route] = &[
    object(Service::Bap, "/providers/Microsoft.BusinessAppPlatform/tenant", &[]),
    list(
        Service::Bap,
        "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments",
        Dialect::NextLink,
        ADMIN,
    ),
    object(
        Service::Bap,
        "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}",
        ADMIN,
    ),
    list(
        Service::Bap,
        "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{}/roleAssignments",
        Dialect::NextLink,
        ADMIN,
    ),
    list(
        Service::Bap,
        "/providers/Microsoft.BusinessAppPlatform/environmentGroups",
        Dialect::NextLink,
        &[],
    ),
    list(
        Service::Bap,
        "/providers/Microsoft.BusinessAppPlatform/lifecycleOperations",
        Dialect::NextLink,
        &["$filter"],
    ),
    list(
        Service::Bap,
        "/providers/Microsoft.BusinessAppPlatform/adminApplications",
        Dialect::Whole,
        &[],
    ),
    Route {
        service: Service::Bap,
        post: true,
        path: "/providers/Microsoft.BusinessAppPlatform/listTenantSettings",
        parameters: &[],
        shape: Shape::Object,
    },
    object(
        Service::Bap,
        "/providers/PowerPlatform.Governance/v1/tenants/{}/tenantIsolationPolicy",
        &[],
    ),
    list(Service::Bap, "/providers/PowerPlatform.Governance/v2/policies", Dialect::Whole, &[]),
    object(Service::Bap, "/providers/PowerPlatform.Governance/v2/policies/{}", &[]),
    Route {
        service: Service::Bap,
        post: false,
        path: "/providers/PowerPlatform.Governance/v1/connectors/metadata/{}",
        parameters: &[],
        shape: Shape::Array,
    },
    list(
        Service::PowerApps,
        "/providers/Microsoft.PowerApps/scopes/admin/environments/{}/apps",
        Dialect::NextLink,
        ADMIN,
    ),
    list(
        Service::PowerApps,
        "/providers/Microsoft.PowerApps/scopes/admin/environments/{}/apps/{}/permissions",
        Dialect::NextLink,
        &[],
    ),
    list(
        Service::PowerApps,
        "/providers/Microsoft.PowerApps/scopes/admin/environments/{}/connections",
        Dialect::NextLink,
        ADMIN,
    ),
    list(
        Service::PowerApps,
        "/providers/Microsoft.PowerApps/scopes/admin/environments/{}/apis",
        Dialect::NextLink,
        ADMIN,
    ),
    list(
        Service::PowerApps,
        "/providers/Microsoft.PowerApps/apis",
        Dialect::NextLink,
        &[
            "$filter",
            "$expand",
            "showApisWithToS",
            "hideDlpExemptApis",
            "showAllDlpEnforceableApis",
        ],
    ),
    list(
        Service::Flow,
        "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{}/v2/flows",
        Dialect::NextLink,
        &["$filter", "include"],
    ),
    object(
        Service::Flow,
        "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{}/flows/{}",
        &["$expand", "$select"],
    ),
    list(
        Service::Flow,
        "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{}/flows/{}/permissions",
        Dialect::NextLink,
        &[],
    ),
    list(
        Service::Flow,
        "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{}/flows/{}/runs",
        Dialect::NextLink,
        &["$filter"],
    ),
    object(Service::PpApi, "/gateway/cluster", &[]),
    list(Service::PpApi, "/governance/environmentGroups/{}/ruleSets", Dialect::OData, &[]),
    list(Service::PpApi, "/governance/ruleBasedPolicies", Dialect::OData, &[]),
    list(Service::PpApi, "/governance/ruleBasedPolicies/assignments", Dialect::OData, COUNTS),
    list(Service::PpApi, "/governance/ruleBasedPolicies/{}/assignments", Dialect::OData, COUNTS),
    list(
        Service::PpApi,
        "/governance/ruleBasedPolicies/environments/{}/assignments",
        Dialect::OData,
        COUNTS,
    ),
    list(
        Service::PpApi,
        "/governance/ruleBasedPolicies/environmentGroups/{}/assignments",
        Dialect::OData,
        COUNTS,
    ),
    object(Service::PpApi, "/governance/ruleBasedPolicies/{}", &[]),
    list(
        Service::PpApi,
        "/governance/ruleSets",
        Dialect::OData,
        &["$expand", "$filter", "$select", "$top"],
    ),
    list(
        Service::PpApi,
        "/environmentmanagement/environments/{}/backups",
        Dialect::Collection,
        &["continuationToken"],
    ),
    list(
        Service::PpApi,
        "/environmentmanagement/environments/{}/operations",
        Dialect::Collection,
        &["continuationToken", "limit"],
    ),
    list(Service::PpApi, "/authorization/roleAssignments", Dialect::Whole, &[]),
    list(Service::PpApi, "/authorization/environments/{}/roleAssignments", Dialect::Whole, &[]),
    list(
        Service::PpApi,
        "/authorization/environmentGroups/{}/roleAssignments",
        Dialect::Whole,
        &[],
    ),
    list(Service::PpApi, "/authorization/roleDefinitions", Dialect::Whole, &[]),
    list(Service::PpApi, "/powerautomate/environments/{}/cloudFlows", Dialect::NextLink, FLOWS),
    list(
        Service::PpApi,
        "/powerautomate/environments/{}/flowRuns",
        Dialect::NextLink,
        &["workflowId"],
    ),
    list(Service::PpApi, "/analytics/advisorRecommendations", Dialect::NextLink, &[]),
    list(Service::PpApi, "/analytics/advisorRecommendations/{}/resources", Dialect::NextLink, &[]),
    object(Service::PpApi, "/licensing/tenantCapacity", &[]),
    Route {
        service: Service::PpApi,
        post: false,
        path: "/licensing/tenantCapacity/currencyReports",
        parameters: &["includeAllocations", "includeConsumptions"],
        shape: Shape::Array,
    },
    Route {
        service: Service::PpApi,
        post: true,
        path: "/resourcequery/resources/query",
        parameters: &[],
        shape: Shape::Inventory,
    },
    list(
        Service::PowerBi,
        "/v2.0/myorg/gatewayClusters",
        Dialect::Whole,
        &["$expand", "$skip", "$top"],
    ),
    list(Service::PowerBi, "/v1.0/myorg/gateways", Dialect::Whole, &[]),
    list(Service::Analytics, "/api/v2/connections", Dialect::Whole, &[]),
    Route {
        service: Service::O365,
        post: false,
        path: "/api/v1.0/{}/activity/feed/subscriptions/list",
        parameters: &["PublisherIdentifier"],
        shape: Shape::Array,
    },
    list(
        Service::O365,
        "/api/v1.0/{}/activity/feed/subscriptions/content",
        Dialect::NextPageUri,
        &["contentType", "startTime", "endTime", "nextPage", "PublisherIdentifier"],
    ),
    Route {
        service: Service::O365,
        post: false,
        path: "/api/v1.0/{}/activity/feed/audit/{}",
        parameters: &["PublisherIdentifier"],
        shape: Shape::Array,
    },
];
