//! The five reference tenants, imported and scored by the built program, against their golden scorecards.
//!
//! A golden scorecard is compared byte for byte. `HIGHWATER_BLESS=1` rewrites it; what changed is then read line by line
//! against the catalogue, with the tenant's note beside it, before it is kept. The law of whole imports is tried on a
//! sample of the files, on all of them with `HIGHWATER_LAW=all`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formats;
mod law;
mod run;

use std::process::Command;

use run::{Card, golden, import, path, score};

const TENANTS: [&str; 5] = ["rudimentary", "repeatable", "defined", "capable", "denied"];

/// Scores a tenant as it stands in the repository and compares with what is known of it.
fn compare(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = import(name, &path(name).join("inventory"), folder.path());
    let text = score(name, &snapshot);
    let file = golden(name);
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some((number, known, found)) = first_difference(&known, &text) {
        panic!(
            "{name}: line {number} of {} differs\n known: {known}\n found: {found}\nread the change against the catalogue, then \
             HIGHWATER_BLESS=1 cargo test -p highwater --test scores",
            file.display()
        );
    }
}

fn first_difference(known: &str, found: &str) -> Option<(usize, String, String)> {
    let (mut left, mut right) = (known.lines(), found.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (left, right) if left == right => {}
            (left, right) => {
                return Some((
                    number,
                    left.unwrap_or_default().to_owned(),
                    right.unwrap_or_default().to_owned(),
                ));
            }
        }
    }
    None
}

#[test]
fn rudimentary() {
    compare("rudimentary");
}

#[test]
fn repeatable() {
    compare("repeatable");
}

#[test]
fn defined() {
    compare("defined");
}

#[test]
fn capable() {
    compare("capable");
}

#[test]
fn denied() {
    compare("denied");
}

/// Scoring is pure: the same inventory elsewhere, under another name of the store, gives the same bytes.
#[test]
fn the_same_files_give_the_same_bytes_anywhere() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = there.path().join("handed over");
    run::copy(&path("rudimentary").join("inventory"), &copy);
    let one = score(
        "rudimentary",
        &import("rudimentary", &path("rudimentary").join("inventory"), here.path()),
    );
    let other = score("rudimentary", &import("rudimentary", &copy, there.path()));
    assert_eq!(one, other);
}

/// What the tenants are for: the ranges that their notes promise.
#[test]
fn headlines_are_what_the_notes_say() {
    for name in TENANTS {
        let note = std::fs::read_to_string(path(name).join("README.md")).unwrap();
        let card = Card::parse(&std::fs::read_to_string(golden(name)).unwrap());
        for (capability, levels) in card.capabilities() {
            let line = format!(
                "| {capability} | {} | {} | {} | {} |",
                levels[0], levels[1], levels[2], levels[3]
            );
            assert!(note.contains(&line), "{name}/README.md does not hold the line {line}");
        }
    }
}

/// The inventories are what the generator writes, where Python is at hand.
#[test]
fn inventories_are_those_of_the_generator() {
    let generator = path("generate.py");
    let run = Command::new("python3").arg("-B").arg(&generator).arg("--check").output();
    let Ok(output) = run else {
        println!(
            "skipped: python3 is not at hand, the inventories were not compared with their generator"
        );
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Nothing of a tenant reaches its scorecard that a scorecard must not hold.
#[test]
fn no_scorecard_names_a_person() {
    for name in TENANTS {
        let card = std::fs::read_to_string(golden(name)).unwrap();
        for mark in ["@contoso.example", "@fabrikam.example", "-----BEGIN", "sig="] {
            assert!(!card.contains(mark), "{name} holds {mark}");
        }
    }
}

#[test]
fn taking_files_away_from_repeatable_tells_less_and_nothing_else() {
    law::holds("repeatable");
}

#[test]
fn taking_files_away_from_capable_tells_less_and_nothing_else() {
    law::holds("capable");
}
