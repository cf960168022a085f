//! Power Platform: the administration services, tenant-wide and by environment.
//!
//! Owns the registry of the family and the words for what lets in. Flows and apps that live in Dataverse are read
//! there.

mod analytics_exports;
mod app_permissions;
mod apps;
mod bap_tenant;
mod connections;
mod connectors;
mod env_roles;
mod environment_groups;
mod environments;
mod flow_admin;
mod flow_details;
mod gateways;
mod gov_connector_metadata;
mod gov_dlp_list;
mod gov_dlp_policy;
mod gov_group_rulesets;
mod gov_tenant_isolation;
mod inventory;
mod lifecycle;
mod management_apps;
mod ppapi_advisor;
mod ppapi_capacity;
mod ppapi_flows;
mod ppapi_group_rules;
mod ppapi_role_assignments;
mod tenant_settings;

use crate::found::{Due, Place};
use crate::source::{Grant, Source};

/// What lets in on the administration hosts.
const ADMIN: Grant = Grant {
    application: Some("registered management app"),
    delegated: Some("Power Platform Administrator"),
};

/// What lets in on the Power Platform API.
const READER: Grant = Grant {
    application: Some("RBAC role Power Platform reader, or registered management app"),
    delegated: Some("Power Platform Administrator"),
};

/// The sources of this family.
pub(crate) const SOURCES: &[&Source] = &[
    &bap_tenant::SOURCE,
    &environments::SOURCE,
    &environment_groups::SOURCE,
    &gov_group_rulesets::SOURCE,
    &ppapi_group_rules::SOURCE,
    &lifecycle::OPERATIONS,
    &lifecycle::BACKUPS,
    &tenant_settings::SOURCE,
    &gov_tenant_isolation::SOURCE,
    &gov_dlp_list::SOURCE,
    &gov_dlp_policy::SOURCE,
    &gov_connector_metadata::SOURCE,
    &management_apps::SOURCE,
    &ppapi_role_assignments::SOURCE,
    &env_roles::SOURCE,
    &inventory::SOURCE,
    &apps::SOURCE,
    &app_permissions::SOURCE,
    &ppapi_advisor::SOURCE,
    &connectors::CATALOGUE,
    &connectors::CUSTOM,
    &connections::SOURCE,
    &gateways::SOURCE,
    &flow_admin::SOURCE,
    &flow_details::DEFINITION,
    &flow_details::PERMISSIONS,
    &flow_details::RUNS,
    &ppapi_flows::FLOWS,
    &ppapi_flows::RUNS,
    &analytics_exports::SOURCE,
    &ppapi_capacity::SOURCE,
];

/// Production environments, and those of the last 30 days: what happened to others is not asked.
fn production_or_new(place: &Place<'_>) -> Due {
    let Some(environment) = place.environment else { return Due::Never };
    let is_new = place.plan.is_some_and(|plan| environment.is_younger(30, &plan.now));
    if place.thorough || environment.is_production() || is_new {
        Due::Ask
    } else {
        Due::Not("only production environments and new ones are asked")
    }
}
