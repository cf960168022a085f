//! What operators are told: the commands and flags exist, the texts are said by the program, the links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{files, is_rust, root};

/// Pages and files that a person copies commands from.
fn told() -> Vec<PathBuf> {
    let kinds = ["md", "yml", "yaml", "service", "plist", "ps1"];
    let is_told = |path: &Path| {
        path.extension().is_some_and(|kind| kinds.iter().any(|wanted| kind == *wanted))
    };
    let mut told = files(&root().join("docs"), &is_told);
    told.extend(files(&root().join("deploy"), &is_told));
    told.push(root().join("README.md"));
    told
}

/// What `--help` says, of the program or of a verb; none where there is no such verb.
fn help(words: &[&str]) -> Option<String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_highwater")).args(words).arg("--help").output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Commands in a text: the words after `highwater`, to the end of the line or of the code span.
fn commands(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let joined = |line: &str| line.trim_end().ends_with('\\');
    let starts = text.match_indices("highwater ").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || "`/\"".contains(c))
    });
    starts.map(move |(at, word)| {
        let rest = &text[at + word.len()..];
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            end += line.len();
            if !joined(line) {
                break;
            }
        }
        let command = rest[..end].split(['`', '#', '|', '&', ';', ')']).next().unwrap_or_default();
        command.split_whitespace().collect()
    })
}

#[test]
fn every_verb_and_flag_that_is_told_exists() {
    let verbs: BTreeSet<String> = help(&[])
        .unwrap()
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next().map(ToOwned::to_owned))
        .collect();
    let mut helps: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut seen = 0;
    for path in told() {
        let text = fs::read_to_string(&path).unwrap();
        for words in commands(&text) {
            let Some(verb) = words.first().filter(|word| verbs.contains(**word)) else { continue };
            let mut key = vec![*verb];
            if *verb == "attest" {
                key.extend(words.get(1).filter(|word| !word.starts_with('-')));
            }
            let owned: Vec<String> = key.iter().map(|word| (*word).to_owned()).collect();
            let said = helps.entry(owned).or_insert_with(|| help(&key).unwrap_or_default());
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let flag: &str = flag.split(['=', ',', '"', ']', '<', '.', ':']).next().unwrap();
                seen += 1;
                assert!(
                    flag == "--help"
                        || said.contains(&format!("{flag} "))
                        || said.contains(&format!("{flag}\n")),
                    "{}: highwater {} has no flag {flag}",
                    path.display(),
                    key.join(" ")
                );
            }
        }
    }
    assert!(seen > 50, "commands are no longer found: {seen}");
}

/// Texts of libraries and systems, which no source of ours holds.
const OF_OTHERS: &[&str] = &["unknown field", "invalid peer certificate", "dns error", "Connect"];

/// Code spans of a cell, with one backtick or two.
fn spans(cell: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = cell;
    while let Some(at) = rest.find('`') {
        let mark = if rest[at..].starts_with("``") { "``" } else { "`" };
        let inner = &rest[at + mark.len()..];
        let end = inner.find(mark).expect("a code span that ends");
        found.push(inner[..end].trim().to_owned());
        rest = &inner[end + mark.len()..];
    }
    found
}

/// Everything that the program may say: its sources with the lines of a text joined, and its texts kept as data.
fn sayable() -> String {
    let mut all = String::new();
    let kept = |path: &Path| path.extension().is_some_and(|kind| kind == "toml");
    let sources = files(&root().join("crates"), &is_rust);
    for path in sources.into_iter().chain(files(&root().join("config"), &kept)) {
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.split("\\\n");
        all.push_str(lines.next().unwrap_or_default());
        for line in lines {
            all.push_str(line.trim_start());
        }
    }
    all
}

#[test]
fn every_text_of_the_troubleshooting_page_is_said_by_the_program() {
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let sayable = sayable();
    let mut seen = 0;
    let mut table = "";
    for line in page.lines() {
        if !line.starts_with('|') {
            table = "";
        } else if table.is_empty() {
            table = line.split('|').nth(1).unwrap().trim();
        } else if ["It says", "The reason says", "`highwater run` says"].contains(&table) {
            for span in spans(line.split(" | ").next().unwrap()) {
                let parts = span.split('…').map(|part| part.trim().trim_end_matches(':'));
                for part in parts.filter(|part| part.len() > 3 && !OF_OTHERS.contains(part)) {
                    seen += 1;
                    assert!(sayable.contains(part), "nothing says `{part}`");
                }
            }
        }
    }
    assert!(seen > 60, "the texts are no longer found: {seen}");
}

#[test]
fn links_of_the_pages_lead_somewhere() {
    for path in told().iter().filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        let text = fs::read_to_string(path).unwrap();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !target.contains("://") {
                let there = path.parent().unwrap().join(file);
                assert!(there.exists(), "{}: {target}", path.display());
            }
        }
    }
}

#[test]
fn configurations_that_are_handed_out_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    for path in files(&root().join("deploy"), &|path| path.ends_with("highwater.toml")) {
        let output = Command::new(env!("CARGO_BIN_EXE_highwater"))
            .args(["score", "nothing-here", "--config"])
            .arg(&path)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("no snapshot at nothing-here"), "{}: {said}", path.display());
    }
}
