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

/// A form with its first question answered, as somebody fills it in.
fn filled(form: &str) -> String {
    let mut lines = form.lines().map(ToOwned::to_owned);
    let head = lines.next().unwrap();
    let first = lines.next().unwrap();
    let id = first.split(',').next().unwrap();
    let answered = format!("{id},fully,CoE lead,2026-11-01,,https://intranet.contoso.example/,");
    let rest: Vec<String> = lines.collect();
    format!(
        "{head}\n{}\n{}\n",
        first.replacen(&format!("{id},,,,,,"), &answered, 1),
        rest.join("\n")
    )
}

#[test]
fn a_filled_sheet_reads_back_and_its_mistakes_have_a_place() {
    let target = tempfile::tempdir().unwrap();
    let after = fixture("after.json");
    let made = ["attest", "init", after.to_str().unwrap(), "--out", "a.csv"];
    out(&highwater(target.path(), &made));
    let file = target.path().join("a.csv");
    let form = fs::read_to_string(&file).unwrap();
    let check = ["attest", "check", "a.csv", "--as-of", "2026-11-02T00:00:00Z"];
    let blank = out(&highwater(target.path(), &check));
    assert!(blank.contains("0 indicators"), "a form that nobody filled in says nothing: {blank}");
    fs::write(&file, filled(&form)).unwrap();
    let read = out(&highwater(target.path(), &check));
    assert!(read.contains("1 indicator with a live statement"), "{read}");
    fs::write(&file, filled(&form).replacen("fully", "yes", 1)).unwrap();
    let wrong = highwater(target.path(), &check);
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said.contains("a.csv, row 2, column Answer: `answer` must be"), "{said}");
}

#[test]
fn a_workbook_filled_in_by_another_program_reads_back() {
    let Some(python) = std::env::var_os("HIGHWATER_TEST_PYTHON") else {
        println!(
            "skipped: a_workbook_filled_in_by_another_program_reads_back, because HIGHWATER_TEST_PYTHON is not set"
        );
        return;
    };
    let there = std::process::Command::new(&python).args(["-c", "import openpyxl"]).status();
    if !there.is_ok_and(|status| status.success()) {
        println!(
            "skipped: a_workbook_filled_in_by_another_program_reads_back, because openpyxl is not installed"
        );
        return;
    }
    let target = tempfile::tempdir().unwrap();
    let after = fixture("after.json");
    let made = ["attest", "init", after.to_str().unwrap(), "--out", "a.xlsx"];
    out(&highwater(target.path(), &made));
    assert_eq!(
        form::sheet::workbook(&scorecard("after.json"), 20).unwrap(),
        fs::read(target.path().join("a.xlsx")).unwrap(),
        "the same bytes"
    );
    let fill = |answer: &str, to: &str| {
        let script = format!(
            "import datetime, openpyxl\nbook = openpyxl.load_workbook('a.xlsx')\nsheet = book['Statements']\nat = {{cell.value: cell.column for cell in sheet[1]}}\nput = lambda name, value: sheet.cell(2, at[name], value)\nput('Answer', '{answer}'); put('By', 'CoE lead'); put('On', datetime.date(2026, 11, 1)); put('Evidence', 'https://intranet.contoso.example/\\nminutes, page 3')\nbook.save('{to}')\n"
        );
        let done = std::process::Command::new(&python)
            .args(["-c", &script])
            .current_dir(target.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    fill("Fully", "good.xlsx");
    let as_of = ["--as-of", "2026-11-02T00:00:00Z"];
    let read =
        out(&highwater(target.path(), &["attest", "check", "good.xlsx", as_of[0], as_of[1]]));
    assert!(read.contains("1 indicator with a live statement"), "{read}");
    assert!(!read.contains("counts as largely"), "the link is a link: {read}");
    fill("perhaps", "bad.xlsx");
    let wrong = highwater(target.path(), &["attest", "check", "bad.xlsx", as_of[0], as_of[1]]);
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("bad.xlsx, sheet Statements, row 2, column Answer"), "{said}");
}
