//! The built binary in its own words: verbs, exit codes, errors, and the same bytes every time.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it skips"
)]

mod privacy;
mod signed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn tenant(name: &str) -> PathBuf {
    root().join("fixtures/tenants").join(name)
}

/// Runs the binary in a folder that holds no configuration.
fn highwater(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(args)
        .current_dir(folder)
        .env_remove("HIGHWATER_CONFIG")
        .env_remove("HIGHWATER_STORE")
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Imports a reference tenant into `<folder>/store`; returns the snapshot's path.
fn import(folder: &Path, name: &str) -> String {
    let tenant = tenant(name);
    let output = highwater(
        folder,
        &[
            "import",
            tenant.join("inventory").to_str().unwrap(),
            "--config",
            tenant.join("highwater.toml").to_str().unwrap(),
            "--store",
            "store",
        ],
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    out(&output).lines().last().unwrap().to_owned()
}

#[test]
fn help_of_every_verb_has_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let help = highwater(folder.path(), &["--help"]);
    assert_eq!(code(&help), 0);
    for verb in [
        "import",
        "score",
        "explain",
        "sql",
        "tables",
        "facts",
        "indicators",
        "verify",
        "pack",
        "definitions",
    ] {
        assert!(out(&help).contains(verb), "{verb}");
        let help = highwater(folder.path(), &[verb, "--help"]);
        assert_eq!(code(&help), 0);
        assert!(out(&help).contains("Example"), "{verb}: {}", out(&help));
    }
}

#[test]
fn wrong_usage_exits_2_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cases: [(&[&str], &str); 8] = [
        (&["scroe"], "score"),
        (&["score", "nowhere"], "no snapshot at nowhere"),
        (&["import", "nowhere"], "nowhere"),
        (&["tables", "zebra"], "nothing starts with `zebra`"),
        (&["score", "--as-of", "yesterday"], "2026-11-22T06:00:00Z"),
        (&["attest", "check", "missing.toml"], "missing.toml"),
        (&["score", "--config", "missing.toml"], "missing.toml"),
        (&["score", "--require", "automation=350"], "automation=300"),
    ];
    for (args, wanted) in cases {
        let output = highwater(folder, args);
        assert_eq!(code(&output), 2, "{args:?}: {}", err(&output));
        assert!(err(&output).contains(wanted), "{args:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{args:?}");
    }
    fs::write(folder.join("highwater.toml"), "[lists]\ncoe_grup = []\n").unwrap();
    let output = highwater(folder, &["score"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("highwater.toml:2") && err(&output).contains("coe_grup"),
        "{}",
        err(&output)
    );
}

#[test]
fn what_fits_several_kinds_stops_the_import_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let members = r##"{"value": [{"@odata.type": "#microsoft.graph.user", "id": "u1"}]}"##;
    fs::write(folder.join("members.json"), members).unwrap();
    let output = highwater(folder, &["import", "members.json", "--store", "store"]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    for wanted in ["members.json", "graph.users or graph.group_members", "--as"] {
        assert!(err(&output).contains(wanted), "{wanted}: {}", err(&output));
    }
    let said = ["import", "members.json", "--store", "store", "--as", "graph.group_members@g1"];
    let output = highwater(folder, &said);
    assert_eq!(code(&output), 0, "{}", err(&output));
}

#[test]
fn a_mixed_drop_says_what_it_covers_and_what_would_add_most() {
    let folder = tempfile::tempdir().unwrap();
    let exports = root().join("fixtures/exports");
    let paths: Vec<String> = ["powershell", "inventory", "coe", "terraform"]
        .iter()
        .map(|format| exports.join(format).display().to_string())
        .collect();
    let other = r#"{"value": [{"name": "00000000-0000-0000-0000-000000000301", "type": "Microsoft.ProcessSimple/environments/flows",
        "properties": {"displayName": "Renamed", "state": "Started", "createdTime": "2025-03-01T08:00:00Z",
        "lastModifiedTime": "2026-10-01T08:00:00Z", "environment": {"name": "00000000-0000-0000-0000-000000000101"}}}]}"#;
    fs::write(folder.path().join("flows.json"), other).unwrap();
    let mut args =
        vec!["import", "flows.json", "--store", "store", "--taken-at", "2026-11-22T06:00:00Z"];
    args.extend(paths.iter().map(String::as_str));
    let output = highwater(folder.path(), &args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for wanted in [
        "pac-admin-query.json: read",
        "coe.flows",
        "tables full: ",
        "tables missing: ",
        "1 value of cloud_flows differ between sources: flow.admin_flows before inventory.query",
        "indicators decided",
        "most would be added by: ",
    ] {
        assert!(err(&output).contains(wanted), "{wanted}: {}", err(&output));
    }
    args.extend(["--format", "json"]);
    let output = highwater(folder.path(), &args);
    let told: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    let number = |path: &str| told.pointer(path).and_then(serde_json::Value::as_u64).unwrap();
    assert!(number("/indicators/decided") > 0);
    assert!(number("/next_export/indicators") <= number("/indicators/open"));
    assert_eq!(told["tables"]["cloud_flows"]["rows"], 3);
}

#[test]
fn from_an_import_to_a_verdict_and_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let snapshot = import(folder, "defined");
    assert!(folder.join(&snapshot).join("manifest.json").is_file(), "{snapshot}");
    let score = highwater(folder, &["score", "store"]);
    assert_eq!(code(&score), 0, "{}", err(&score));
    assert!(out(&score).contains("proven") && out(&score).contains("Empower"), "{}", out(&score));
    assert!(!out(&score).contains('\u{1b}'), "colour without a terminal");
    let explained = highwater(folder, &["explain", "AUT-SG-200-01", "store"]);
    assert_eq!(code(&explained), 0, "{}", err(&explained));
    let text = out(&explained);
    assert!(
        text.contains("rule:") && text.contains("ca.policy_count") && text.contains("record "),
        "{text}"
    );
    let fact =
        highwater(folder, &["explain", "dlp.env_covered_share", "store", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&fact.stdout).unwrap();
    assert!(document["facts"][0]["subjects"]["for"]["count"].as_u64().unwrap() > 0, "{document}");
    let unknown = highwater(folder, &["explain", "AUT-SG-999-99", "store"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("AUT-SG-"), "{}", err(&unknown));
}

#[test]
fn the_scorecard_keeps_its_schema_and_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "defined");
    let config = tenant("defined").join("highwater.toml");
    let args = ["score", "store", "--format", "json", "--config", config.to_str().unwrap()];
    let first = highwater(folder, &args);
    assert_eq!(code(&first), 0, "{}", err(&first));
    fs::write(folder.join("scorecard.json"), &first.stdout).unwrap();
    judge_by_schema(&folder.join("scorecard.json"));
    let other = tempfile::tempdir().unwrap();
    import(other.path(), "defined");
    let second = highwater(other.path(), &args);
    assert_eq!(first.stdout, second.stdout, "the same input gave other bytes");
}

/// Asks the Python package `jsonschema`, which knows nothing of us, whether the scorecard keeps the schema.
fn judge_by_schema(scorecard: &Path) {
    const JUDGE: &str = "import json, sys, jsonschema\nschema, document = (json.load(open(path)) for path in sys.argv[1:3])\n\
        jsonschema.Draft202012Validator.check_schema(schema)\nfor error in jsonschema.Draft202012Validator(schema).iter_errors(document): print(error.json_path, error.message)";
    let python = std::env::var("HIGHWATER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = |code: &str| {
        Command::new(&python)
            .args(["-c", code])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !has("import jsonschema") {
        println!(
            "skipped: the scorecard against its schema, because `{python}` has no package jsonschema"
        );
        return;
    }
    let schema = root().join("docs/scorecard.schema.json");
    let output = Command::new(&python)
        .args(["-c", JUDGE])
        .args([&schema, &scorecard.to_owned()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output), "", "the scorecard breaks its schema");
}

#[test]
fn importing_again_changes_nothing_and_other_content_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let first = import(folder, "rudimentary");
    assert_eq!(import(folder, "rudimentary"), first);
    let leftovers: Vec<String> = fs::read_dir(folder.join("store"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(leftovers, Vec::<String>::new());
    let copy = folder.join("copy");
    copy_folder(&tenant("rudimentary").join("inventory"), &copy);
    fs::write(copy.join("more.json"), r#"{"value": [{"name": "Default-1", "type": "Microsoft.BusinessAppPlatform/scopes/environments"}]}"#).unwrap();
    let config = tenant("rudimentary").join("highwater.toml");
    let again = |more: &[&str]| {
        let mut args =
            vec!["import", "copy", "--store", "store", "--config", config.to_str().unwrap()];
        args.extend(more);
        highwater(folder, &args)
    };
    let refused = again(&[]);
    assert_eq!(code(&refused), 2, "{}", err(&refused));
    assert!(err(&refused).contains("--replace"), "{}", err(&refused));
    assert_eq!(code(&again(&["--replace"])), 0);
}

#[test]
fn sql_answers_in_three_forms() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "defined");
    let query =
        "SELECT e.sku AS sku, COUNT(*) AS n FROM environments e GROUP BY e.sku ORDER BY sku";
    let table = highwater(folder, &["sql", "store", query]);
    assert_eq!(code(&table), 0, "{}", err(&table));
    assert!(out(&table).contains("production"), "{}", out(&table));
    let csv = highwater(folder, &["sql", "store", query, "--format", "csv"]);
    assert!(out(&csv).starts_with("sku,n\n"), "{}", out(&csv));
    let json = highwater(folder, &["sql", "store", query, "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(rows.as_array().unwrap().len() > 1);
    let wrong = highwater(folder, &["sql", "store", "SELECT * FROM enviroments"]);
    assert_eq!(code(&wrong), 2);
    assert!(err(&wrong).contains("environments"), "{}", err(&wrong));
    let write = highwater(folder, &["sql", "store", "DROP TABLE environments"]);
    assert_eq!(code(&write), 2, "{}", err(&write));
}

#[test]
fn a_bundle_reads_like_its_folder_and_damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let snapshot = import(folder, "rudimentary");
    let packed = highwater(folder, &["pack", "store", "--out", "tenant.zip"]);
    assert_eq!(code(&packed), 0, "{}", err(&packed));
    assert_eq!(code(&highwater(folder, &["verify", "tenant.zip"])), 0);
    let from_folder = highwater(folder, &["score", "store", "--format", "json"]);
    let from_bundle = highwater(folder, &["score", "tenant.zip", "--format", "json"]);
    assert_eq!(from_folder.stdout, from_bundle.stdout);
    let victim = folder.join(&snapshot).join("tables/environments.parquet");
    let mut bytes = fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&victim, bytes).unwrap();
    let verified = highwater(folder, &["verify", "store"]);
    assert_ne!(code(&verified), 0);
    assert!(out(&verified).contains("tables/environments.parquet"), "{}", out(&verified));
    let packed = highwater(folder, &["pack", "store", "--out", "damaged.zip"]);
    assert_ne!(code(&packed), 0);
    assert!(!folder.join("damaged.zip").exists());
}

#[test]
fn requirements_decide_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "rudimentary");
    let score = |require: &str| code(&highwater(folder, &["score", "store", "--require", require]));
    assert_eq!(score("automation=100"), 0);
    // Training claims cannot be refuted by telemetry: the answer stays open.
    assert_eq!(score("automation.empower=500"), 4);
    // What the evidence refutes is below, whatever else is open.
    assert_eq!(score("automation.secure-govern=500"), 5);
    assert_eq!(score("automation.nonsense=200"), 2);
}

#[test]
fn statements_are_checked_before_anything_is_scored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "rudimentary");
    fs::write(folder.join("good.toml"), GOOD).unwrap();
    fs::write(folder.join("bad.toml"), GOOD.replace("by = \"CoE lead\"\n", "")).unwrap();
    let good =
        highwater(folder, &["attest", "check", "good.toml", "--as-of", "2026-11-01T00:00:00Z"]);
    assert_eq!(code(&good), 0, "{}", err(&good));
    assert!(out(&good).contains("AUT-EM-300-01"), "{}", out(&good));
    for args in
        [["attest", "check", "bad.toml"].as_slice(), &["score", "store", "--attest", "bad.toml"]]
    {
        let bad = highwater(folder, args);
        assert_eq!(code(&bad), 2, "{}", err(&bad));
        assert!(err(&bad).contains("bad.toml:") && err(&bad).contains("by"), "{}", err(&bad));
        assert_eq!(out(&bad), "");
    }
}

const GOOD: &str = r#"format = 1
[[attestation]]
indicators = ["AUT-EM-300-01"]
answer = "fully"
by = "CoE lead"
on = 2026-10-01
evidence = ["https://intranet.contoso.example/hackathon"]
"#;

#[test]
fn completions_and_man_pages_come_from_the_same_definition() {
    let folder = tempfile::tempdir().unwrap();
    let completions = highwater(folder.path(), &["completions", "bash"]);
    assert!(out(&completions).contains("indicators"));
    assert_eq!(code(&highwater(folder.path(), &["man", "man"])), 0);
    assert!(folder.path().join("man/highwater-score.1").is_file());
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
