//! A run from its first request to its index, against a small tenant.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod doctor;
mod kill;
mod registry;
mod tenant;
mod together;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use highwater_sources::{Boundary, Error, Identity, Plan, Recording, Run, Summary};
use serde_json::Value;
use tenant::{NOW, TENANT, Tenant, cloud};

pub(crate) fn plan(identity: Identity) -> Plan {
    let mut plan = Plan::new(TENANT, identity, NOW);
    plan.thorough_up_to = 0;
    // Families that this tenant plays.
    plan.only =
        ["bap", "gov", "ppapi", "powerapps", "flow", "inventory", "dv", "analytics", "powerbi"]
            .map(ToOwned::to_owned)
            .into();
    plan
}

/// A folder that goes away, in memory where the system has such a place: the tests wait for no disk.
pub(crate) fn scratch() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

pub(crate) fn boundary() -> Boundary {
    Arc::new(|_, body| body)
}

pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Reads a tenant into a folder.
pub(crate) fn collect(tenant: &Arc<Tenant>, plan: &Plan, folder: &Path) -> Summary {
    let recording = Recording::create(folder, plan, "public").unwrap();
    let run = Run::new(tenant.clone(), cloud(), plan.clone(), recording, boundary());
    block(run.run()).unwrap()
}

fn index(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("highwater-index.json")).unwrap()).unwrap()
}

/// Exchanges of one source.
fn exchanges(folder: &Path, source: &str) -> Vec<Value> {
    let index = index(folder);
    let all = index["exchanges"].as_array().unwrap().iter();
    all.filter(|exchange| exchange["source"] == source).cloned().collect()
}

fn reasons(folder: &Path, source: &str) -> BTreeSet<String> {
    let all = exchanges(folder, source).into_iter();
    all.filter_map(|exchange| Some(exchange.get("reason")?.as_str()?.to_owned())).collect()
}

/// Everything but the journal: names and contents.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with(".journal") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn every_source_of_the_plan_is_read_or_named() {
    for identity in [Identity::Application, Identity::Delegated] {
        let folder = scratch().unwrap();
        let tenant = Arc::new(Tenant::new());
        let plan = plan(identity);
        let summary = collect(&tenant, &plan, folder.path());
        assert_eq!(summary.environments, 4);
        let index = index(folder.path());
        let named: BTreeSet<&str> = index["exchanges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|exchange| exchange["source"].as_str().unwrap())
            .collect();
        for source in highwater_sources::sources().filter(|source| plan.wants(source.id)) {
            let replaced = match identity {
                Identity::Application => {
                    ["flow.admin_flows", "flow.runs", "flow.definition", "ppapi.group_rules"]
                        .as_slice()
                }
                Identity::Delegated => {
                    &["ppapi.cloud_flows", "ppapi.flow_runs", "ppapi.group_rules"]
                }
            };
            let silent = replaced.contains(&source.id);
            assert!(named.contains(source.id) || silent, "{} is neither read nor named", source.id);
        }
        for exchange in index["exchanges"].as_array().unwrap() {
            if let Some(file) = exchange.get("file") {
                assert!(folder.path().join(file.as_str().unwrap()).is_file(), "{file}");
            }
            let reason = exchange.get("reason").and_then(Value::as_str).unwrap_or_default();
            assert!(!reason.contains("not known here"), "a placeholder was not filled: {exchange}");
        }
        // No page twice, and no page of an earlier question again.
        let asked = tenant.requests();
        let unique: BTreeSet<&String> = asked.iter().collect();
        assert_eq!(unique.len(), asked.len(), "a page was asked twice");
    }
}

#[test]
fn the_recording_is_private_and_holds_no_rests() {
    use std::os::unix::fs::PermissionsExt;
    let folder = scratch().unwrap();
    let recording = folder.path().join("new/recording");
    collect(&Arc::new(Tenant::new()), &plan(Identity::Application), &recording);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&recording), 0o700);
    for name in contents(&recording).keys() {
        assert_eq!(mode(&recording.join(name)), 0o600, "{name}");
        assert!(
            !name.starts_with(".parts") && !name.starts_with(".sorted") && !name.ends_with(".part"),
            "{name}"
        );
    }
    assert_eq!(mode(&recording.join(".journal")), 0o600);
}

#[test]
fn parents_are_asked_before_their_children() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant { seed: 7, ..Tenant::new() });
    collect(&tenant, &plan(Identity::Application), folder.path());
    let asked = tenant.requests();
    let at = |part: &str| asked.iter().position(|asked| asked.contains(part)).unwrap();
    let last = |part: &str| asked.iter().rposition(|asked| asked.contains(part)).unwrap();
    assert!(last("scopes/admin/environments?") < at("/apps?"));
    assert!(last("v2/policies#") < at("policies/policy-1"));
    for org in ["org101", "org102", "org0aa"] {
        let of = |set: &str| at(&format!("{org}.api.crm4.dynamics.com/api/data/v9.2/{set}"));
        assert!(of("RetrieveTotalRecordCount") < of("solutions"), "{org}");
        assert!(of("solutions") < of("solutioncomponents"), "{org}");
    }
}

#[test]
fn what_the_probe_counts_as_nothing_is_not_asked() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::new());
    collect(&tenant, &plan(Identity::Application), folder.path());
    assert_eq!(tenant.times("flowmachines"), 0);
    let told = exchanges(folder.path(), "dv.machines");
    assert_eq!(told.len(), 3);
    assert!(
        told.iter().all(|exchange| exchange["status"] == 204 && exchange.get("file").is_none())
    );
    assert!(told[0]["reason"].as_str().unwrap().starts_with("counted and not read"));
    assert_eq!(tenant.times("org102.api.crm4.dynamics.com/api/data/v9.2/workflows"), 0);
}

#[test]
fn a_small_tenant_is_read_whatever_the_probe_counts() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::new());
    let plan = Plan { thorough_up_to: 100, ..plan(Identity::Application) };
    collect(&tenant, &plan, folder.path());
    assert_eq!(tenant.times("flowmachines"), 3);
    let told = exchanges(folder.path(), "dv.machines");
    assert!(told.iter().all(|exchange| exchange.get("file").is_some()), "{told:?}");
}

#[test]
fn where_the_probe_is_refused_the_tables_are_read() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[(
        "org101.api.crm4.dynamics.com/api/data/v9.2/RetrieveTotal",
        403,
    )]));
    collect(&tenant, &plan(Identity::Application), folder.path());
    assert_eq!(tenant.times("flowmachines"), 1);
    // Twice: with all tables, and with those that every organisation has.
    assert_eq!(tenant.times("org101.api.crm4.dynamics.com/api/data/v9.2/RetrieveTotal"), 2);
    let refused: Vec<_> = exchanges(folder.path(), "dv.counts")
        .into_iter()
        .filter(|told| told["status"] == 403)
        .collect();
    assert_eq!(refused.len(), 2);
    // The tables of pipelines answer 404 there: none of them, and no gap.
    let pipelines = exchanges(folder.path(), "dv.pipelines");
    assert_eq!(pipelines.iter().filter(|told| told["status"] == 404).count(), 3);
}

#[test]
fn a_denied_list_makes_its_children_gaps() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[("v2/policies", 403), ("101/apps", 403)]));
    let summary = collect(&tenant, &plan(Identity::Application), folder.path());
    let list = exchanges(folder.path(), "gov.dlp_list");
    assert_eq!((list.len(), &list[0]["status"]), (1, &Value::from(403)));
    assert_eq!(
        reasons(folder.path(), "gov.dlp_policy"),
        ["not asked: the list of its policies was not read (gov.dlp_list)".to_owned()].into()
    );
    let shares = exchanges(folder.path(), "powerapps.app_permissions");
    let gaps: Vec<&Value> = shares.iter().filter(|told| told.get("file").is_none()).collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0]["environment"], "00000000-0000-0000-0000-000000000101");
    assert!(
        summary.gaps.iter().any(|gap| gap.source == "gov.dlp_list" && gap.reason == "HTTP 403")
    );
    assert_eq!(summary.sources["powerapps.apps"].gaps, 1);
}

#[test]
fn without_the_environments_everything_by_environment_is_a_gap() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[("scopes/admin/environments?", 403)]));
    let summary = collect(&tenant, &plan(Identity::Application), folder.path());
    assert_eq!(summary.environments, 0);
    for source in ["powerapps.apps", "dv.solutions", "powerapps.app_permissions", "ppapi.flow_runs"]
    {
        assert_eq!(exchanges(folder.path(), source).len(), 1, "{source}");
    }
    assert_eq!(exchanges(folder.path(), "bap.tenant").len(), 1);
}

#[test]
fn the_inventory_stands_in_for_the_list_of_environments() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[("scopes/admin/environments?", 403)]));
    let summary = collect(&tenant, &plan(Identity::Delegated), folder.path());
    assert_eq!(summary.environments, 4);
    let apps = exchanges(folder.path(), "powerapps.apps");
    assert_eq!(apps.iter().filter(|told| told.get("file").is_some()).count(), 8);
}

#[test]
fn the_other_source_is_asked_where_one_is_refused() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[("101/cloudFlows", 403)]));
    collect(&tenant, &plan(Identity::Application), folder.path());
    let list = exchanges(folder.path(), "flow.admin_flows");
    assert!(list.iter().all(|told| told["environment"] == "00000000-0000-0000-0000-000000000101"));
    assert_eq!(list.len(), 3); // five flows, two on a page
    // Its flows are asked for their runs, and the one outside Dataverse for its definition.
    let runs = exchanges(folder.path(), "ppapi.flow_runs");
    assert_eq!(runs.len(), 5 + 3 + 1);
    assert_eq!(exchanges(folder.path(), "flow.definition").len(), 1);
    assert!(reasons(folder.path(), "ppapi.flow_runs").is_empty());
}

#[test]
fn a_list_that_breaks_off_is_pages_and_a_gap() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[("101/cloudFlows?api-version=2024-10-01#2", 503)]));
    collect(&tenant, &plan(Identity::Application), folder.path());
    let told: Vec<Value> = exchanges(folder.path(), "ppapi.cloud_flows")
        .into_iter()
        .filter(|told| told["environment"] == "00000000-0000-0000-0000-000000000101")
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].get("file").is_some() && told[0].get("status").is_none());
    assert!(told[1].get("file").is_none() && told[1]["status"] == 503);
    assert_eq!(exchanges(folder.path(), "flow.admin_flows").len(), 0, "it was not refused");
}

#[test]
fn a_budget_reads_the_important_environments_and_names_the_others() {
    let folder = scratch().unwrap();
    let mut plan = plan(Identity::Application);
    plan.budget.insert("dataverse".into(), 30);
    let tenant = Arc::new(Tenant::new());
    collect(&tenant, &plan, folder.path());
    let spent = tenant.times("dynamics.com");
    assert!(spent <= 30 && spent > 15, "{spent}");
    let read = |env: &str| {
        let told = exchanges(folder.path(), "dv.solutions").into_iter();
        told.filter(|told| told["environment"] == env && told.get("file").is_some()).count()
    };
    assert_eq!(read("default-00000000-0000-0000-0000-0000000000aa"), 1);
    assert_eq!(read("00000000-0000-0000-0000-000000000102"), 0);
    assert!(reasons(folder.path(), "dv.solutions").contains("not asked: budget"));
    let environments: BTreeSet<String> = exchanges(folder.path(), "dv.solutions")
        .iter()
        .map(|told| told["environment"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(environments.len(), 3, "an environment is missing in silence");
}

#[test]
fn a_budget_cuts_at_the_same_place_whatever_answers_first() {
    for (total, dataverse) in [
        (Some(0), None),
        (Some(13), None),
        (Some(60), Some(9)),
        (Some(110), None),
        (None, Some(7)),
        (None, Some(41)),
    ] {
        let mut plan = plan(Identity::Application);
        plan.total = total;
        plan.budget =
            dataverse.map(|requests| ("dataverse".to_owned(), requests)).into_iter().collect();
        let read = |seed| {
            let folder = scratch().unwrap();
            let tenant = Arc::new(Tenant { seed, ..Tenant::new() });
            collect(&tenant, &plan, folder.path());
            let spent = tenant.requests().len() as u64;
            assert!(spent <= total.unwrap_or(u64::MAX), "{spent} of {total:?}");
            assert!(tenant.times("dynamics.com") as u64 <= dataverse.unwrap_or(u64::MAX));
            (spent, contents(folder.path()))
        };
        let (spent, first) = read(0);
        // As long as there is something to ask, nothing is left.
        assert!(
            total.is_none_or(|total| dataverse.is_some() || spent == total),
            "{spent} of {total:?}"
        );
        for seed in 1..4 {
            assert!(read(seed) == (spent, first.clone()), "{total:?} {dataverse:?}, seed {seed}");
        }
    }
}

#[test]
fn details_of_many_come_after_the_lists_where_requests_are_bounded() {
    let folder = scratch().unwrap();
    let mut plan = plan(Identity::Application);
    let all = Arc::new(Tenant::new());
    collect(&all, &plan, folder.path());
    // Two fewer than everything: what is given up are details of the least important flows.
    plan.total = Some(all.requests().len() as u64 - 2);
    let (folder, tenant) = (scratch().unwrap(), Arc::new(Tenant::new()));
    let summary = collect(&tenant, &plan, folder.path());
    let cut: Vec<&str> = summary
        .gaps
        .iter()
        .filter(|gap| gap.reason.contains("budget"))
        .map(|gap| gap.source)
        .collect();
    assert_eq!(cut, ["ppapi.flow_runs"]);
    assert_eq!(all.times("flowRuns") - tenant.times("flowRuns"), 2);
}

#[test]
fn a_limit_asks_the_most_important_flows() {
    let folder = scratch().unwrap();
    let mut plan = plan(Identity::Application);
    plan.most.insert("flow".into(), 4);
    collect(&Arc::new(Tenant::new()), &plan, folder.path());
    let told = exchanges(folder.path(), "ppapi.flow_runs");
    let read: Vec<&Value> = told.iter().filter(|told| told.get("file").is_some()).collect();
    assert_eq!(read.len(), 4);
    assert!(read.iter().all(|told| told["environment"] != "00000000-0000-0000-0000-000000000103"));
    assert!(reasons(folder.path(), "ppapi.flow_runs").contains("not asked: limit, 5 of 9 flows"));
}

#[test]
fn only_the_wanted_and_what_leads_there_is_asked() {
    let folder = scratch().unwrap();
    let mut plan = plan(Identity::Application);
    plan.only = ["powerapps.app_permissions".to_owned()].into();
    plan.environments = ["00000000-0000-0000-0000-000000000101".to_owned()].into();
    let tenant = Arc::new(Tenant::new());
    collect(&tenant, &plan, folder.path());
    let asked = tenant.requests();
    let wanted = |asked: &String| asked.contains("/environments?") || asked.contains("/apps");
    assert!(asked.iter().all(wanted), "{asked:#?}");
    assert!(!asked.iter().any(|asked| asked.contains("102/apps")));
    assert_eq!(
        reasons(folder.path(), "bap.tenant"),
        ["not asked: left out by the plan".to_owned()].into()
    );
}

#[test]
fn an_organisation_that_refuses_everything_is_not_asked_twenty_times() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[("org101.api.crm4.dynamics.com", 403)]));
    collect(&tenant, &plan(Identity::Application), folder.path());
    assert_eq!(tenant.times("org101.api.crm4.dynamics.com"), 5);
    let users: Vec<Value> = exchanges(folder.path(), "dv.users")
        .into_iter()
        .filter(|told| told["environment"] == "00000000-0000-0000-0000-000000000101")
        .collect();
    assert_eq!((users.len(), &users[0]["status"]), (1, &Value::from(403)));
    assert!(users[0]["reason"].as_str().unwrap().starts_with("not asked: "));
    assert!(tenant.times("org102.api.crm4.dynamics.com") > 8);
}

#[test]
fn layers_are_asked_on_demand_and_of_managed_components_only() {
    let folder = scratch().unwrap();
    let mut plan = plan(Identity::Application);
    collect(&Arc::new(Tenant::new()), &plan, folder.path());
    assert_eq!(
        reasons(folder.path(), "dv.component_layers"),
        ["not asked: it is read on demand only".to_owned()].into()
    );
    plan.extra.insert("dv.component_layers".into());
    let (folder, tenant) = (scratch().unwrap(), Arc::new(Tenant::new()));
    collect(&tenant, &plan, folder.path());
    // One managed solution in production with one workflow; the other component is of a type without layers.
    assert_eq!(tenant.times("msdyn_componentlayers"), 1);
    assert_eq!(tenant.times("Workflow"), 1);
}

#[test]
fn what_nothing_leads_to_is_none_only_where_the_lead_was_read() {
    let folder = scratch().unwrap();
    let tenant = Arc::new(Tenant::refusing(&[(
        "org101.api.crm4.dynamics.com/api/data/v9.2/solutions",
        403,
    )]));
    collect(&tenant, &plan(Identity::Application), folder.path());
    // No set of process mining is there.
    let mining = exchanges(folder.path(), "dv.process_mining");
    assert!(mining.len() == 3 && mining.iter().all(|told| told["status"] == 204), "{mining:?}");
    let refused: Vec<Value> = exchanges(folder.path(), "dv.solution_components")
        .into_iter()
        .filter(|told| told["environment"] == "00000000-0000-0000-0000-000000000101")
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["reason"], "not asked: the list of the solutions was not read");
    assert!(refused[0].get("status").is_none());
}

#[test]
fn the_order_of_answers_changes_nothing() {
    let plan = plan(Identity::Delegated);
    let read = |seed| {
        let folder = scratch().unwrap();
        collect(&Arc::new(Tenant { seed, ..Tenant::new() }), &plan, folder.path());
        contents(folder.path())
    };
    let first = read(0);
    assert!(first.len() > 60, "{}", first.len());
    for seed in 1..6 {
        assert!(read(seed) == first, "seed {seed}");
    }
}

#[test]
fn pages_pass_the_boundary_before_they_are_written() {
    let folder = scratch().unwrap();
    let plan = plan(Identity::Application);
    let recording = Recording::create(folder.path(), &plan, "public").unwrap();
    let dropped: Boundary = Arc::new(|source, body| {
        let text = String::from_utf8_lossy(&body).replace("msdyn_Base", "(dropped)");
        if source == "dv.solutions" { text.into_bytes().into() } else { body }
    });
    let run = Run::new(Arc::new(Tenant::new()), cloud(), plan, recording, dropped);
    block(run.run()).unwrap();
    let all = contents(folder.path());
    assert!(all.values().all(|body| !String::from_utf8_lossy(body).contains("msdyn_Base")));
    assert!(all.values().any(|body| String::from_utf8_lossy(body).contains("(dropped)")));
}

#[test]
fn lists_that_differ_are_told() {
    let folder = scratch().unwrap();
    let mut tenant = Tenant::new();
    tenant.forgets = true;
    let summary = collect(&Arc::new(tenant), &plan(Identity::Delegated), folder.path());
    assert!(
        summary
            .differences
            .contains(&"environments: bap.environments lists 4, inventory.query 3 (both were read to the end: the inventory follows changes late)".to_owned()),
        "{:?}",
        summary.differences
    );
}

#[test]
fn another_run_is_not_resumed() {
    let folder = scratch().unwrap();
    let one = plan(Identity::Application);
    collect(&Arc::new(Tenant::new()), &one, folder.path());
    assert!(matches!(Recording::create(folder.path(), &one, "public"), Err(Error::Exists { .. })));
    let what = |plan: &Plan, cloud: &str| match Recording::resume(folder.path(), plan, cloud) {
        Err(Error::OtherRun { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(&plan(Identity::Delegated), "public"), "kind of identity");
    assert_eq!(what(&one, "gcc"), "cloud");
    let mut other = one.clone();
    other.skip.insert("dv".into());
    assert_eq!(what(&other, "public"), "plan");
    other.tenant = "00000000-0000-0000-0000-0000000000bb".into();
    assert_eq!(what(&other, "public"), "tenant");
    let empty = scratch().unwrap();
    assert!(matches!(
        Recording::resume(empty.path(), &one, "public"),
        Err(Error::NoJournal { .. })
    ));
}
