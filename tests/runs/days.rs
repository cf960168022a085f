//! Days: a service that nobody watches, day after day, with faults and a tenant that changes.
//!
//! What is expected of every day is worked out here, from the two scorecards alone, and compared with what the run said,
//! wrote down and told.

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::listener::Listener;
use crate::world::{Day, TENANT, World, code, err, json, moment, size};

/// Snapshots that are kept.
const KEEP: usize = 3;

/// `HIGHWATER_DAYS` says how many; thirty take some minutes.
fn days() -> u32 {
    std::env::var("HIGHWATER_DAYS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// What happens to the tenant in the morning of a day, in a cycle of ten.
fn happens(world: &World, day: u32) {
    let rewrite = |file: &str, from: &str, to: &str| {
        let path = world.path("tenant").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replace(from, to)).unwrap();
    };
    let (settings, closed, open) = (
        "bap/tenant-settings.json",
        "\"disableEnvironmentCreationByNonAdminUsers\": true",
        "\"disableEnvironmentCreationByNonAdminUsers\": false",
    );
    let (isolation, on, off) =
        ("governance/tenant-isolation.json", "\"isDisabled\": false", "\"isDisabled\": true");
    match day % 10 {
        2 => rewrite(settings, closed, open),
        4 => rewrite(settings, open, closed),
        6 => rewrite(isolation, on, off),
        8 => rewrite(isolation, off, on),
        _ => {}
    }
}

/// What goes wrong on a day.
const fn faults(day: u32) -> &'static str {
    match day % 10 {
        1 => "throttle 1 on graph times 3; unavailable on powerapps times 2",
        3 => "reset on dataverse:*/workflows times 2; html on ppapi times 1",
        5 => "forbidden on graph:*/conditionalAccess/*",
        7 => "truncate on graph times 2; expired on powerapps times 1",
        _ => "",
    }
}

/// States of indicators and levels of models and capabilities.
fn verdicts(card: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for model in card["models"].as_array().unwrap() {
        found.insert(model["id"].to_string(), model["level"].to_string());
        for capability in model["capabilities"].as_array().unwrap() {
            let name = format!("{} {}", model["id"], capability["id"]);
            found.insert(name, capability["level"].to_string());
            for indicator in capability["indicators"].as_array().unwrap() {
                found.insert(indicator["id"].to_string(), indicator["state"].to_string());
            }
        }
    }
    found
}

/// Runs, and watches how much memory it takes at most, in KiB.
fn watched(day: &Day<'_>, moment: &str, more: &[&str]) -> (Output, u64) {
    let mut command = day.command(moment, more);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watching = std::thread::spawn(move || {
        let mut most = 0;
        while let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(line) = line else { break };
            most = most.max(line.trim().trim_end_matches(" kB").parse().unwrap_or(0));
            std::thread::sleep(Duration::from_millis(10));
        }
        most
    });
    (child.wait_with_output().unwrap(), watching.join().unwrap())
}

#[test]
fn a_month_without_anybody_looking() {
    let listener = Listener::start();
    let address = &listener.address;
    let world = World::new(&format!(
        "[run]\nkeep = {KEEP}\n[notify.team]\nkind = \"webhook\"\nurl = \"http://{address}/team\"\n"
    ));
    let (mut news, mut sizes, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    let mut before: Option<Value> = None;
    for today in 0..days() {
        happens(&world, today);
        let day = world.day(faults(today));
        if today % 10 == 9 {
            let mut run = day.start(&moment(today), &[]);
            std::thread::sleep(Duration::from_millis(700));
            run.kill().unwrap();
            run.wait().unwrap();
        }
        let (output, peak) = watched(&day, &moment(today), &[]);
        assert_eq!(code(&output), 0, "day {today}: {}", err(&output));
        let id = moment(today).replace(':', "-");
        assert_eq!(world.snapshots().last(), Some(&id), "day {today}");
        world.verify_all();
        let reports = world.store().join(format!("tenant={TENANT}/reports/{id}"));
        let card = json(&reports.join("scorecard.json"));
        if let Some(before) = &before {
            let moved = verdicts(before) != verdicts(&card);
            compared(&world, today, before, &card, &json(&reports.join("diff.json")));
            let record = world.records().pop().unwrap();
            assert_eq!(record["changed"], moved, "day {today}: {record}");
            if moved {
                news.push(today);
            }
        }
        let told = listener.posted().len();
        assert_eq!(told, news.len(), "day {today}: told without need, or not told");
        before = Some(card);
        sizes.push(size(&world.store()));
        peaks.push(peak);
    }
    assert!(news.contains(&5) && news.len() < days() as usize - 1, "{news:?}");
    assert_eq!(world.snapshots().len(), KEEP.min(days() as usize));
    assert_eq!(world.records().len(), days() as usize);
    bounded("disk", &sizes[KEEP.min(sizes.len() - 1)..]);
    bounded("memory", &peaks);
    println!(
        "{} days, {} of them with news {news:?}; store {} KiB; memory at most {} MiB",
        days(),
        news.len(),
        sizes.last().unwrap() / 1024,
        peaks.iter().max().unwrap() / 1024
    );
}

/// What the run wrote down of a change is what comparing the two scorecards gives.
fn compared(world: &World, today: u32, before: &Value, after: &Value, written: &Value) {
    for (name, card) in [("old.json", before), ("new.json", after)] {
        fs::write(world.path(name), card.to_string()).unwrap();
    }
    let output = world.verb(&["diff", "old.json", "new.json", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["old", "new", "levels", "counts", "sources", "warnings"] {
        assert_eq!(again[key], written[key], "day {today}: {key}");
    }
    let ids = |diff: &Value| -> Vec<String> {
        let moves = diff["indicators"].as_array().unwrap().iter();
        moves
            .map(|it| format!("{} {} {} {}", it["id"], it["class"], it["old"], it["new"]))
            .collect()
    };
    assert_eq!(ids(&again), ids(written), "day {today}");
}

/// The last days take no more than the first, give or take a quarter.
fn bounded(what: &str, series: &[u64]) {
    let (first, last) = series.split_at(series.len().div_ceil(2));
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
    assert!(most(last) <= most(first) * 5 / 4, "{what} grows: {series:?}");
}
