//! Samples: every recorded payload and export at hand is recognised, or listed with a reason.
//!
//! The samples lie beside the checkout and are not part of it; without them the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "what was read is shown to people")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use highwater_import::{Imported, Options};
use highwater_snapshot::Time;

const ENVIRONMENT: &str = "00000000-0000-0000-0000-000000000101";
const VAULT: &str = "/subscriptions/s1/resourcegroups/rg/providers/microsoft.keyvault/vaults/v1";

/// What samples do not say of themselves: file, source, environment or parent.
const STATED: [(&str, &str, &str); 14] = [
    ("power-platform/ai-models/list.json", "dv.ai_models", ENVIRONMENT),
    (
        "power-platform/cloud-flows-dataverse/workflows-category-5-list.json",
        "dv.workflows",
        ENVIRONMENT,
    ),
    ("power-platform/copilot-agents/bots-raw-columns.json", "dv.bots", ENVIRONMENT),
    ("power-platform/desktop-flow-sessions/status-failed.json", "dv.sessions", ENVIRONMENT),
    (
        "power-platform/environment-variables/definitions.json",
        "dv.environment_variables",
        ENVIRONMENT,
    ),
    ("power-platform/organization-settings/organizations.json", "dv.organization", ENVIRONMENT),
    ("power-platform/security-roles/list.json", "dv.roles", ENVIRONMENT),
    ("power-platform/solutions/tf-list.json", "dv.solutions", ENVIRONMENT),
    ("power-platform/systemusers/list-with-roles.json", "dv.users", ENVIRONMENT),
    ("graph/groups/members.json", "graph.group_members", "g1"),
    ("azure/keyvault-secrets-data/list.json", "kv.secrets", VAULT),
    ("devops/ado-git/items-tree.json", "ado.items", "dev.azure.com/fabrikam/p/r"),
    ("devops/ado-policy/configurations.json", "ado.policies", "dev.azure.com/fabrikam/p/r"),
    (
        "devops/github-branch-protection/404-not-protected.json",
        "github.protection",
        "github.com/contoso/r",
    ),
];

/// Pairs of a table and a sample of its sources that give no row, with the reason. An empty table stands
/// for every table.
const EMPTY: [(&str, &str, &str); 22] = [
    ("", "resource-graph/basic.json", "an answer to a query over other types"),
    ("", "resource-graph/first-page.json", "an answer to a query over other types"),
    ("", "resource-graph/next-page.json", "an answer to a query over other types"),
    ("", "resource-graph/properties.json", "projected columns without ids"),
    ("", "resource-graph/recorded-400-parser-failure.json", "an error"),
    ("", "resource-graph/summarize.json", "counts, no resources"),
    ("", "_schema/", "field names, no answer"),
    ("", "inventory-arg/canvas-app-with-connectors.json", "a part of a row, without ids"),
    ("dlp_connector_rules", "v2-get-all-environments.json", "its groups hold no connector"),
    ("app_usage", "m365-purview-auditlog-list.json", "an event of another workload"),
    ("audit_events", "m365-purview-auditlog-list.json", "an event of another workload"),
    ("asset_shares", "systemusers/list-with-roles.json", "users, no flow that they own"),
    ("flow_definitions", "workflows-category-5-list.json", "its definition was emptied"),
    ("child_flow_calls", "workflows-category-5-list.json", "its definition was emptied"),
    ("desktop_flow", "workflows-category-5-list.json", "cloud flows only"),
    ("desktop_", "status-failed.json", "selected columns only, without an id"),
    ("role_assignments", "assignment-schedule-instances.json", "its principal was not expanded"),
    ("group_", "access-packages.json", "its roles were not expanded"),
    ("group_licences", "get-select-dynamic.json", "licences were not selected"),
    ("defender_plans", "regulatory-compliance/standards.json", "standards, no plans"),
    ("ci_pipelines", "", "repositories, no pipelines"),
    ("", "network-security-groups/list-all.json", "groups with default rules only, no networks"),
];

/// Further pairs that stand for several tables of one sample.
const ALSO: [(&str, &str, &str); 2] = [
    ("sentinel_workspaces", "sentinel-alert-rules/list.json", "rules, no onboarding state"),
    // A page of all types that shows one storage account by its id.
    ("!storage_accounts", "recorded-skiptoken-page.json", "ids of other types"),
];

fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no samples under ../shared/reference");
    None
}

fn import(paths: &[PathBuf]) -> Imported {
    let options = Options {
        tenant: Some("00000000-0000-0000-0000-0000000000aa".into()),
        taken_at: Time::parse("2026-11-22T12:00:00Z"),
        ..Options::default()
    };
    let target = tempfile::tempdir().unwrap();
    highwater_import::import(paths, &target.path().join("snapshot"), &options).unwrap()
}

/// A folder with some samples and an index for those that do not say enough of themselves.
fn stated(folder: &Path, samples: &[&str]) -> tempfile::TempDir {
    let target = tempfile::tempdir().unwrap();
    let mut exchanges = Vec::new();
    for sample in samples {
        let name = sample.trim_start_matches("payloads/");
        let path = target.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(folder.join(sample), path).unwrap();
        if let Some((file, source, scope)) = STATED.iter().find(|(file, ..)| *file == name) {
            let key = if source.starts_with("dv.") { "environment" } else { "parent" };
            let status = if file.contains("404") { 404 } else { 200 };
            exchanges.push(format!(r#"{{"file": "{file}", "source": "{source}", "{key}": "{scope}", "status": {status}}}"#));
        }
    }
    let index = format!(r#"{{"format": 1, "exchanges": [{}]}}"#, exchanges.join(","));
    std::fs::write(target.path().join("highwater-index.json"), index).unwrap();
    target
}

fn show(imported: &Imported) {
    for file in &imported.report.files {
        println!("{:<70} {}", file.path, file.outcome);
        for part in &file.parts {
            println!(
                "    {} [{}] {} records, {} rows, {:?} {}",
                part.kind, part.wrapper, part.records, part.rows, part.dropped, part.scope
            );
        }
        for note in &file.notes {
            println!("    note: {note}");
        }
    }
    for (table, entry) in
        imported.written.manifest.tables.iter().filter(|(_, entry)| entry.rows > 0)
    {
        println!("{table:<32} {:>6} {:?} {:?}", entry.rows, entry.status, entry.rejected);
    }
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

/// Files that were not read, with the start of the reason.
fn unread(imported: &Imported) -> BTreeMap<String, String> {
    imported.report.unread().map(|file| (file.path.clone(), file.outcome.to_string())).collect()
}

fn assert_listed(imported: &Imported, expected: &[(&str, &str)]) {
    let unread = unread(imported);
    let names: BTreeSet<&str> = unread.keys().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, wanted);
    for (name, reason) in expected {
        assert!(unread[*name].contains(reason), "{name}: {}", unread[*name]);
    }
}

#[test]
fn every_payload_is_recognised_or_listed_with_a_reason() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("payloads");
    let imported = import(std::slice::from_ref(&folder));
    show(&imported);
    assert_eq!(imported.report.files.len(), files_below(&folder), "no file is lost");
    let expected = [
        ("azure/INDEX.json", "has the keys area, kind, file"),
        ("azure/PROVENANCE.md", "no JSON export"),
        (
            "azure/diagnostic-settings/subscription-list.json",
            "has the keys id, type, name, properties",
        ),
        (
            "azure/log-analytics-workspaces/intelligence-packs.json",
            "has the keys name, enabled, displayName",
        ),
        (
            "azure/resource-graph/properties.json",
            "has the keys properties_storageProfile_osDisk_osType",
        ),
        ("azure/resource-graph/summarize.json", "has the keys location"),
        ("graph/directory-roles/members.json", "has the keys businessPhones"),
        ("graph/groups/members.json", "graph.users or graph.group_members"),
        ("power-platform/PROVENANCE.md", "no JSON export"),
        ("power-platform/_schema/ppapi-sdk-models.json", "has the keys ActionEvent"),
        (
            "power-platform/_schema/ppapi-sdk-operations.json",
            "has the keys method, template, returns",
        ),
        ("power-platform/cloud-flow-runs/actions-expanded.json", "has the keys Compose, Get_items"),
        ("power-platform/connections/list-managed-solution.json", "an empty list"),
        ("power-platform/inventory-arg/query-response-envelope.json", "an empty list"),
    ];
    assert_listed(&imported, &expected);
}

#[test]
fn every_export_is_recognised_or_listed_with_a_reason() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("exports");
    let imported = import(std::slice::from_ref(&folder));
    show(&imported);
    assert_eq!(imported.report.files.len(), files_below(&folder), "no file is lost");
    assert_listed(&imported, &[("PROVENANCE.md", "no JSON")]);
    let given: BTreeMap<(&str, &str), u64> = imported
        .report
        .files
        .iter()
        .flat_map(|file| file.parts.iter().map(move |part| (file, part)))
        .filter(|(_, part)| part.unused.is_none())
        .map(|(file, part)| ((file.path.as_str(), part.kind.as_str()), part.rows))
        .collect();
    let wanted: BTreeMap<(&str, &str), u64> = EXPORTS
        .iter()
        .flat_map(|(file, parts)| parts.iter().map(move |(source, rows)| ((*file, *source), *rows)))
        .collect();
    assert_eq!(given, wanted);
    let rows = |table: &str| imported.written.manifest.tables[table].rows;
    let filled: Vec<(&str, u64)> = TABLES.iter().map(|(table, _)| (*table, rows(table))).collect();
    assert_eq!(filled, TABLES);
}

/// Rows that every export gives, by source; those that do not stand here are named and feed no table.
const EXPORTS: &[(&str, &[(&str, u64)])] = &[
    ("cli-m365/m365-flow-flow-list-2.json", &[("flow.admin_flows", 1)]),
    ("cli-m365/m365-flow-flow-list.json", &[("flow.admin_flows", 2)]),
    ("cli-m365/m365-flow-owner-list.json", &[("flow.permissions", 1)]),
    ("cli-m365/m365-flow-run-list-2.json", &[("flow.runs", 1)]),
    ("cli-m365/m365-flow-run-list.json", &[("flow.runs", 1)]),
    ("cli-m365/m365-pa-app-list.json", &[("powerapps.apps", 1)]),
    ("cli-m365/m365-pa-connector-list.json", &[("powerapps.custom_connectors", 1)]),
    // These belong to an environment that only the index or `--as` can tell.
    ("cli-m365/m365-pp-aibuildermodel-list.csv", &[("dv.ai_models", 0)]),
    ("cli-m365/m365-pp-aibuildermodel-list.json", &[("dv.ai_models", 0)]),
    ("cli-m365/m365-pp-solution-list.json", &[("dv.solutions", 0)]),
    ("cli-m365/m365-pp-environment-list.json", &[("bap.environments", 1)]),
    ("cli-m365/m365-pp-gateway-list.json", &[("powerbi.gateway_clusters", 1)]),
    ("cli-m365/m365-pp-managementapp-list.csv", &[("bap.management_apps", 1)]),
    ("cli-m365/m365-pp-managementapp-list.json", &[("bap.management_apps", 1)]),
    ("cli-m365/m365-pp-tenant-settings-list.json", &[("bap.tenant_settings", 1)]),
    // An event of another workload.
    ("cli-m365/m365-purview-auditlog-list.json", &[("o365.activity", 0)]),
    ("powershell-csv/Connectors.csv", &[("powerapps.connectors", 968)]),
    ("powershell-csv/Environments.csv", &[("powershell.environments", 1)]),
    ("powershell-csv/PowerAppOperations.csv", &[("o365.activity", 2)]),
    (
        "powershell-json/Get-AdminPowerAppEnvironment.depth-truncated.json",
        &[("bap.environments", 1)],
    ),
    (
        "scubagear/ProviderSettingsExport.v1.7.0.powerplatform.json",
        &[
            ("bap.tenant_settings", 1),
            ("powershell.environments", 1),
            ("gov.dlp_list", 2),
            ("gov.dlp_policy", 2),
            ("gov.tenant_isolation", 1),
            ("graph.skus", 2),
            ("graph.conditional_access", 11),
        ],
    ),
    ("scubagear/ProviderSettingsExport.v1.8.0.powerplatform.json", NEWER),
    ("scubagear/ScubaResults.v1.8.0.powerplatform.json", NEWER),
];

/// What a ScubaGear export of the newer generation gives.
const NEWER: &[(&str, u64)] = &[
    ("bap.tenant_settings", 1),
    ("powershell.environments", 2),
    ("gov.dlp_list", 0),
    ("gov.tenant_isolation", 2),
    ("graph.skus", 2),
    ("graph.conditional_access", 15),
];

/// Tables that the exports fill together, with their rows.
const TABLES: [(&str, u64); 20] = [
    ("app_usage", 1),
    ("apps", 1),
    ("asset_connectors", 1),
    ("asset_shares", 1),
    ("audit_events", 1),
    ("cloud_flows", 1),
    ("conditional_access_policies", 7),
    ("conditional_access_targets", 8),
    ("connectors", 968),
    ("custom_connectors", 1),
    ("dlp_policies", 1),
    ("dlp_policy_environments", 1),
    ("environments", 6),
    ("flow_run_stats", 2),
    ("gateways", 1),
    ("licence_skus", 2),
    ("role_assignments", 1),
    ("tenant_isolation", 1),
    ("tenant_isolation_rules", 1),
    ("tenant_settings", 1),
];

fn is_exception(table: &str, sample: &str) -> bool {
    EMPTY.iter().chain(&ALSO).any(|(of, part, _)| {
        let meant = match of.strip_prefix('!') {
            Some(not) => table != not,
            None => table.starts_with(of),
        };
        meant && sample.contains(part)
    })
}

#[test]
fn every_sample_of_a_table_gives_rows() {
    let Some(folder) = samples() else { return };
    let text = std::fs::read_to_string(folder.join("../design/tables.json")).unwrap();
    let tables: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut by_sample: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for table in tables["tables"].as_array().unwrap() {
        for sample in table["sample"].as_array().unwrap() {
            by_sample
                .entry(sample.as_str().unwrap())
                .or_default()
                .push(table["name"].as_str().unwrap());
        }
    }
    let mut wrong = Vec::new();
    for (sample, tables) in by_sample {
        let drop = stated(&folder, &[sample]);
        let imported = import(&[drop.path().to_owned()]);
        for table in tables {
            let rows = imported.written.manifest.tables[table].rows;
            let empty = is_exception(table, sample);
            println!("{rows:>5} {table} <- {sample}{}", if empty { " (exception)" } else { "" });
            if (rows == 0) != empty {
                wrong.push(format!("{table} has {rows} rows of {sample}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_payloads_together_fill_these_tables() {
    let Some(folder) = samples() else { return };
    let samples: Vec<&str> = STATED.iter().map(|(file, ..)| *file).collect();
    let with: Vec<String> = samples.iter().map(|file| format!("payloads/{file}")).collect();
    let with: Vec<&str> = with.iter().map(String::as_str).collect();
    let drop = stated(&folder, &with);
    let imported = import(&[drop.path().to_owned()]);
    show(&imported);
    let rows = |table: &str| imported.written.manifest.tables[table].rows;
    for table in [
        "solutions",
        "security_roles",
        "copilots",
        "ai_models",
        "audit_settings",
        "environment_variables",
        "key_vault_secrets",
    ] {
        assert!(rows(table) > 0, "{table}");
    }
}
