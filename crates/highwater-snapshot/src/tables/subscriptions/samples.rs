//! Samples: recorded answers and vendors' examples beside the checkout give rows in the expected tables.
//!
//! The samples are not part of the repository: without them the test says so and ends.

use std::path::Path;

use serde_json::Value;

use crate::TABLES;
use crate::testing::rows_at;

/// File, source, table, number of rows of all its records.
const EXPECTED: &[(&str, &str, &str, usize)] = &[
    ("azure/action-groups/list.json", "arg.resources", "alert_scopes", 2),
    ("azure/activity-log-alerts/list.json", "arg.resources", "alerts", 2),
    ("azure/activity-log-alerts/list.json", "arg.resources", "alert_scopes", 4),
    (
        "azure/autoscale-settings/list-by-subscription.json",
        "arg.resources",
        "autoscale_settings",
        1,
    ),
    ("azure/backup/protected-items.json", "arg.recovery", "protected_items", 1),
    ("azure/bastion-hosts/list.json", "arg.resources", "subnets", 1),
    ("azure/connection-monitors/list.json", "arg.resources", "connection_monitors", 2),
    (
        "azure/connection-monitors/v2-create-response.json",
        "arg.resources",
        "connection_monitors",
        1,
    ),
    ("azure/data-collection-rules/associations-by-rule.json", "arg.insights", "vm_insights", 1),
    ("azure/data-collection-rules/list.json", "arg.resources", "vm_insights", 2),
    ("azure/defender-pricings/list.json", "arg.security", "defender_plans", 4),
    (
        "azure/defender-regulatory-compliance/standards.json",
        "arg.security",
        "regulatory_standards",
        4,
    ),
    ("azure/diagnostic-settings/list.json", "arm.diagnostic_settings", "diagnostic_settings", 1),
    (
        "azure/diagnostic-settings/subscription-list.json",
        "arm.diagnostic_settings",
        "diagnostic_settings",
        1,
    ),
    ("azure/flow-logs/list.json", "arg.resources", "flow_logs", 2),
    ("azure/keyvault-secrets-arm/list.json", "arm.key_vault_secrets", "key_vault_secrets", 2),
    ("azure/keyvault-vaults/list-by-subscription.json", "arg.resources", "key_vaults", 1),
    ("azure/keyvault-vaults/recorded-get-softdelete-off.json", "arg.resources", "key_vaults", 1),
    ("azure/load-balancers/list-all.json", "arg.resources", "load_balancers", 2),
    ("azure/log-analytics-workspaces/list.json", "arg.resources", "log_analytics_workspaces", 1),
    ("azure/metric-alerts/list.json", "arg.resources", "alerts", 2),
    ("azure/metric-alerts/get-dynamic-single.json", "arg.resources", "alert_scopes", 2),
    ("azure/network-security-groups/list-all.json", "arg.resources", "nsgs", 2),
    ("azure/scheduled-query-rules/list.json", "arg.resources", "alerts", 2),
    ("azure/sentinel-alert-rules/list.json", "arm.sentinel", "sentinel_rules", 3),
    (
        "azure/sentinel-data-connectors/derived-purview-audit-power-automate.json",
        "arm.sentinel",
        "sentinel_workspaces",
        1,
    ),
    ("azure/sentinel-onboarding/list.json", "arm.sentinel", "sentinel_workspaces", 1),
    ("azure/site-recovery/protected-items.json", "arg.recovery", "protected_items", 1),
    ("azure/storage-accounts/list.json", "arg.resources", "storage_accounts", 6),
    ("azure/traffic-manager/by-subscription.json", "arg.resources", "traffic_managers", 3),
    ("azure/virtual-machines/get.json", "arg.resources", "vms", 1),
    ("azure/virtual-networks/list-all.json", "arg.resources", "subnets", 1),
    ("azure/vm-scale-sets/list-by-location.json", "arg.resources", "vm_scale_sets", 2),
    ("devops/ado-git/repositories.json", "ado.repos", "source_control_repos", 3),
    (
        "devops/github-branch-protection/protection.json",
        "github.protection",
        "source_control_repos",
        1,
    ),
    ("devops/github-repos/get.json", "github.repos", "source_control_repos", 1),
    ("graph/access-reviews/definitions.json", "graph.access_packages", "group_governance", 1),
    (
        "graph/conditional-access/policies-list.json",
        "graph.conditional_access",
        "conditional_access_policies",
        2,
    ),
    (
        "graph/conditional-access/named-locations.json",
        "graph.conditional_access",
        "conditional_access_policies",
        0,
    ),
    (
        "graph/conditional-access/export-CA300-service-accounts-mfa.json",
        "graph.conditional_access",
        "conditional_access_policies",
        1,
    ),
    ("graph/cross-tenant-access/default.json", "graph.cross_tenant", "cross_tenant_access", 1),
    ("graph/cross-tenant-access/partners.json", "graph.cross_tenant", "cross_tenant_access", 1),
    ("graph/groups/list.json", "graph.groups", "groups", 2),
    ("graph/groups/members.json", "graph.group_members", "group_members", 1),
    ("graph/intune-apps/win32lobapp-list.json", "graph.intune_apps", "intune_apps", 1),
    ("graph/intune-config/wufb-rings.json", "graph.intune_policies", "intune_policies", 1),
    ("graph/intune-devices/managed-devices.json", "graph.devices", "managed_devices", 1),
    ("graph/subscribed-skus/list.json", "graph.skus", "licence_skus", 2),
    ("graph/users-licences/user-get-beta.json", "graph.users", "principals", 1),
];

#[test]
fn samples_give_rows() {
    let folder =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/payloads"));
    if !folder.is_dir() {
        println!("skipped: no samples at {}", folder.display());
        return;
    }
    let place = crate::Place { tenant: Some("t".into()), environment: None, parent: None };
    let below = crate::Place { parent: Some("parent".into()), ..place.clone() };
    let mut wrong = Vec::new();
    for (file, source, name, expected) in EXPECTED {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let answer: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
        let records =
            answer.get("value").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![answer]);
        let table = TABLES.iter().find(|table| table.name == *name).unwrap();
        let needs_parent = ["graph.group_members", "github.protection"].contains(source);
        let place = if needs_parent { &below } else { &place };
        let found: Vec<String> = records
            .iter()
            .flat_map(|record| rows_at(table, source, place, &record.to_string()))
            .collect();
        println!("{file} {name}: {found:#?}");
        if found.len() != *expected {
            wrong.push(format!("{file} gives {} rows of {name}, not {expected}", found.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
