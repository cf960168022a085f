//! The form of statements: what it asks, and that it reads back once it is filled in.

use std::fs;

use highwater_report::form;
use highwater_score::State;

use crate::verbs::{highwater, out};
use crate::{fixture, golden, hostile, scorecard};

#[test]
fn the_form_asks_only_what_is_open_and_reads_as_it_should() {
    let scorecard = scorecard("after.json");
    let form = form::render(&scorecard, 20);
    golden("form.toml", &form);
    for indicator in scorecard.indicators() {
        let asked = form.contains(&format!("\"{}\"", indicator.id));
        assert!(!asked || indicator.state == State::Unknown, "{}", indicator.id);
    }
    assert!(form::render(&scorecard, 0).contains("more are open"));
}

#[test]
fn a_filled_form_passes_the_check_and_a_blank_answer_does_not() {
    let target = tempfile::tempdir().unwrap();
    let made = ["attest", "init", fixture("after.json").to_str().unwrap(), "--out", "a.toml"]
        .map(ToOwned::to_owned);
    let made: Vec<&str> = made.iter().map(String::as_str).collect();
    out(&highwater(target.path(), &made));
    let file = target.path().join("a.toml");
    let form = fs::read_to_string(&file).unwrap();
    let check = ["attest", "check", "a.toml", "--as-of", "2026-11-02T00:00:00Z"];
    assert!(out(&highwater(target.path(), &check)).contains("0 indicators"));
    assert_eq!(highwater(target.path(), &made).status.code(), Some(2), "nothing is written over");

    let lines = form
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line));
    let blank: String = lines.map(|line| format!("{line}\n")).collect();
    fs::write(&file, &blank).unwrap();
    assert_eq!(highwater(target.path(), &check).status.code(), Some(2), "a blank answer is none");

    let filled = blank
        .replace("answer = \"\"", "answer = \"fully\"")
        .replace("by = \"\"", "by = \"Automation core team\"")
        .replace("evidence = [\"\"]", "evidence = [\"https://intranet.contoso.example/\"]");
    fs::write(&file, filled).unwrap();
    assert!(!out(&highwater(target.path(), &check)).contains(" 0 indicators"));
}

#[test]
fn hostile_words_stay_in_their_comment() {
    let mut scorecard = hostile().scorecard;
    for model in &mut scorecard.models {
        for indicator in model.capabilities.iter_mut().flat_map(|it| &mut it.indicators) {
            indicator.title = "x\nformat = 2\n[[attestation]]".to_owned();
        }
    }
    let form = form::render(&scorecard, 50);
    let live: Vec<&str> =
        form.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(live, ["format = 1"]);
}

#[test]
fn status_names_what_has_expired_and_what_is_contradicted() {
    let target = tempfile::tempdir().unwrap();
    let after = fixture("after.json");
    let said = out(&highwater(target.path(), &["attest", "status", after.to_str().unwrap()]));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[1].contains("expired") && lines[1].contains("17 days ago, ask again"), "{said}");
    assert!(
        said.contains("304 days left") && said.contains("spoken against by evidence"),
        "{said}"
    );
}
