//! Reuse: day after day what did not change is not asked again, what changed is, and the scorecards are those of full
//! readings. That all rows are the same is shown in `tests/collect`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::world::{Day, TENANT, World, code, err, json, moment, out};

/// Environments of the tenant that have Dataverse.
const ORGANISATIONS: u64 = 7;
/// Those of them that serve production.
const PRODUCTION: u64 = 4;

/// A world in which people are hidden.
fn world() -> World {
    let world = World::new("");
    let own = fs::read_to_string(world.path("own.toml")).unwrap();
    assert!(own.contains("people = \"plain\""), "{own}");
    fs::write(world.path("own.toml"), own.replace("people = \"plain\"", "people = \"pseudonyms\""))
        .unwrap();
    world.configure("");
    world
}

/// Runs on a day and returns what was said.
fn run(day: &Day<'_>, today: u32, more: &[&str]) -> String {
    let output = day.run(&moment(today), more);
    assert_eq!(code(&output), 0, "day {today}: {}", err(&output));
    err(&output)
}

/// The snapshot of a day in a store.
fn snapshot(world: &World, store: &str, today: u32) -> PathBuf {
    let id = moment(today).replace(':', "-");
    world.path(store).join(format!("tenant={TENANT}/snapshot={id}"))
}

/// What collecting the snapshot of a day cost.
fn collection(world: &World, today: u32) -> Value {
    json(&snapshot(world, "store", today).join("manifest.json"))["collection"].clone()
}

/// Requests to a service.
fn sent(collection: &Value, service: &str) -> u64 {
    collection["services"]["services"][service]["attempts"].as_u64().unwrap()
}

/// Pages that were asked of a source.
fn asked(collection: &Value, source: &str) -> u64 {
    collection["sources"][source]["pages"].as_u64().unwrap()
}

/// The scorecard of a day in a store, without the digest of its snapshot.
fn scorecard(world: &World, store: &str, today: u32) -> Value {
    let id = moment(today).replace(':', "-");
    let path = world.path(store).join(format!("tenant={TENANT}/reports/{id}/scorecard.json"));
    let mut card = json(&path);
    card["snapshot"]["sha256"] = Value::Null;
    card
}

/// Names of roles on a day, by environment.
fn roles(world: &World, today: u32) -> String {
    let path = snapshot(world, "store", today);
    let query = "SELECT environment_id, name FROM security_roles ORDER BY environment_id, name";
    let output = world.verb(&["sql", path.to_str().unwrap(), query, "--format", "csv"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    out(&output)
}

/// Changes the first such text in a file of the tenant.
fn rewrite(world: &World, file: &str, from: &str, to: &str) {
    let path = world.path("tenant").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_did_not_change_is_not_asked_again() {
    let world = world();
    run(&world.day(""), 0, &[]);
    let all = collection(&world, 0);
    assert_eq!((asked(&all, "dv.roles"), &all["reused"]), (ORGANISATIONS, &Value::Null));

    // Nothing changed.
    let said = run(&world.day(""), 1, &[]);
    let day = collection(&world, 1);
    assert!(said.contains("going by the snapshot 2026-11-01T06-00-00Z"), "{said}");
    assert!(said.contains("reused from the snapshot 2026-11-01T06-00-00Z"), "{said}");
    assert!(said.contains("the oldest of 2026-11-01T06:00:00Z"), "{said}");
    assert_eq!(asked(&day, "dv.roles"), 0);
    assert_eq!(day["reused"]["environments"], ORGANISATIONS);
    let record = world.records().pop().unwrap();
    assert_eq!(record["reused"], day["reused"]);
    let (first, second) = (sent(&all, "dataverse"), sent(&day, "dataverse"));
    println!("requests to Dataverse: {first} on the first day, {second} on the second");
    assert!(second * 5 < first * 2, "{first} and then {second}");
    let less = first - second + sent(&all, "powerapps") - sent(&day, "powerapps");
    let saved = day["reused"]["requests"].as_u64().unwrap();
    assert!(saved <= less && saved * 10 >= less * 9, "{saved} of {less}");

    // Reading everything gives the same.
    fs::create_dir_all(world.path("full")).unwrap();
    fs::copy(world.store().join("pseudonym.key"), world.path("full/pseudonym.key")).unwrap();
    run(&world.day(""), 1, &["--store", "full", "--full"]);
    assert_eq!(scorecard(&world, "store", 1), scorecard(&world, "full", 1));

    let id = moment(1).replace(':', "-");
    let page = world.store().join(format!("tenant={TENANT}/reports/{id}/report.html"));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("Of 7 environments no change was told"), "the report does not say so");

    // One environment changed, and says so; two say nothing.
    rewrite(
        &world,
        "dataverse/finance-dev/solutions.json",
        "2024-12-21T06:00:00Z\", \"solutiontype",
        "2026-11-02T07:00:00Z\", \"solutiontype",
    );
    for place in ["finance-dev", "finance-test", "hr-production"] {
        rewrite(
            &world,
            &format!("dataverse/{place}/roles.json"),
            "\"name\": \"",
            "\"name\": \"New ",
        );
    }
    run(&world.day(""), 2, &[]);
    let day = collection(&world, 2);
    assert_eq!((asked(&day, "dv.roles"), asked(&day, "dv.connection_references")), (1, 1));
    // Its connections stand: they follow apps and flows.
    assert_eq!(asked(&day, "powerapps.connections"), 0);
    assert_eq!(day["reused"]["oldest"], moment(0), "what is taken over keeps its age");
    let named = roles(&world, 2);
    assert!(named.contains("201000000002,New "), "{named}");
    assert_eq!(named.matches("New ").count(), 1, "{named}");

    // A week after the first day production is read again whatever is told.
    let said = run(&world.day(""), 8, &[]);
    let day = collection(&world, 8);
    assert_eq!(asked(&day, "dv.roles"), PRODUCTION, "{said}");
    let named = roles(&world, 8);
    assert!(named.contains("201000000005,New "), "{named}");
    assert!(!named.contains("201000000003,New "), "{named}");
    world.verify_all();
}

#[test]
fn a_snapshot_that_does_not_fit_is_not_gone_by_and_nothing_that_was_not_read() {
    let world = world();
    run(&world.day("forbidden on dataverse:*/roles"), 0, &[]);
    let day = world.day("");
    run(&day, 1, &[]);
    let read = collection(&world, 1);
    // What was refused is asked, what was read is not.
    assert_eq!(
        (asked(&read, "dv.roles"), asked(&read, "dv.connection_references")),
        (ORGANISATIONS, 0)
    );

    let everything = |today: u32, more: &[&str], why: &str| {
        let said = run(&day, today, more);
        assert!(said.contains("everything is asked") && said.contains(why), "{said}");
        let read = collection(&world, today);
        assert_eq!((asked(&read, "dv.roles"), &read["reused"]), (ORGANISATIONS, &Value::Null));
    };
    everything(2, &["--skip", "arg"], "another plan");
    let one = snapshot(&world, "store", 1);
    everything(3, &["--since", one.to_str().unwrap(), "--record", "all.har"], "a recording");
    fs::write(world.store().join("pseudonym.key"), "fedcba9876543210".repeat(4)).unwrap();
    everything(4, &["--since", one.to_str().unwrap()], "another key");
    let four = snapshot(&world, "store", 4);
    fs::write(four.join("tables/security_roles.parquet"), "damaged").unwrap();
    everything(5, &["--since", four.to_str().unwrap()], "damaged");
    // By itself a run goes by the last good one, here the one before: with another key.
    fs::remove_dir_all(snapshot(&world, "store", 5)).unwrap();
    everything(6, &[], "another key");
}
