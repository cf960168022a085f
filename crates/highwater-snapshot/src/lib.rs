//! Snapshot: what was known of one tenant at one moment.
//!
//! Owns the evidence tables (one file each under `tables/`), how records become their rows, what was
//! covered and what was not, and the folder on disk that carries all of it. Fetches nothing, judges
//! nothing: collectors and importers write snapshots, facts read them, and the two never meet elsewhere.

mod assets;
mod at_rest;
mod boundary;
mod bundle;
mod cells;
mod config;
mod coverage;
mod derive;
mod error;
mod fold;
mod for_good;
mod frames;
mod json;
mod loader;
mod manifest;
mod merge;
mod names;
mod parquet;
mod pattern_class;
mod reach;
mod record;
mod rows;
mod scrub;
mod snapshot;
mod spill;
mod store;
mod table;
mod tables {
    pub(crate) mod ages;
    pub(crate) mod ai_models;
    pub(crate) mod alert_scopes;
    pub(crate) mod alerts;
    pub(crate) mod app_discovery;
    pub(crate) mod app_table_uses;
    pub(crate) mod app_usage;
    pub(crate) mod apps;
    pub(crate) mod asset_connectors;
    pub(crate) mod asset_shares;
    pub(crate) mod asset_tags;
    pub(crate) mod audit_events;
    pub(crate) mod audit_settings;
    pub(crate) mod autoscale_settings;
    pub(crate) mod capacity;
    pub(crate) mod child_flow_calls;
    pub(crate) mod ci_pipelines;
    pub(crate) mod clock;
    pub(crate) mod cloud_flows;
    pub(crate) mod component_layers;
    pub(crate) mod conditional_access_policies;
    pub(crate) mod conditional_access_targets;
    pub(crate) mod config_lists;
    pub(crate) mod config_numbers;
    pub(crate) mod connection_monitors;
    pub(crate) mod connection_references;
    pub(crate) mod connections;
    pub(crate) mod connectors;
    pub(crate) mod copilots;
    pub(crate) mod coverage;
    pub(crate) mod credentials;
    pub(crate) mod cross_tenant_access;
    pub(crate) mod custom_connectors;
    pub(crate) mod dataverse_users;
    pub(crate) mod defender_plans;
    pub(crate) mod desktop_flow_definitions;
    pub(crate) mod desktop_flow_runs;
    pub(crate) mod desktop_flows;
    pub(crate) mod desktop_run_peaks;
    pub(crate) mod diagnostic_settings;
    pub(crate) mod dlp_connector_rules;
    pub(crate) mod dlp_custom_connector_patterns;
    pub(crate) mod dlp_policies;
    pub(crate) mod dlp_policy_environments;
    pub(crate) mod env_seen;
    pub(crate) mod environment_backups;
    pub(crate) mod environment_group_rules;
    pub(crate) mod environment_groups;
    pub(crate) mod environment_operations;
    pub(crate) mod environment_variables;
    pub(crate) mod environments;
    pub(crate) mod flow_definitions;
    pub(crate) mod flow_logs;
    pub(crate) mod flow_run_stats;
    pub(crate) mod gateways;
    pub(crate) mod git_connections;
    pub(crate) mod group_governance;
    pub(crate) mod group_licences;
    pub(crate) mod group_members;
    pub(crate) mod groups;
    pub(crate) mod history;
    pub(crate) mod intune_apps;
    pub(crate) mod intune_policies;
    pub(crate) mod key_vault_secrets;
    pub(crate) mod key_vaults;
    pub(crate) mod licence_assignments;
    pub(crate) mod licence_skus;
    pub(crate) mod load_balancers;
    pub(crate) mod log_analytics_workspaces;
    pub(crate) mod machine_groups;
    pub(crate) mod machines;
    pub(crate) mod managed_devices;
    pub(crate) mod nsg_rules;
    pub(crate) mod nsgs;
    pub(crate) mod pipeline_runs;
    pub(crate) mod pipeline_stages;
    pub(crate) mod pipelines;
    pub(crate) mod principals;
    pub(crate) mod process_mining;
    pub(crate) mod protected_items;
    pub(crate) mod regulatory_standards;
    pub(crate) mod role_assignments;
    pub(crate) mod security_roles;
    pub(crate) mod sentinel_rules;
    pub(crate) mod sentinel_workspaces;
    pub(crate) mod solution_components;
    pub(crate) mod solutions;
    pub(crate) mod source_control_repos;
    pub(crate) mod storage_accounts;
    pub(crate) mod subnets;
    pub(crate) mod subscriptions;
    pub(crate) mod teams;
    pub(crate) mod telemetry_exports;
    pub(crate) mod tenant;
    pub(crate) mod tenant_isolation;
    pub(crate) mod tenant_isolation_rules;
    pub(crate) mod tenant_seen;
    pub(crate) mod tenant_settings;
    pub(crate) mod traffic_managers;
    pub(crate) mod vm_insights;
    pub(crate) mod vm_scale_sets;
    pub(crate) mod vms;
    pub(crate) mod web_sites;
    pub(crate) mod work_queues;
}
#[cfg(test)]
mod testing;
mod time;
mod value;
mod writer;

pub use at_rest::without_credentials;
pub use boundary::Pseudonyms;
pub use config::{Config, Lists, Organisations};
pub use coverage::{Claim, Status};
pub use error::Error;
pub use for_good::for_good;
pub use json::Json;
pub use manifest::{FORMAT, FileEntry, Manifest, SourceEntry, TableEntry};
pub use names::{Known, Look, Name, Names, same};
pub use reach::Reach;
pub use record::{Origin, Place, Record};
pub use rows::{Cell, Named, Rows, cell, plain};
pub use snapshot::Snapshot;
pub use store::{Held, held, home, moment, newest, publish, recover, remove, staging, sync};
pub use table::{Column, Made, Privacy, Reading, Sample, Scope, Table, Type};
pub use time::Time;
pub use value::{List, Member, Object, TELLING, Text, Value};
pub use writer::{Subject, Writer, Written};

/// All tables, in the order of the documentation.
pub static TABLES: &[&Table] = &[
    &tables::tenant::TABLE,
    &tables::environments::TABLE,
    &tables::environment_groups::TABLE,
    &tables::environment_group_rules::TABLE,
    &tables::environment_operations::TABLE,
    &tables::environment_backups::TABLE,
    &tables::tenant_settings::TABLE,
    &tables::tenant_isolation::TABLE,
    &tables::tenant_isolation_rules::TABLE,
    &tables::dlp_policies::TABLE,
    &tables::dlp_policy_environments::TABLE,
    &tables::dlp_connector_rules::TABLE,
    &tables::dlp_custom_connector_patterns::TABLE,
    &tables::cross_tenant_access::TABLE,
    &tables::apps::TABLE,
    &tables::app_usage::TABLE,
    &tables::asset_shares::TABLE,
    &tables::asset_connectors::TABLE,
    &tables::asset_tags::TABLE,
    &tables::connectors::TABLE,
    &tables::custom_connectors::TABLE,
    &tables::connections::TABLE,
    &tables::connection_references::TABLE,
    &tables::cloud_flows::TABLE,
    &tables::flow_definitions::TABLE,
    &tables::child_flow_calls::TABLE,
    &tables::flow_run_stats::TABLE,
    &tables::desktop_flows::TABLE,
    &tables::desktop_flow_definitions::TABLE,
    &tables::desktop_flow_runs::TABLE,
    &tables::machines::TABLE,
    &tables::machine_groups::TABLE,
    &tables::work_queues::TABLE,
    &tables::gateways::TABLE,
    &tables::solutions::TABLE,
    &tables::git_connections::TABLE,
    &tables::solution_components::TABLE,
    &tables::component_layers::TABLE,
    &tables::environment_variables::TABLE,
    &tables::credentials::TABLE,
    &tables::pipelines::TABLE,
    &tables::pipeline_stages::TABLE,
    &tables::pipeline_runs::TABLE,
    &tables::ai_models::TABLE,
    &tables::process_mining::TABLE,
    &tables::copilots::TABLE,
    &tables::dataverse_users::TABLE,
    &tables::teams::TABLE,
    &tables::security_roles::TABLE,
    &tables::role_assignments::TABLE,
    &tables::audit_settings::TABLE,
    &tables::audit_events::TABLE,
    &tables::telemetry_exports::TABLE,
    &tables::capacity::TABLE,
    &tables::principals::TABLE,
    &tables::groups::TABLE,
    &tables::group_members::TABLE,
    &tables::group_governance::TABLE,
    &tables::group_licences::TABLE,
    &tables::licence_skus::TABLE,
    &tables::licence_assignments::TABLE,
    &tables::conditional_access_policies::TABLE,
    &tables::conditional_access_targets::TABLE,
    &tables::intune_apps::TABLE,
    &tables::intune_policies::TABLE,
    &tables::managed_devices::TABLE,
    &tables::subscriptions::TABLE,
    &tables::nsgs::TABLE,
    &tables::nsg_rules::TABLE,
    &tables::subnets::TABLE,
    &tables::flow_logs::TABLE,
    &tables::vms::TABLE,
    &tables::vm_scale_sets::TABLE,
    &tables::autoscale_settings::TABLE,
    &tables::load_balancers::TABLE,
    &tables::traffic_managers::TABLE,
    &tables::storage_accounts::TABLE,
    &tables::web_sites::TABLE,
    &tables::log_analytics_workspaces::TABLE,
    &tables::diagnostic_settings::TABLE,
    &tables::vm_insights::TABLE,
    &tables::connection_monitors::TABLE,
    &tables::alerts::TABLE,
    &tables::alert_scopes::TABLE,
    &tables::protected_items::TABLE,
    &tables::key_vaults::TABLE,
    &tables::key_vault_secrets::TABLE,
    &tables::sentinel_workspaces::TABLE,
    &tables::sentinel_rules::TABLE,
    &tables::defender_plans::TABLE,
    &tables::app_discovery::TABLE,
    &tables::regulatory_standards::TABLE,
    &tables::source_control_repos::TABLE,
    &tables::ci_pipelines::TABLE,
    &tables::clock::TABLE,
    &tables::config_lists::TABLE,
    &tables::coverage::TABLE,
    &tables::config_numbers::TABLE,
    &tables::ages::TABLE,
    &tables::history::TABLE,
    &tables::app_table_uses::TABLE,
    &tables::desktop_run_peaks::TABLE,
    &tables::tenant_seen::TABLE,
    &tables::env_seen::TABLE,
];

/// The table of that name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}
