//! Laws: what an import keeps whatever the files are called, how they are encoded, and which are missing.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use highwater_import::{Options, Outcome, Report};
use highwater_snapshot::{Snapshot, TABLES, Time};
use proptest::prelude::*;

#[path = "laws/formats.rs"]
mod formats;

const E1: &str = "00000000-0000-0000-0000-000000000101";
const TENANT: &str = "00000000-0000-0000-0000-0000000000aa";

/// What an import left behind: rows by table without their numbers, and coverage.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    rows: BTreeMap<&'static str, BTreeSet<String>>,
    coverage: BTreeMap<(String, String, String), String>,
}

fn write(folder: &Path, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn import(files: &[(String, Vec<u8>)]) -> (Left, Report) {
    import_with(files, Options::default().stream_from)
}

/// As [`import`], reading files of so many bytes or more in pieces.
fn import_with(files: &[(String, Vec<u8>)], stream_from: u64) -> (Left, Report) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("files");
    std::fs::create_dir(&source).unwrap();
    write(&source, files);
    let options = Options {
        tenant: Some(TENANT.into()),
        taken_at: Time::parse("2026-11-22T06:00:00Z"),
        stream_from,
        ..Options::default()
    };
    let target = folder.path().join("snapshot");
    let imported = highwater_import::import(&[source], &target, &options).unwrap();
    let snapshot = Snapshot::open(&imported.written.folder).unwrap();
    let mut left = Left { rows: BTreeMap::new(), coverage: BTreeMap::new() };
    for table in TABLES {
        let frame = snapshot.table(table).unwrap().collect().unwrap();
        let texts = (0..frame.height()).map(|at| {
            let cells = frame.columns().iter().filter(|column| column.name() != "record_no");
            cells
                .map(|cell| format!("{}={}", cell.name(), cell.get(at).unwrap()))
                .collect::<Vec<_>>()
                .join(", ")
        });
        left.rows.insert(table.name, texts.collect());
        if table.name == "coverage" {
            let text = |column: &str, at: usize| {
                frame.column(column).unwrap().str().unwrap().get(at).unwrap_or_default().to_owned()
            };
            for at in 0..frame.height() {
                let key = (text("table_name", at), text("scope_kind", at), text("scope_id", at));
                left.coverage.insert(key, text("status", at));
            }
        }
    }
    (left, imported.report)
}

fn file(name: &str, text: impl Into<String>) -> (String, Vec<u8>) {
    (name.to_owned(), text.into().into_bytes())
}

fn environment(id: &str) -> String {
    format!(
        r#"{{"id": "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{id}", "name": "{id}",
            "type": "Microsoft.BusinessAppPlatform/scopes/environments", "location": "europe", "properties": {{
            "tenantId": "{TENANT}", "displayName": "Übung {id}", "environmentSku": "Production", "isDefault": false,
            "createdTime": "2026-01-02T03:04:05Z", "states": {{"management": {{"id": "Ready"}}}},
            "linkedEnvironmentMetadata": {{"instanceApiUrl": "https://org{id}.api.crm4.dynamics.com"}}}}}}"#
    )
}

fn flow(id: &str, environment: &str) -> String {
    format!(
        r#"{{"name": "{id}", "id": "/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{id}",
            "type": "Microsoft.ProcessSimple/environments/flows", "properties": {{"displayName": "Flow {id}", "state": "Started",
            "createdTime": "2026-01-02T00:00:00Z", "lastModifiedTime": "2026-01-03T00:00:00Z",
            "environment": {{"name": "{environment}"}}, "creator": {{"objectId": "u1", "userType": "ActiveDirectory"}}}}}}"#
    )
}

/// A drop of files of many kinds, as an administrator would have them.
fn drop() -> Vec<(String, Vec<u8>)> {
    let e2 = E1.replace("101", "102");
    let solution = r#"{"solutionid": "s1", "uniquename": "contoso", "friendlyname": "Contoso", "version": "1.0", "ismanaged": false,
        "isvisible": true, "installedon": "2026-01-02T00:00:00Z", "modifiedon": "2026-01-02T00:00:00Z", "createdon": "2026-01-02T00:00:00Z"}"#;
    vec![
        file(
            "bap/tenant.json",
            format!(
                r#"{{"tenantId": "{TENANT}", "state": "Enabled", "location": "europe", "defaultEnvironmentGeo": "Europe"}}"#
            ),
        ),
        file(
            "bap/environments-page1.json",
            format!(r#"{{"value": [{}], "nextLink": "https://next"}}"#, environment(E1)),
        ),
        file("bap/environments-page2.json", format!(r#"{{"value": [{}]}}"#, environment(&e2))),
        file("flows/one.json", format!(r#"{{"value": [{}]}}"#, flow("f1", E1))),
        file(
            "flows/two-1.json",
            format!(r#"{{"value": [{}], "nextLink": "https://next"}}"#, flow("f2", &e2)),
        ),
        file("flows/two-2.json", format!(r#"{{"value": [{}]}}"#, flow("f3", &e2))),
        file(
            "dv/solutions.json",
            format!(
                r#"{{"@odata.context": "https://org{E1}.crm4.dynamics.com/api/data/v9.2/$metadata#solutions", "value": [{solution}]}}"#
            ),
        ),
        file(
            "gov/policies.json",
            r#"{"value": [{"policyDefinition": {"name": "p1", "displayName": "Base", "defaultConnectorsClassification": "General",
            "environmentType": "AllEnvironments", "environments": [], "createdTime": "2026-01-02T00:00:00Z", "lastModifiedTime": "2026-01-02T00:00:00Z"}}]}"#,
        ),
        file(
            "gov/isolation.json",
            format!(
                r#"{{"properties": {{"tenantId": "{TENANT}", "isDisabled": false, "allowedTenants": []}}}}"#
            ),
        ),
        file(
            "graph/skus.json",
            r#"{"value": [{"skuId": "k1", "skuPartNumber": "FLOW_PER_USER", "consumedUnits": 1,
            "prepaidUnits": {"enabled": 2}, "capabilityStatus": "Enabled", "servicePlans": []}]}"#,
        ),
        file(
            "graph/cross-default.json",
            r#"{"isServiceDefault": true, "inboundTrust": {}, "b2bCollaborationInbound": {}}"#,
        ),
        file(
            "graph/cross-partners.json",
            r#"{"value": [{"tenantId": "t2", "inboundTrust": {}, "b2bCollaborationInbound": {}}]}"#,
        ),
        file("tags.csv", "asset_id,tag,value,updated_at\nf1,criticality,high,2026-05-06\n"),
        file("errors/flows.json", r#"{"error": {"code": "Forbidden", "message": "no"}}"#),
    ]
}

#[test]
fn the_drop_is_read_in_full() {
    let (left, report) = import(&drop());
    let unread: Vec<_> =
        report.unread().map(|file| (file.path.clone(), file.outcome.to_string())).collect();
    assert_eq!(unread, []);
    let rows = |table: &str| left.rows[table].len();
    assert_eq!(
        (rows("environments"), rows("cloud_flows"), rows("solutions"), rows("dlp_policies")),
        (2, 3, 1, 1)
    );
    assert_eq!((rows("asset_tags"), rows("licence_skus"), rows("cross_tenant_access")), (1, 1, 2));
    for (table, scope) in [
        ("environments", ""),
        ("cloud_flows", E1),
        ("solutions", E1),
        ("cross_tenant_access", ""),
        ("asset_tags", ""),
    ] {
        let row = left.coverage.iter().find(|((name, _, id), _)| name == table && id == scope);
        assert_eq!(row.map(|(_, status)| status.as_str()), Some("full"), "{table} {scope}");
    }
    let errors = report.files.iter().find(|file| file.path == "errors/flows.json").unwrap();
    assert!(matches!(&errors.outcome, Outcome::Recorded(what) if what.contains("Forbidden")));
}

#[test]
fn taking_a_file_away_never_makes_coverage_better() {
    let files = drop();
    let (whole, _) = import(&files);
    for gone in 0..files.len() {
        let mut fewer = files.clone();
        let (name, _) = fewer.remove(gone);
        let (left, _) = import(&fewer);
        for (key, status) in &left.coverage {
            // Fewer environments are known then: only rows that were there before may not get better.
            let before = whole.coverage.get(key).map(String::as_str);
            let better = status == "full" && before.is_some_and(|before| before != "full");
            assert!(!better, "without {name} {key:?} went from {before:?} to full");
        }
        for (table, rows) in left.rows.iter().filter(|(table, _)| !MADE.contains(*table)) {
            let keys = |rows: &BTreeSet<String>| rows.len();
            assert!(keys(rows) <= keys(&whole.rows[table]), "without {name} {table} has more rows");
        }
    }
}

/// Tables that the loader makes of what was and was not read.
const MADE: [&str; 4] = ["coverage", "tenant_seen", "env_seen", "config_lists"];

#[test]
fn a_file_given_twice_changes_nothing() {
    let files = drop();
    let (once, _) = import(&files);
    for (name, bytes) in &files {
        let mut twice = files.clone();
        twice.push((format!("copies/{}", name.replace('/', "-")), bytes.clone()));
        let (left, report) = import(&twice);
        assert_eq!(once, left, "{name} twice");
        let copies =
            report.files.iter().filter(|file| matches!(file.outcome, Outcome::SameAs(_))).count();
        assert_eq!(copies, 1, "{name}");
    }
}

/// Ways in which a tool may write the same text.
fn encode(bytes: &[u8], way: u8) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    match way {
        0 => bytes.to_vec(),
        1 => [b"\xef\xbb\xbf".as_slice(), bytes].concat(),
        2 => [b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()]
            .concat(),
        3 => [b"\xfe\xff".to_vec(), text.encode_utf16().flat_map(u16::to_be_bytes).collect()]
            .concat(),
        _ => text.replace('\n', "\r\n").into_bytes(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encoding_and_order_of_files_change_nothing(ways in proptest::collection::vec(0_u8..5, 14), seed in any::<u32>()) {
        let files = drop();
        let (plain, _) = import(&files);
        let other: Vec<(String, Vec<u8>)> = files
            .iter()
            .zip(&ways)
            .enumerate()
            .map(|(at, ((name, bytes), way))| {
                // Another folder means another place in the order; pages of one answer stay together.
                let group = name.split('/').next().unwrap_or_default().len() + at / 20;
                let folder = seed.rotate_left(u32::try_from(group).unwrap()) % 97;
                (format!("{folder:02}/{name}"), encode(bytes, *way))
            })
            .collect();
        let (left, _) = import(&other);
        prop_assert_eq!(plain, left);
    }
}

#[test]
fn one_document_a_line_is_the_same_as_an_array() {
    let (one, two) = (flow("f1", E1).replace('\n', " "), flow("f2", E1).replace('\n', " "));
    let (array, _) = import(&[file("a.json", format!("[{one}, {two}]"))]);
    let (lines, _) = import(&[file("a.jsonl", format!("{one}\n{two}\n"))]);
    assert_eq!(array, lines);
}
