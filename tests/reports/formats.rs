//! Every other format: goldens, hostile names, same bytes, and programs of other makers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use highwater_report::{Dossier, csv, junit, markdown, oscal, sarif, xlsx};

use crate::{dossier, folder, golden, hostile};

/// Every text format, each with its file name.
fn texts(dossier: &Dossier) -> Vec<(&'static str, String)> {
    let mut all = csv::render(dossier);
    all.push(("report.md", markdown::render(dossier)));
    all.push(("report.junit.xml", junit::render(dossier)));
    all.push(("report.sarif", sarif::render(dossier).unwrap()));
    all.push(("report.oscal.json", oscal::render(dossier).unwrap()));
    all.push(("scorecard.json", dossier.scorecard.to_json().unwrap()));
    all
}

#[test]
fn each_format_reads_as_it_should() {
    for (name, text) in texts(&dossier()).into_iter().filter(|(name, _)| *name != "scorecard.json")
    {
        golden(name, &text);
    }
}

#[test]
fn the_same_dossier_gives_the_same_bytes_in_every_format() {
    for make in [dossier, hostile] {
        assert_eq!(texts(&make()), texts(&make()));
        assert_eq!(xlsx::render(&make()).unwrap(), xlsx::render(&make()).unwrap());
    }
}

#[test]
fn hostile_names_change_no_format() {
    for (name, text) in texts(&hostile()).into_iter().filter(|(name, _)| *name != "scorecard.json")
    {
        let controls = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{0}', '\u{1b}', '\u{fffe}'];
        assert!(!text.contains(controls), "{name} holds a control character");
        assert!(!text.contains(&"x".repeat(1_200)), "{name} holds a name of any length");
    }
    let page = markdown::render(&hostile());
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("](javascript"));
    assert!(page.len() < 65_536, "a comment holds {} bytes at most", 65_536);
    let document = junit::render(&hostile());
    assert!(!document.contains("<script") && !document.contains("]]>"));
}

#[test]
fn unknown_is_neither_passed_nor_failed() {
    let dossier = dossier();
    let unknown = "AUT-SG-500-02";
    let log: serde_json::Value = serde_json::from_str(&sarif::render(&dossier).unwrap()).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|it| it["ruleId"] == unknown).unwrap();
    assert_eq!((&result["kind"], &result["level"]), (&"open".into(), &"none".into()));
    let suites = junit::render(&dossier);
    let case = suites.split("<testcase").find(|case| case.contains(unknown)).unwrap();
    assert!(case.contains("<skipped") && !case.contains("<failure"));
    let results: serde_json::Value =
        serde_json::from_str(&oscal::render(&dossier).unwrap()).unwrap();
    let result = &results["assessment-results"]["results"][0];
    let about = |list: &str| {
        result[list]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["title"].as_str().unwrap().contains(unknown))
    };
    assert!(about("observations") && !about("findings"));
}

#[test]
fn programs_of_other_makers_read_them() {
    let Some(python) = std::env::var_os("HIGHWATER_TEST_PYTHON") else {
        println!(
            "skipped: programs_of_other_makers_read_them, because HIGHWATER_TEST_PYTHON is not set (tests/run.sh sets it)"
        );
        return;
    };
    for (name, dossier) in [("plain", dossier()), ("hostile", hostile())] {
        let target = tempfile::tempdir().unwrap();
        write_all(&dossier, target.path());
        let judged = Command::new(&python)
            .arg(folder().join("judges.py"))
            .arg(target.path())
            .args(validator())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&judged.stdout).into_owned();
        println!("{said}");
        assert!(judged.status.success(), "{name}: {}", String::from_utf8_lossy(&judged.stderr));
        assert!(!said.contains("wrong:"), "{name}: {said}");
    }
}

fn write_all(dossier: &Dossier, target: &Path) {
    for (name, text) in texts(dossier) {
        fs::write(target.join(name), text).unwrap();
    }
    fs::write(target.join("report.xlsx"), xlsx::render(dossier).unwrap()).unwrap();
}

/// The validator of SARIF's authors, where npm has brought it.
fn validator() -> Option<PathBuf> {
    let modules = PathBuf::from(std::env::var_os("HIGHWATER_TEST_BROWSER")?);
    let folder = modules.join("node_modules/@microsoft/sarif-multitool-linux");
    Some(folder.join("Sarif.Multitool")).filter(|path| path.is_file())
}
