//! Scoring is quick enough to be free: both models, from given answers to the scorecard's text.

#![expect(clippy::unwrap_used, reason = "a test helper may fail loudly")]

#[path = "support/evidence.rs"]
mod evidence;

use std::time::{Duration, Instant};

use evidence::{all_stated, ideal, scored, shipped};

/// Far above what is needed, so that a busy machine and an unoptimised build pass too; what it guards
/// against is work that grows with the square of the rulebook.
const LIMIT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 20 });

#[test]
fn both_models_are_scored_in_milliseconds() {
    let start = Instant::now();
    let rulebook = shipped();
    let reading = start.elapsed();
    let (answers, attestations) = (ideal(&rulebook), all_stated(&rulebook));
    let time = |work: &dyn Fn() -> usize| {
        let runs = (0..5).map(|_| {
            let start = Instant::now();
            assert!(work() > 0);
            start.elapsed()
        });
        runs.min().unwrap()
    };
    let scoring = time(&|| scored(&rulebook, &answers, &attestations).models.len());
    let writing = time(&|| scored(&rulebook, &answers, &attestations).to_json().unwrap().len());
    println!("rulebook {reading:?}, score {scoring:?}, score and text {writing:?}");
    assert!(scoring < LIMIT, "{scoring:?}");
}
