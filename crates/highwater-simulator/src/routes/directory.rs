//! Paths of Microsoft Graph.

use super::{Dialect, Route, Shape};
use crate::host::Service;

/// A GET of a list.
const fn set(path: &'static str) -> Route {
    Route {
        service: Service::Graph,
        post: false,
        path,
        parameters: &[],
        shape: Shape::List(Dialect::OData),
    }
}

/// A POST that reads.
const fn read(path: &'static str, shape: Shape) -> Route {
    Route { service: Service::Graph, post: true, path, parameters: &[], shape }
}

pub(super) const ROUTES: &[Route] = &[
    read("/v1.0/$batch", Shape::Batch),
    read("/beta/$batch", Shape::Batch),
    Route {
        service: Service::Graph,
        post: true,
        path: "/v1.0/directoryObjects/getByIds",
        parameters: &["$select"],
        shape: Shape::ByIds,
    },
    set("/v1.0/organization"),
    set("/v1.0/domains"),
    set("/v1.0/users"),
    set("/v1.0/directory/deletedItems/microsoft.graph.user"),
    set("/v1.0/groups"),
    set("/v1.0/groups/{}/members"),
    set("/v1.0/groups/{}/transitiveMembers"),
    set("/v1.0/subscribedSkus"),
    set("/v1.0/roleManagement/directory/roleAssignments"),
    set("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances"),
    set("/v1.0/roleManagement/directory/roleAssignmentScheduleInstances"),
    set("/v1.0/identity/conditionalAccess/policies"),
    set("/v1.0/identity/conditionalAccess/namedLocations"),
    Route {
        service: Service::Graph,
        post: false,
        path: "/v1.0/policies/crossTenantAccessPolicy/default",
        parameters: &[],
        shape: Shape::Object,
    },
    set("/v1.0/policies/crossTenantAccessPolicy/partners"),
    set("/v1.0/identityGovernance/entitlementManagement/accessPackages"),
    set("/v1.0/identityGovernance/accessReviews/definitions"),
    set("/v1.0/deviceAppManagement/mobileApps"),
    set("/v1.0/deviceManagement/managedDevices"),
    set("/v1.0/deviceManagement/detectedApps"),
    set("/v1.0/deviceManagement/detectedApps/{}/managedDevices"),
    set("/v1.0/deviceManagement/deviceConfigurations"),
    set("/beta/deviceManagement/windowsQualityUpdateProfiles"),
    set("/beta/deviceManagement/windowsFeatureUpdateProfiles"),
    set("/beta/security/dataDiscovery/cloudAppDiscovery/uploadedStreams"),
    set(
        "/beta/security/dataDiscovery/cloudAppDiscovery/uploadedStreams/{}/aggregatedAppsDetails(period=duration'P90D')",
    ),
    set(
        "/beta/security/dataDiscovery/cloudAppDiscovery/uploadedStreams/{}/microsoft.graph.security.aggregatedAppsDetails(period=duration'P90D')",
    ),
    set("/v1.0/servicePrincipals"),
];
