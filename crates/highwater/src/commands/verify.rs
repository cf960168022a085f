//! `verify`: a snapshot is what it says; and a bundle says what its evidence says, which is tried by scoring
//! it again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use highwater_report::counted;
use highwater_report::text::plain;
use highwater_snapshot::Snapshot;
use serde_json::Value;

use super::bundle::{self, LIST, List, REPORT, SCORECARD, Scoring};
use super::dossier::Given;
use crate::args::{Evaluation, Global, Verify};
use crate::config::Config;
use crate::exit::usage_error;
use crate::testimony::{self, Trust};
use crate::{evaluate, output, sign};

/// Differences of a scorecard that are named.
const NAMED: usize = 5;

/// What was found: good news, and bad.
#[derive(Default)]
struct Findings {
    good: Vec<String>,
    bad: Vec<String>,
}

pub(crate) fn run(global: &Global, config: &Config, verb: &Verify) -> anyhow::Result<ExitCode> {
    let snapshot = evaluate::open_snapshot(config, verb.snapshot.as_deref())?;
    let mut findings = Findings { good: Vec::new(), bad: snapshot.verify()? };
    if findings.bad.is_empty() {
        let manifest = snapshot.manifest();
        findings.good.push(format!(
            "tenant {} {}: {} as the manifest says ({})",
            manifest.tenant.id,
            manifest.taken_at,
            counted(manifest.files.len(), "file"),
            snapshot.digest()
        ));
    }
    if snapshot.is_packed() {
        enclosed(global, config, snapshot, verb, &mut findings)?;
    } else if !verb.trusted_key.is_empty() {
        return Err(usage_error(
            "--trusted-key is for bundles, which can be signed: name one made by `highwater pack --sign`",
        ));
    }
    let lines: String =
        findings.good.iter().chain(&findings.bad).map(|line| format!("{line}\n")).collect();
    output::write(&lines)?;
    match findings.bad.len() {
        0 => Ok(ExitCode::SUCCESS),
        1 => anyhow::bail!("one thing is not as it should be: see the last line above"),
        many => anyhow::bail!("{many} things are not as they should be: see the last lines above"),
    }
}

/// Checks what a bundle holds beside the snapshot.
fn enclosed(
    global: &Global,
    config: &Config,
    snapshot: Snapshot,
    verb: &Verify,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let folder = snapshot.folder().to_owned();
    let beside = beside_the_snapshot(&folder)?;
    if !folder.join(LIST).is_file() {
        if !verb.trusted_key.is_empty() {
            findings.bad.push(
                "the bundle is not signed: have it packed with `highwater pack --sign`".to_owned(),
            );
        }
        let strangers = beside
            .iter()
            .map(|name| format!("{name} stands in no {LIST}: nothing says whose it is"));
        findings.bad.extend(strangers);
        return Ok(());
    }
    let bytes = std::fs::read(folder.join(LIST))?;
    let list = List::read(&bytes)?;
    signature(config, verb, &folder, &bytes, findings)?;
    let sound = digests(&list, &folder, &beside, findings)?;
    match &list.scoring {
        // What is damaged is not worth scoring.
        Some(scoring) if sound && findings.bad.is_empty() => {
            replay(global, snapshot, (&list, scoring), findings)
        }
        _ => Ok(()),
    }
}

/// Files of the bundle that are not the snapshot's, nor the list and its signature.
fn beside_the_snapshot(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = ["manifest.json", LIST, "bundle.json.sig"].contains(&name.as_str());
        if entry.file_type()?.is_file() && !known {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

fn signature(
    config: &Config,
    verb: &Verify,
    folder: &Path,
    bytes: &[u8],
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let evaluation = Evaluation { trusted_key: verb.trusted_key.clone(), ..Evaluation::default() };
    let trust = Trust { required: false, ..Trust::of(config, &evaluation)? };
    let by = match testimony::signature(&folder.join(LIST), bytes, &trust) {
        Ok(by) => by,
        Err(error) => {
            let said = error.to_string();
            // The temporary folder is nobody's business.
            findings.bad.push(said.replace(&format!("{}/", folder.display()), ""));
            return Ok(());
        }
    };
    match by {
        None if verb.trusted_key.is_empty() => {
            findings.good.push("not signed: it is as good as whoever gave it to you".to_owned());
        }
        None => findings.bad.push(
            "the bundle is not signed: have it packed with `highwater pack --sign`".to_owned(),
        ),
        Some(by) => {
            let (key, at) = (plain(&by.key), plain(&by.signed_at));
            let line = format!("signed by key {key} at {at}, unchanged since");
            match (by.trusted, verb.trusted_key.is_empty()) {
                (true, _) => findings.good.push(format!("{line}; the key is trusted")),
                (false, true) => {
                    findings.good.push(format!("{line}; no trusted key was named to compare with"))
                }
                (false, false) => findings
                    .bad
                    .push(format!("{line}, yet the key is none of those that you trust")),
            }
        }
    }
    Ok(())
}

/// Compares every enclosed file with the list. The snapshot's own files were compared with the manifest, so
/// the manifest's digest speaks for them.
fn digests(
    list: &List,
    folder: &Path,
    beside: &[String],
    findings: &mut Findings,
) -> anyhow::Result<bool> {
    let before = findings.bad.len();
    for name in beside.iter().filter(|name| !list.files.contains_key(*name)) {
        findings.bad.push(format!("{name} stands in no {LIST}: nothing says whose it is"));
    }
    let mut enclosed = Vec::new();
    for (name, wanted) in &list.files {
        if name.starts_with("tables/") || name.starts_with("raw/") {
            continue;
        }
        let path = PathBuf::from(name);
        let is_plain = path.components().count() == 1;
        match std::fs::read(folder.join(&path)) {
            Ok(bytes) if is_plain && sign::digest(&bytes) == *wanted => {
                enclosed.push(name.as_str())
            }
            Ok(_) => findings.bad.push(format!("{} differs from {LIST}", plain(name))),
            Err(_) => findings.bad.push(format!("{} is missing", plain(name))),
        }
    }
    let sound = findings.bad.len() == before;
    if sound {
        findings.good.push(format!("enclosed and as listed: {}", enclosed.join(", ")));
    }
    Ok(sound)
}

/// Scores the evidence again, with the statements of the bundle, and compares byte for byte.
fn replay(
    global: &Global,
    snapshot: Snapshot,
    (list, scoring): (&List, &Scoring),
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let folder = snapshot.folder().to_owned();
    let as_of = scoring.as_of()?;
    let case = evaluate::case(global, snapshot, as_of)?;
    let statements = list.statements().map(|name| folder.join(name));
    let testimony =
        testimony::read(statements.as_deref(), &case.rules.rulebook, &scoring.trust()?)?;
    let scored = evaluate::judge(case, &scoring.scope(), (as_of, None), testimony)?;
    let given = Given::Scored(Box::new(scored));
    let found = given.scorecard();
    let mut same = Vec::new();
    if list.files.contains_key(SCORECARD) {
        let theirs = std::fs::read(folder.join(SCORECARD))?;
        if found.to_json()?.as_bytes() == theirs {
            same.push(SCORECARD);
        } else {
            let ours = serde_json::to_value(found)?;
            let theirs = serde_json::from_slice(&theirs).unwrap_or(Value::Null);
            findings.bad.push(differs(&theirs, &ours));
        }
    }
    if list.files.contains_key(REPORT) {
        if bundle::report(&given)? == std::fs::read(folder.join(REPORT))? {
            same.push(REPORT);
        } else {
            findings.bad.push(format!("{REPORT} is not what the evidence gives"));
        }
    }
    if !same.is_empty() {
        findings.good.push(format!("scored again, the same byte for byte: {}", same.join(", ")));
    }
    if !findings.bad.is_empty() {
        findings.bad.extend(otherwise(list, scoring, &found.rulebook.sha256));
    }
    Ok(())
}

/// Why a replay may differ without anybody having changed anything.
fn otherwise(list: &List, scoring: &Scoring, rulebook: &str) -> Vec<String> {
    let mut said = Vec::new();
    let version = env!("CARGO_PKG_VERSION");
    if list.version != version {
        said.push(format!(
            "packed by highwater {}, scored again by {version}: use that version to compare byte for byte",
            plain(&list.version)
        ));
    }
    if scoring.rulebook != rulebook {
        said.push(format!(
            "packed with the rules {}, scored again with {rulebook}: name the same with --rulebook",
            plain(&scoring.rulebook)
        ));
    }
    said
}

/// The first differences of two scorecards, by path.
fn differs(theirs: &Value, ours: &Value) -> String {
    let mut found = Vec::new();
    walk("", theirs, ours, &mut found);
    let mut text = format!("{SCORECARD} is not what the evidence gives:");
    for (path, theirs, ours) in found.iter().take(NAMED) {
        text.push_str(&format!("\n  {}: {theirs} in the bundle, {ours} scored again", plain(path)));
    }
    match found.len() {
        0 => text.push_str("\n  the same content, written otherwise"),
        all if all > NAMED => text.push_str(&format!("\n  and {} more", all - NAMED)),
        _ => {}
    }
    text
}

fn walk(path: &str, theirs: &Value, ours: &Value, found: &mut Vec<(String, String, String)>) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or(Value::Null)
                };
                walk(&at, &of(a), &of(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{path}[{at}]"), a, b, found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push((path.to_owned(), short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    plain(&value.to_string()).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_path() {
        let theirs = serde_json::json!({"models": [{"level": 300, "id": "a"}], "x": 1});
        let ours = serde_json::json!({"models": [{"level": 200, "id": "a"}]});
        let said = differs(&theirs, &ours);
        assert!(said.contains("models[0].level: 300 in the bundle, 200 scored again"), "{said}");
        assert!(said.contains("x: 1 in the bundle, null scored again"), "{said}");
        assert!(differs(&ours, &ours).contains("written otherwise"));
    }
}
