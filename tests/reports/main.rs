//! Reports as their readers get them: goldens, hostile names, same bytes, size, and a browser's judgement.
//!
//! The two scorecards under `fixtures/` are a month apart and hold one change of every class. After a wanted
//! change run the tests once with `HIGHWATER_BLESS=1` and read every line of the difference.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it skips"
)]

mod diff;
mod formats;
mod html;
mod plan;
mod statements;
mod verbs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use highwater_report::Dossier;
use highwater_report::dossier::{Group, Hit, Subject, Subjects};
use highwater_score::Scorecard;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reports")
}

fn fixture(name: &str) -> PathBuf {
    folder().join("fixtures").join(name)
}

fn scorecard(name: &str) -> Scorecard {
    serde_json::from_str(&fs::read_to_string(fixture(name)).unwrap()).unwrap()
}

/// The later of the two, with what changed since the earlier, and two environments without backup.
fn dossier() -> Dossier {
    let (before, after) = (scorecard("before.json"), scorecard("after.json"));
    let change = highwater_report::diff::compare(&before, &after);
    let environment = |at: u32, label: &str| Subject {
        id: format!("00000000-0000-0000-0000-{at:012}"),
        label: label.to_owned(),
        records: vec![format!("bap.environments record {at}")],
    };
    let no = vec![environment(4, "Finance Production"), environment(7, "HR Production")];
    let yes = vec![environment(1, "Automation CoE")];
    let backups = Subjects {
        yes: Group { count: 3, rows: yes },
        no: Group { count: 2, rows: no },
        unknown: Group::default(),
    };
    Dossier {
        subjects: Some(BTreeMap::from([("env.backup_share".to_owned(), backups)])),
        against: against(),
        change: Some(change),
        ..Dossier::of(after)
    }
}

fn against() -> BTreeMap<String, BTreeMap<String, Hit>> {
    let facts = BTreeMap::from([("env.backup_share".to_owned(), Hit::No)]);
    BTreeMap::from([("AUT-DM-200-03".to_owned(), facts)])
}

/// Names that try to leave their place in every format.
fn hostile_names() -> Vec<String> {
    vec![
        "<script>alert(1)</script>".to_owned(),
        "\"><img src=x onerror=alert(1)>".to_owned(),
        "</title></style></script><h1>taken over</h1>".to_owned(),
        "=cmd|' /C calc'!A0".to_owned(),
        "+1+1 @SUM(1) -2".to_owned(),
        "\u{202e}txt.exe\u{2066}\u{200f} right to left".to_owned(),
        "x".repeat(10_000),
        "👩‍🏭 工場 naïve".to_owned(),
        "| a | b |\n# heading\n[x](javascript:alert(1)) `code` <!-- -->".to_owned(),
        "]]></failure>&amp;\u{0}\u{7}\u{1b}[2J\u{fffe}".to_owned(),
    ]
}

/// A dossier in which everything that comes from outside is hostile.
fn hostile() -> Dossier {
    let names = hostile_names();
    let name = |at: usize| names[at % names.len()].clone();
    let mut dossier = dossier();
    dossier.scorecard.tenant.name = Some(name(0));
    for (at, gap) in dossier.scorecard.gaps.iter_mut().enumerate() {
        gap.reason = name(at);
        gap.grant = Some(name(at + 1));
        gap.source = name(at + 2);
    }
    for (at, statement) in dossier.scorecard.attestations.iter_mut().enumerate() {
        statement.by = name(at);
        statement.note = Some(name(at + 2));
        statement.evidence = names.clone();
        statement.evidence.push("javascript:alert(1)".to_owned());
    }
    let indicators = dossier
        .scorecard
        .models
        .iter_mut()
        .flat_map(|model| &mut model.capabilities)
        .flat_map(|capability| &mut capability.indicators);
    for (at, indicator) in indicators.enumerate() {
        indicator.reasons = vec![name(at)];
    }
    let subject = |at: usize| Subject {
        id: format!("{at:05} {}", name(at + 1)),
        label: name(at),
        records: vec![name(at + 3)],
    };
    let mut subjects = BTreeMap::new();
    for fact in &mut dossier.scorecard.facts {
        fact.gaps = names.clone();
        let group = Group { count: 1_000_000, rows: (0..30).map(subject).collect() };
        subjects.insert(
            fact.id.clone(),
            Subjects { yes: group.clone(), no: group.clone(), unknown: group },
        );
    }
    dossier.subjects = Some(subjects);
    dossier
}

/// Compares with a golden file; writes it when blessing.
fn golden(name: &str, found: &str) {
    let path = folder().join("golden").join(name);
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    let at = wanted.lines().zip(found.lines()).position(|(wanted, found)| wanted != found);
    assert!(
        wanted == found,
        "{name} differs from its golden at line {:?}; found:\n{}",
        at.map(|at| at + 1),
        found.lines().skip(at.unwrap_or(0)).take(3).collect::<Vec<_>>().join("\n")
    );
}
