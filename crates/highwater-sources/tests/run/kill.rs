//! Killed at any point and resumed: no finished page is asked again, and the recording is the same.
//!
//! A kill leaves the journal cut at some byte, and pages without a line. Both are played at every line and inside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use highwater_sources::{Error, Identity, Plan, Recording, Run};
use serde_json::Value;

use crate::tenant::{Tenant, cloud};
use crate::{block, boundary, collect, contents, plan, scratch};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn resume(tenant: &Arc<Tenant>, plan: &Plan, folder: &Path) {
    let recording = Recording::resume(folder, plan, "public").unwrap();
    block(Run::new(tenant.clone(), cloud(), plan.clone(), recording, boundary()).run()).unwrap();
}

/// What the journal says was asked, up to a length.
fn finished(journal: &[u8]) -> BTreeSet<String> {
    let lines = journal.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines
        .filter_map(|line| {
            let line: Value = serde_json::from_slice(line).unwrap();
            let page = line.get("page")?;
            let number = page["page"].as_u64().unwrap();
            let asked = page["asked"].as_str().unwrap().split_once(' ').unwrap().1.to_owned();
            // Pages hold two records each: page n begins at 2(n - 1).
            Some(format!(
                "{asked}#{}{}",
                2 * (number - 1),
                page["chain"].get("key").and_then(Value::as_str).unwrap_or_default()
            ))
        })
        .collect()
}

fn killed_everywhere(plan: &Plan, tenant: impl Fn() -> Tenant, step: usize) {
    let whole = scratch().unwrap();
    collect(&Arc::new(tenant()), plan, whole.path());
    let expected = contents(whole.path());
    let journal = fs::read(whole.path().join(".journal")).unwrap();
    let ends: Vec<usize> = journal
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    // The first line makes the journal; without it there is nothing to resume.
    let cuts = ends.iter().skip(1).step_by(step).flat_map(|end| [*end, end - 1, end - 40]);
    for cut in cuts.chain([ends[0]]) {
        let folder = scratch().unwrap();
        copy(whole.path(), folder.path());
        fs::write(folder.path().join(".journal"), &journal[..cut]).unwrap();
        let _ = fs::remove_file(folder.path().join("highwater-index.json"));
        let again = Arc::new(Tenant { seed: cut as u64, ..tenant() });
        resume(&again, plan, folder.path());
        assert!(contents(folder.path()) == expected, "killed at byte {cut}");
        let before = finished(&journal[..cut]);
        let asked: BTreeSet<String> =
            again.requests().into_iter().filter(|asked| !asked.contains('{')).collect();
        let twice: Vec<&String> = asked.intersection(&before).collect();
        assert!(twice.is_empty(), "killed at byte {cut}, asked again: {twice:#?}");
    }
}

#[test]
fn an_application_killed_anywhere() {
    killed_everywhere(&plan(Identity::Application), Tenant::new, 5);
}

#[test]
fn a_person_killed_anywhere_in_a_tenant_that_refuses() {
    let refusing = || {
        Tenant::refusing(&[
            ("101/v2/flows", 403),
            ("v2/policies", 403),
            ("102/connections", 503),
            ("org101.api.crm4.dynamics.com/api/data/v9.2/systemusers", 403),
        ])
    };
    killed_everywhere(&plan(Identity::Delegated), refusing, 7);
}

#[test]
fn killed_with_a_budget() {
    let mut plan = plan(Identity::Application);
    plan.budget.insert("dataverse".into(), 30);
    killed_everywhere(&plan, Tenant::new, 7);
}

#[test]
fn killed_with_a_budget_for_everything() {
    let mut plan = plan(Identity::Application);
    plan.total = Some(70);
    killed_everywhere(&plan, Tenant::new, 11);
}

#[test]
fn a_page_that_is_not_what_was_written_is_asked_again() {
    let folder = scratch().unwrap();
    let plan = plan(Identity::Application);
    collect(&Arc::new(Tenant::new()), &plan, folder.path());
    let expected = contents(folder.path());
    // As after a power cut: one page is empty, of another a block is missing.
    fs::write(folder.path().join("bap.tenant/0~00001.json"), "").unwrap();
    let torn = folder.path().join("gov.dlp_list/0~00001.json");
    let body = fs::read(&torn).unwrap();
    fs::write(&torn, vec![0; body.len()]).unwrap();
    let again = Arc::new(Tenant::new());
    resume(&again, &plan, folder.path());
    assert!(contents(folder.path()) == expected);
    assert!((2..=3).contains(&again.requests().len()), "{:?}", again.requests());
}

#[test]
fn a_resumed_run_knows_what_it_has_spent() {
    let folder = scratch().unwrap();
    let plan = plan(Identity::Application);
    let recording = Recording::create(folder.path(), &plan, "public").unwrap();
    assert!(recording.spent().is_empty());
    let tenant = Arc::new(Tenant::new());
    block(Run::new(tenant.clone(), cloud(), plan.clone(), recording, boundary()).run()).unwrap();
    let path = folder.path().join(".journal");
    let whole = fs::read_to_string(&path).unwrap();
    let killed = whole.replace("{\"end\":{}}\n", "");
    assert_ne!(whole, killed);
    fs::write(&path, killed).unwrap();
    let spent = Recording::resume(folder.path(), &plan, "public").unwrap().spent().clone();
    // Requests behind the last page that was read have no line.
    let (told, asked) = (spent["dataverse"], tenant.times("dynamics.com") as u64);
    assert!(told <= asked && told + 8 > asked, "{told} of {asked}");
    // A run that came to its end: the next one has a budget of its own.
    fs::write(&path, whole).unwrap();
    assert!(Recording::resume(folder.path(), &plan, "public").unwrap().spent().is_empty());
}

#[test]
fn pages_that_are_gone_are_asked_again() {
    let folder = scratch().unwrap();
    let plan = plan(Identity::Application);
    collect(&Arc::new(Tenant::new()), &plan, folder.path());
    let expected = contents(folder.path());
    fs::remove_file(folder.path().join("bap.environments/0~00002.json")).unwrap();
    let again = Arc::new(Tenant::new());
    resume(&again, &plan, folder.path());
    assert!(contents(folder.path()) == expected);
    assert_eq!(again.requests().len(), 1);
}

#[test]
fn a_run_that_ended_goes_on_with_a_new_budget() {
    let folder = scratch().unwrap();
    let mut plan = plan(Identity::Application);
    plan.budget.insert("dataverse".into(), 30);
    let tenant = Arc::new(Tenant::new());
    collect(&tenant, &plan, folder.path());
    for _ in 0..3 {
        resume(&tenant, &plan, folder.path());
    }
    let index =
        String::from_utf8(fs::read(folder.path().join("highwater-index.json")).unwrap()).unwrap();
    assert!(!index.contains("not asked: budget"), "{index}");
    let asked = tenant.requests();
    let unique: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(unique.len(), asked.len(), "a page was asked twice");
}

#[test]
fn a_damaged_journal_is_refused() {
    let folder = scratch().unwrap();
    let plan = plan(Identity::Application);
    collect(&Arc::new(Tenant::new()), &plan, folder.path());
    let path = folder.path().join(".journal");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"page\":{", "\"pa", 1)).unwrap();
    assert!(matches!(
        Recording::resume(folder.path(), &plan, "public"),
        Err(Error::Damaged { .. })
    ));
}
