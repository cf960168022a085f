//! Kills: a run may be killed at any point, also while it publishes and takes away; nothing good is lost.

use std::time::{Duration, Instant};

use crate::world::{World, code, err, moment, out};

/// `HIGHWATER_KILLS` says how often; more take longer and say more.
fn wanted() -> u32 {
    std::env::var("HIGHWATER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// Kills runs in their later half: while the snapshot is written, published, scored, reported, and while old ones are
/// taken away.
#[test]
fn runs_that_are_killed_lose_nothing_and_come_to_their_end() {
    let world = World::new("");
    let day = world.day("");
    let begun = Instant::now();
    let output = day.run(&moment(0), &["--keep", "2"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let whole = begun.elapsed();
    let (mut killed, mut today, mut seed) = (0, 1, 29_u64);
    while killed < wanted() {
        let mut ended = false;
        for attempt in 0_u32..4 {
            let before = world.snapshots();
            let mut run = day.start(&moment(today), &["--keep", "2"]);
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // What is gone on with begins later, so the later attempts are shorter.
            let span = u64::try_from(whole.as_millis()).unwrap() >> attempt.min(1);
            std::thread::sleep(Duration::from_millis(span / 4 + (seed >> 33) % span.max(1)));
            if run.try_wait().unwrap().is_some() {
                run.wait().unwrap();
                ended = true;
                break;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            killed += 1;
            world.verify_all();
            let newest = before.last().cloned();
            assert!(world.snapshots().last() >= newest.as_ref(), "the newest snapshot is lost");
        }
        if !ended {
            let output = day.run(&moment(today), &["--keep", "2"]);
            assert_eq!(code(&output), 0, "{}", err(&output));
            assert!(out(&output).contains("highwater run ok"), "{}", out(&output));
        }
        world.verify_all();
        let held = world.snapshots();
        assert_eq!(held.last().unwrap(), &moment(today).replace(':', "-"), "{held:?}");
        assert_eq!(held.len(), 2, "{held:?}");
        today += 1;
    }
    let left: Vec<String> = std::fs::read_dir(world.store())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".partial") || name.starts_with(".re"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    println!("{killed} kills over {} days, a whole run takes {} ms", today - 1, whole.as_millis());
}
