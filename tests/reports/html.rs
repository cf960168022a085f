//! The HTML report: self-contained, harmless, bounded, and judged by a browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use highwater_report::dossier::{Dossier, Group, Subject, Subjects};
use highwater_report::html::render;

use crate::{dossier, folder, hostile, scorecard};

#[test]
fn the_same_dossier_gives_the_same_bytes() {
    assert_eq!(render(&dossier()), render(&dossier()));
    assert_eq!(render(&hostile()), render(&hostile()));
}

#[test]
fn the_page_says_what_the_scorecard_says() {
    let page = render(&dossier());
    for wanted in [
        "Power Platform maturity of <bdi>Contoso</bdi>",
        "proven by evidence",
        "still possible",
        "out of reach",
        "Three best next steps",
        "What changed since",
        "AUT-SG-400-04",
        "CloudApp-Discovery.Read.All",
        "Chief information officer",
        "contradictions",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    // Every indicator can be reached by a link that is stable across runs.
    for indicator in dossier().scorecard.indicators() {
        assert!(page.contains(&format!("id=\"i-{}\"", indicator.id)), "{}", indicator.id);
    }
}

/// What every page must keep to, whatever it shows.
fn is_harmless(page: &str) {
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("<style").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    // Text from outside holds no bare `<`, so every tag is one of ours.
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        let foreign = ["img", "iframe", "link", "base", "form", "object", "embed"];
        assert!(!foreign.contains(&name), "<{tag}>");
        assert!(![" src=", " style=", " on"].iter().any(|it| tag.contains(it)), "<{tag}>");
    }
    assert!(!page.contains("<h1>taken over"));
    let targets = page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    for target in targets {
        assert!(target.starts_with('#') || target.starts_with("https://"), "{target}");
    }
    let controls = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{0}', '\u{1b}', '\u{fffe}'];
    assert!(!page.contains(controls));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn hostile_names_are_text() {
    is_harmless(&render(&dossier()));
    let page = render(&hostile());
    is_harmless(&page);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("👩"), "emoji stay what they are");
    assert!(!page.contains(&"x".repeat(1_200)), "what is long is cut");
}

/// A scorecard of full size, each fact with as many listed subjects as a report ever gets.
fn vast(label: &str) -> Dossier {
    let path = folder().join("../../fixtures/tenants/defined/scorecard.json");
    let mut dossier =
        Dossier::of(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap());
    let rows: Vec<Subject> = (0..200)
        .map(|at| Subject {
            id: format!("00000000-0000-0000-0000-{at:012}"),
            label: format!("{label} {at}"),
            records: vec![format!("dv.workflows record {at}")],
        })
        .collect();
    let group = Group { count: 1_000_000, rows };
    let subjects: BTreeMap<String, Subjects> = dossier
        .scorecard
        .facts
        .iter()
        .map(|fact| {
            let (yes, no, unknown) = (group.clone(), group.clone(), group.clone());
            (fact.id.clone(), Subjects { yes, no, unknown })
        })
        .collect();
    dossier.subjects = Some(subjects);
    dossier
}

#[test]
fn no_tenant_makes_the_file_larger_than_5_megabytes() {
    for label in ["Flow", &"&<".repeat(100), &"🏭".repeat(200)] {
        let page = render(&vast(label));
        assert!(page.len() < 5_000_000, "{} bytes", page.len());
        assert!(page.contains("listed"), "what is not shown is counted");
        assert!(page.contains("1\u{202f}000\u{202f}000"));
    }
}

#[test]
fn a_scorecard_alone_says_that_subjects_are_missing() {
    let page = render(&Dossier::of(scorecard("after.json")));
    assert!(page.contains("made from a scorecard alone"));
    assert!(!page.contains("What changed since"));
}

#[test]
fn a_browser_finds_nothing_wrong() {
    let Some((modules, chromium)) = browser() else { return };
    let target = tempfile::tempdir().unwrap();
    for (name, page) in [("plain", render(&dossier())), ("hostile", render(&hostile()))] {
        let file = target.path().join(format!("{name}.html"));
        fs::write(&file, page).unwrap();
        let judged = Command::new("node")
            .arg(folder().join("browser.mjs"))
            .args([&modules, &chromium, &file])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&judged.stdout).into_owned();
        assert!(
            judged.status.success(),
            "{name}: {said}{}",
            String::from_utf8_lossy(&judged.stderr)
        );
    }
}

/// The folder with the judge's modules and the browser, or the reason why there is none.
fn browser() -> Option<(PathBuf, PathBuf)> {
    let modules = std::env::var_os("HIGHWATER_TEST_BROWSER").map(PathBuf::from);
    let modules = modules.filter(|folder| folder.join("node_modules/axe-core").is_dir());
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file());
    match (modules, chromium) {
        (Some(modules), Some(chromium)) => Some((modules, chromium)),
        (None, _) => {
            println!(
                "skipped: a_browser_finds_nothing_wrong, because HIGHWATER_TEST_BROWSER names no folder with playwright-core and axe-core (tests/run.sh makes one)"
            );
            None
        }
        (_, None) => {
            println!("skipped: a_browser_finds_nothing_wrong, because there is no Chromium");
            None
        }
    }
}

#[test]
fn the_trend_is_drawn_and_told_where_there_is_one() {
    let mut dossier = dossier();
    assert!(!render(&dossier).contains("id=\"trend\""), "one snapshot has no trend");
    let (before, after) = (scorecard("before.json"), scorecard("after.json"));
    dossier.history = Some(highwater_report::history::history("t", &[after, before]));
    let page = render(&dossier);
    is_harmless(&page);
    assert!(page.contains("id=\"trend\"") && page.contains("class=\"t-proven\""));
    assert!(
        page.contains("2 snapshots") && page.contains("over time. 2026-10-01: "),
        "in words too"
    );
    assert_eq!(page, render(&dossier));
}

#[test]
fn the_plan_says_how_and_what_it_moves() {
    let mut dossier = dossier();
    let rulebook = highwater_score::Rulebook::shipped(&BTreeMap::new()).unwrap();
    dossier.models = rulebook.models().to_vec();
    assert!(render(&dossier).contains("if it turns out well"));
    let capabilities =
        dossier.scorecard.models.iter_mut().flat_map(|model| &mut model.capabilities);
    for capability in capabilities {
        let open = capability.next.as_ref().map(|next| next.open.clone()).unwrap_or_default();
        for it in capability.indicators.iter_mut().filter(|it| open.contains(&it.id)) {
            it.state = highwater_score::State::NotMet;
            it.needs = vec![highwater_score::Need::Fix {
                facts: vec!["tenant.isolation_enabled".to_owned()],
                statement: false,
            }];
        }
    }
    let page = render(&dossier);
    is_harmless(&page);
    for wanted in [
        "id=\"plan\"",
        "Tenant isolation, with named",
        "Identity and access",
        "Set-PowerAppTenantIsolationPolicy",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
}
