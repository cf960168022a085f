//! `report` and `diff` as commands: files, words and exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{fixture, folder};

pub(crate) fn highwater(at: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(args)
        .current_dir(at)
        .env_remove("HIGHWATER_CONFIG")
        .env_remove("HIGHWATER_STORE")
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

pub(crate) fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_scorecard_becomes_a_page() {
    let target = tempfile::tempdir().unwrap();
    let (before, after) = (fixture("before.json"), fixture("after.json"));
    let (before, after) = (before.to_str().unwrap(), after.to_str().unwrap());
    let args = ["report", after, "--since", before, "--format", "html", "--out", "made/here"];
    let said = out(&highwater(target.path(), &args));
    let path = target.path().join(said.trim());
    assert!(path.ends_with("made/here/report.html"), "{said}");
    let page = fs::read_to_string(path).unwrap();
    assert!(page.contains("What changed since") && page.ends_with("</html>"));
}

#[test]
fn wrong_input_exits_2_and_names_the_file() {
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("broken.json"), "{\"format\": 1}").unwrap();
    fs::write(target.path().join("no.json"), "hello").unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["report", "broken.json"], "broken.json"),
        (&["report", "no.json"], "no.json"),
        (&["report", "nowhere.json"], "nowhere.json"),
        (&["report", "--format", "papyrus"], "html"),
        (&["diff", "broken.json", "no.json"], "broken.json"),
    ];
    for (args, wanted) in cases {
        let output = highwater(target.path(), args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(wanted), "{args:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

/// A reference tenant, its configuration, and its inventory of a month before, when foreign tenants were kept out.
fn a_month_before(target: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let tenant = folder().join("../../fixtures/tenants/rudimentary");
    let config = tenant.join("highwater.toml");
    let earlier = target.join("inventory");
    copy(&tenant.join("inventory"), &earlier);
    let index = earlier.join("highwater-index.json");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replace("2026-11-01T06:00:00Z", "2026-10-01T06:00:00Z")).unwrap();
    let isolation = earlier.join("governance/tenant-isolation.json");
    let text = fs::read_to_string(&isolation).unwrap();
    assert!(text.contains("\"isDisabled\": true"), "{text}");
    fs::write(&isolation, text.replace("\"isDisabled\": true", "\"isDisabled\": false")).unwrap();
    (tenant, config, earlier)
}

#[test]
fn two_snapshots_tell_which_subjects_moved() {
    let target = tempfile::tempdir().unwrap();
    let (tenant, config, earlier) = a_month_before(target.path());
    let later = tenant.join("inventory");
    for (inventory, store) in
        [(&earlier, "october"), (&later, "november"), (&earlier, "both"), (&later, "both")]
    {
        let args = [
            "import",
            inventory.to_str().unwrap(),
            "--config",
            config.to_str().unwrap(),
            "--store",
            store,
        ];
        out(&highwater(target.path(), &args));
    }
    let said = out(&highwater(target.path(), &["diff", "october", "november"]));
    assert!(said.contains("worse ("), "{said}");
    assert!(said.contains("tenant.isolation_enabled yes \u{2192} no"), "{said}");
    assert!(said.contains("1 yes \u{2192} no: "), "{said}");
    let args = ["report", "november", "--since", "october"];
    let page = fs::read_to_string(target.path().join(out(&highwater(target.path(), &args)).trim()));
    let page = page.unwrap();
    assert!(page.contains("What changed since") && page.contains("bap.environments record"));
    assert!(page.len() < 5_000_000);
    let trend = out(&highwater(target.path(), &["history", "--store", "both"]));
    assert!(
        trend.contains("2026-10-01  2026-11-01") && trend.contains("Secure & Govern"),
        "{trend}"
    );
    let last = out(&highwater(target.path(), &["history", "--store", "both", "--limit", "1"]));
    assert!(last.contains("1 earlier snapshot not shown"), "{last}");
}

#[test]
fn an_issued_scorecard_is_read_only_where_scoring_would_give_it() {
    let target = tempfile::tempdir().unwrap();
    let (tenant, config, earlier) = a_month_before(target.path());
    for inventory in [&earlier, &tenant.join("inventory")] {
        let inventory = inventory.to_str().unwrap();
        let args = ["import", inventory, "--config", config.to_str().unwrap(), "--store", "s"];
        out(&highwater(target.path(), &args));
    }
    let tenants = fs::read_dir(target.path().join("s")).unwrap();
    let home = tenants.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let moments = ["2026-10-01T06-00-00Z", "2026-11-01T06-00-00Z"];
    let paths = moments.map(|moment| home.join(format!("snapshot={moment}")));
    let [old, new] = paths.each_ref().map(|path| path.to_str().unwrap());
    let diff = || out(&highwater(target.path(), &["diff", old, new, "--format", "json"]));
    let scored = diff();
    assert!(scored.contains("tenant.isolation_enabled"), "{scored}");
    let cards =
        [old, new].map(|it| out(&highwater(target.path(), &["score", it, "--format", "json"])));
    let issue = |at: usize, card: &str| {
        let folder = home.join("reports").join(moments[at]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("scorecard.json"), card).unwrap();
    };
    // A name that no rule has shows whether the card was read.
    let renamed = cards[1].replace("\"title\": \"", "\"title\": \"Issued: ");
    issue(0, &cards[0]);
    issue(1, &renamed);
    let recalled = diff();
    assert!(recalled.contains("\"title\": \"Issued: "), "{recalled}");
    assert_eq!(recalled.replace("Issued: ", ""), scored, "it says what scoring says");
    let moment = "\"evaluated_at\": \"2026-11-0";
    issue(1, &renamed.replace(&format!("{moment}1"), &format!("{moment}2")));
    assert_eq!(diff(), scored, "of another moment");
    issue(1, &renamed[..renamed.len() / 2]);
    assert_eq!(diff(), scored, "damaged");
    issue(1, &renamed);
    let statements = target.path().join("none.toml");
    fs::write(&statements, "format = 1\n").unwrap();
    let args = ["diff", old, new, "--format", "json", "--attest", statements.to_str().unwrap()];
    assert!(!out(&highwater(target.path(), &args)).contains("Issued: "), "other statements");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
