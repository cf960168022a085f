//! Runs into object storage: the vendor's emulator, mirrors that come and go, two machines at once.

use std::process::{Command, Stdio};

use crate::emulator::{ACCOUNT, Emulator};
use crate::world::{TENANT, World, code, err, moment, out};

/// Lets a command reach the emulator, with a mirror of its own.
fn reaching<'a>(command: &'a mut Command, emulator: &Emulator, mirror: &str) -> &'a mut Command {
    command.env("AZURITE_BLOB_STORAGE_URL", &emulator.url).env("HIGHWATER_CACHE", mirror)
}

#[test]
fn a_store_on_object_storage_needs_no_disk_of_its_own() {
    let Some(emulator) = Emulator::start() else {
        println!(
            "skipped: a_store_on_object_storage_needs_no_disk_of_its_own, because HIGHWATER_TEST_AZURITE names no folder with azurite"
        );
        return;
    };
    let world = World::new("");
    let day = world.day("");
    let store = format!("az://{ACCOUNT}/maturity/contoso");
    let run = |today: u32, mirror: &str, more: &[&str]| {
        let more = [&["--store", &store, "--keep", "2", "--format", "json"], more].concat();
        reaching(&mut day.command(&moment(today), &more), &emulator, mirror).output().unwrap()
    };
    let verb =
        |words: &[&str]| reaching(&mut world.command(words), &emulator, "reader").output().unwrap();
    // Every run on another machine: nothing is known but what the store says.
    for today in 0..3 {
        let output = run(today, &format!("machine-{today}"), &[]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(out(&output).contains("highwater run ok"), "{}", out(&output));
    }
    let key = |machine: &str| {
        let folder =
            std::fs::read_dir(world.path(machine)).unwrap().next().unwrap().unwrap().path();
        std::fs::read_to_string(folder.join("pseudonym.key")).ok()
    };
    assert_eq!(key("machine-0"), key("machine-2"));
    let output = verb(&["status", "--store", &store, "--format", "json"]);
    let standing: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(standing[0]["snapshots"], 2, "{standing}");
    assert_eq!(standing[0]["runs"][0]["before"], "2026-11-02T06-00-00Z", "{standing}");
    assert_eq!(standing[0]["runs"][0]["removed"][0], "2026-11-01T06-00-00Z", "{standing}");
    let output = verb(&["verify", &store]);
    assert!(code(&output) == 0 && out(&output).contains("2026-11-03"), "{}", err(&output));
    let snapshot = |id: &str| format!("{store}/tenant={TENANT}/snapshot={id}");
    let (old, new) = (snapshot("2026-11-02T06-00-00Z"), snapshot("2026-11-03T06-00-00Z"));
    let output = verb(&["diff", &old, &new, "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = verb(&["collect", "--store", &store]);
    assert!(code(&output) == 2 && err(&output).contains("highwater run"), "{}", err(&output));

    // Two machines at once, and a machine that dies while it has the lease.
    let begin = |today: u32, mirror: &str| {
        let mut command = day.command(&moment(today), &["--store", &store, "--format", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        reaching(&mut command, &emulator, mirror).spawn().unwrap()
    };
    let (first, second) = (begin(3, "machine-3"), begin(4, "machine-4"));
    let ended = [first, second].map(|child| child.wait_with_output().unwrap());
    let said = |word: &str| {
        ended.iter().filter(|it| out(it).starts_with(&format!("highwater run {word} "))).count()
    };
    assert_eq!((said("ok"), said("busy")), (1, 1), "{ended:?}");
    let mut dying = begin(5, "machine-5");
    // With the lease come records.
    while !has_records(&world.path("machine-5")) {
        assert!(dying.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    dying.kill().unwrap();
    dying.wait().unwrap();
    let output = run(6, "machine-6", &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(
        out(&output).starts_with("highwater run ok"),
        "the dead are waited out: {}",
        out(&output)
    );
}

/// Whether a mirror knows records of runs.
fn has_records(mirror: &std::path::Path) -> bool {
    let folders = std::fs::read_dir(mirror).into_iter().flatten().map(Result::unwrap);
    folders.map(|it| it.path().join(format!("tenant={TENANT}/runs"))).any(|it| it.is_dir())
}
