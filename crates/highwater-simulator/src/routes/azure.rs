//! Paths of Azure: Resource Manager with Resource Graph, Key Vault and Log Analytics.

use super::{Dialect, Route, Shape, list, object};
use crate::host::Service;

/// A GET of a list below any resource.
const fn below(path: &'static str, parameters: &'static [&'static str]) -> Route {
    list(Service::Arm, path, Dialect::NextLink, parameters)
}

pub(super) const ROUTES: &[Route] = &[
    Route {
        service: Service::Arm,
        post: true,
        path: "/providers/Microsoft.ResourceGraph/resources",
        parameters: &[],
        shape: Shape::Query,
    },
    object(Service::Arm, "/metadata/endpoints", &[]),
    below("/tenants", &["$top"]),
    below("/subscriptions", &["$top"]),
    below("/subscriptions/{}/locations", &[]),
    below("/subscriptions/{}/resources", &["$filter", "$expand", "$top"]),
    below("/{+}/secrets", &["$top"]),
    below("/{+}/providers/Microsoft.EventGrid/eventSubscriptions", &["$filter", "$top"]),
    list(Service::Arm, "/{+}/providers/Microsoft.Insights/diagnosticSettings", Dialect::Whole, &[]),
    below("/{+}/providers/Microsoft.SecurityInsights/onboardingStates", &[]),
    below("/{+}/providers/Microsoft.SecurityInsights/dataConnectors", &[]),
    below("/{+}/providers/Microsoft.SecurityInsights/alertRules", &[]),
    below("/{+}/providers/Microsoft.SecurityInsights/automationRules", &[]),
    list(Service::KeyVault, "/secrets", Dialect::NextLink, &[]),
    list(Service::KeyVault, "/keys", Dialect::NextLink, &[]),
    list(Service::KeyVault, "/certificates", Dialect::NextLink, &["includePending"]),
    Route {
        service: Service::LogAnalytics,
        post: true,
        path: "/v1/workspaces/{}/query",
        parameters: &["timespan"],
        shape: Shape::Logs,
    },
];
