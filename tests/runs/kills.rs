//! Kills: a run may be killed at any point, also while it publishes and takes away; nothing good is lost.

use std::fs;
use std::time::Duration;

use crate::world::{TENANT, World, code, err, moment, out};

/// `HIGHWATER_KILLS` says how often; more take longer and say more.
fn wanted() -> u32 {
    std::env::var("HIGHWATER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// What a kill waits for, and for how many milliseconds after that at most.
#[derive(Clone, Copy, Debug)]
enum After {
    /// The start.
    Start,
    /// The tables are being written, and then get their name.
    Writing,
    /// The snapshot has its name.
    Published,
    /// The report is there, and old snapshots go.
    Reported,
}

const AFTER: [(After, u64); 4] =
    [(After::Start, 9_000), (After::Writing, 3_000), (After::Published, 40), (After::Reported, 40)];

impl After {
    /// Whether it came, on the day of a snapshot.
    fn came(self, world: &World, id: &str) -> bool {
        let store = world.store();
        let tenant = store.join(format!("tenant={TENANT}"));
        match self {
            Self::Start => true,
            Self::Published => tenant.join(format!("snapshot={id}")).is_dir(),
            Self::Reported => tenant.join(format!("reports/{id}/scorecard.json")).is_file(),
            Self::Writing => fs::read_dir(store)
                .unwrap()
                .any(|it| it.unwrap().file_name().to_string_lossy().starts_with(".partial-run")),
        }
    }
}

/// Kills runs while they read, write the snapshot, publish it, and take old ones away; each is started again until it
/// ends by itself.
#[test]
fn runs_that_are_killed_lose_nothing_and_come_to_their_end() {
    let world = World::new("");
    let day = world.day("");
    let output = day.run(&moment(0), &["--keep", "2"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let (mut killed, mut today, mut seed) = (0, 1, 29_u64);
    while killed < wanted() {
        let id = moment(today).replace(':', "-");
        for attempt in 0..4 {
            let before = world.snapshots();
            let (after, most) = AFTER[(killed as usize + attempt) % AFTER.len()];
            let mut run = day.start(&moment(today), &["--keep", "2"]);
            while !after.came(&world, &id) && run.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_millis((seed >> 33) % most));
            if run.try_wait().unwrap().is_some() {
                break;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            killed += 1;
            world.verify_all();
            assert!(world.snapshots().last() >= before.last(), "{after:?}: the newest is lost");
        }
        let output = day.run(&moment(today), &["--keep", "2"]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(out(&output).contains("highwater run ok"), "{}", out(&output));
        world.verify_all();
        let held = world.snapshots();
        assert_eq!((held.last(), held.len()), (Some(&id), 2), "{held:?}");
        today += 1;
    }
    let left: Vec<String> = fs::read_dir(world.store())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".partial") || name.starts_with(".re"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    println!("{killed} kills over {} days", today - 1);
}
