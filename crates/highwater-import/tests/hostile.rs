//! Hostile: whatever a file holds, the run goes on, and what was lost is said.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use highwater_import::{Error, Imported, Options, Outcome};
use highwater_snapshot::{Status, Time};
use proptest::prelude::*;

fn options() -> Options {
    Options {
        tenant: Some("00000000-0000-0000-0000-0000000000aa".into()),
        taken_at: Time::parse("2026-11-01T06:00:00Z"),
        ..Options::default()
    }
}

fn tried(files: &[(&str, &[u8])], options: &Options) -> Result<Imported, Error> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("files");
    for (name, bytes) in files {
        let path = source.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    highwater_import::import(&[source], &folder.path().join("snapshot"), options)
}

fn import(files: &[(&str, &[u8])]) -> Imported {
    tried(files, &options()).unwrap()
}

const SKU: &str = r#"{"skuId": "k1", "skuPartNumber": "FLOW_PER_USER", "consumedUnits": 1}"#;

#[test]
fn broken_files_say_why_and_the_others_are_read() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let good = format!("[{SKU}]");
    let imported = import(&[
        ("binary.json", b"\x89PNG\r\n\x1a\n\0\0\0\x0d"),
        ("cut.json", br#"{"value": [{"skuId": "k1", "skuPartNu"#),
        ("deep.json", deep.as_bytes()),
        ("empty.json", b""),
        ("huge.json", br#"[{"skuId": "k1", "skuPartNumber": "X", "consumedUnits": 1e99999}]"#),
        ("scalar.json", b"42"),
        ("skus.json", good.as_bytes()),
        ("strings.json", br#"["a", "b"]"#),
        ("zip.json", b"PK\x03\x04...."),
    ]);
    let outcomes: Vec<String> = imported
        .report
        .files
        .iter()
        .map(|file| format!("{} {}", file.path, file.outcome))
        .collect();
    for (at, reason) in [
        "binary",
        "cut off",
        "128 levels",
        "empty",
        "out of range",
        "no JSON",
        "read",
        "no objects",
        "zip",
    ]
    .iter()
    .enumerate()
    {
        assert!(outcomes[at].contains(reason), "{}", outcomes[at]);
    }
    assert_eq!(imported.written.manifest.tables["licence_skus"].rows, 1);
}

#[test]
fn a_key_that_stands_twice_is_a_counted_drop_and_a_gap() {
    let text = format!(
        r#"[{SKU}, {{"skuId": "a", "skuId": "b", "skuPartNumber": "Y", "consumedUnits": 2}}]"#
    );
    let imported = import(&[("skus.json", text.as_bytes())]);
    let part = &imported.report.files[0].parts[0];
    assert_eq!((part.records, part.dropped.values().sum::<u64>()), (2, 1), "{part:?}");
    assert!(part.dropped.keys().any(|reason| reason.contains("stands twice")));
    assert_ne!(imported.written.manifest.tables["licence_skus"].status, Status::Full);
}

#[test]
fn wrong_types_give_no_rows_and_no_panic() {
    let text = br#"[{"skuId": {}, "skuPartNumber": [], "consumedUnits": "many"}, {"skuId": null, "skuPartNumber": 7, "consumedUnits": {}}]"#;
    let imported = import(&[("skus.json", text)]);
    let part = &imported.report.files[0].parts[0];
    assert_eq!(part.records, 2);
    assert_eq!(part.rows + part.dropped.values().sum::<u64>(), 2, "{part:?}");
}

#[test]
fn big_numbers_are_numbers() {
    let text = SKU.replace("1}", "123456789012345678901234567890}");
    let imported = import(&[("skus.json", format!("[{text}]").as_bytes())]);
    assert_eq!(imported.report.files[0].outcome, Outcome::Read);
}

#[test]
#[cfg(unix)]
fn links_in_circles_end() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("files");
    std::fs::create_dir_all(source.join("a")).unwrap();
    std::fs::write(source.join("a/skus.json"), format!("[{SKU}]")).unwrap();
    std::os::unix::fs::symlink(&source, source.join("a/loop")).unwrap();
    std::os::unix::fs::symlink(source.join("a/self"), source.join("a/self")).unwrap();
    let imported =
        highwater_import::import(&[source], &folder.path().join("snapshot"), &options()).unwrap();
    let read = imported.report.files.iter().filter(|file| file.outcome == Outcome::Read).count();
    assert_eq!((imported.report.files.len(), read), (2, 1), "{:?}", imported.report.files);
}

#[test]
fn ambiguous_files_name_their_candidates_and_as_settles_them() {
    let members = br##"{"value": [{"@odata.type": "#microsoft.graph.user", "id": "u1"}]}"##;
    let imported = import(&[("members.json", members)]);
    let Outcome::Ambiguous { candidates, remedy } = &imported.report.files[0].outcome else {
        panic!("{:?}", imported.report.files)
    };
    assert_eq!(candidates, &["graph.users", "graph.group_members"]);
    assert!(remedy.contains("--as") && remedy.contains("highwater-index.json"), "{remedy}");
    let stated = Options { as_kind: Some("graph.group_members@G1".into()), ..options() };
    let imported = tried(&[("members.json", members)], &stated).unwrap();
    assert_eq!(imported.written.manifest.tables["group_members"].rows, 1);
    assert_eq!(
        (imported.report.claims[0].scope.as_str(), imported.report.claims[0].status),
        ("g1", Status::Full)
    );
}

#[test]
fn the_index_is_checked_against_the_content() {
    let index = |source: &str, more: &str| {
        format!(
            r#"{{"format": 1, "exchanges": [{{"file": "a.json", "source": "{source}"{more}}}]}}"#
        )
    };
    let skus = format!(r#"{{"value": [{SKU}]}}"#);
    let with = |index: &str, content: &str| {
        tried(
            &[("highwater-index.json", index.as_bytes()), ("a.json", content.as_bytes())],
            &options(),
        )
    };
    let right = with(&index("graph.skus", ""), &skus).unwrap();
    assert_eq!(right.report.claims[0].status, Status::Full);
    let wrong = with(&index("bap.environments", ""), &skus).unwrap_err().to_string();
    assert!(wrong.contains("graph.skus") && wrong.contains("bap.environments"), "{wrong}");
    let flow = r#"[{"type": "Microsoft.ProcessSimple/environments/flows", "properties": {"environment": {"name": "E1"}}}]"#;
    let wrong =
        with(&index("flow.admin_flows", r#", "environment": "e2""#), flow).unwrap_err().to_string();
    assert!(wrong.contains("e1") && wrong.contains("e2"), "{wrong}");
}

#[test]
fn the_index_tells_refusals_failures_and_missing_files() {
    let index = br#"{"format": 1, "exchanges": [
        {"source": "dv.solutions", "environment": "e1", "status": 403, "reason": "no privilege"},
        {"source": "dv.solutions", "environment": "e2", "status": 503},
        {"source": "dv.solutions", "environment": "e3", "file": "gone.json"},
        {"source": "dv.pipelines", "environment": "e3", "status": 404},
        {"source": "dv.solutions", "environment": "e4", "file": "empty.json"},
        {"source": "dv.solutions", "environment": "e5", "file": "error.json"}]}"#;
    let imported = import(&[
        ("highwater-index.json", index),
        ("empty.json", br#"{"value": []}"#),
        ("error.json", br#"{"error": {"code": "x", "message": "y"}}"#),
    ]);
    let claims: Vec<_> = imported
        .report
        .claims
        .iter()
        .map(|claim| {
            (claim.scope.as_str(), claim.status, claim.reason.as_deref().unwrap_or_default())
        })
        .collect();
    let wanted = [
        ("e3", Status::Full, ""),
        ("e1", Status::Denied, "no privilege"),
        ("e2", Status::Failed, "the service answered 503"),
        ("e3", Status::Failed, "file missing"),
        ("e4", Status::Full, ""),
    ];
    assert_eq!(claims[..5], wanted);
    assert_eq!((claims[5].0, claims[5].1), ("e5", Status::Failed));
}

#[test]
fn pages_follow_the_order_of_the_index() {
    let page = |next: &str, id: u32| {
        format!(
            r#"{{"value": [{{"skuId": "k{id}", "skuPartNumber": "X", "consumedUnits": 1}}]{next}}}"#
        )
    };
    let numbers: Vec<u32> = (1..=11).collect();
    let entries: Vec<String> = numbers
        .iter()
        .map(|at| format!(r#"{{"file": "p{at}.json", "source": "graph.skus"}}"#))
        .collect();
    let index = format!(r#"{{"format": 1, "exchanges": [{}]}}"#, entries.join(","));
    let mut files: Vec<(String, String)> = numbers
        .iter()
        .map(|at| {
            (format!("p{at}.json"), page(if *at < 11 { r#", "nextLink": "x""# } else { "" }, *at))
        })
        .collect();
    files.push(("highwater-index.json".into(), index));
    let status = |files: &[(String, String)]| {
        let borrowed: Vec<(&str, &[u8])> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        import(&borrowed).report.claims[0].status
    };
    assert_eq!(status(&files), Status::Full);
    for gone in 0..11 {
        let mut fewer = files.clone();
        fewer.remove(gone);
        assert_ne!(status(&fewer), Status::Full, "without page {}", gone + 1);
    }
}

/// JSON that bears the marks of known kinds, with anything beneath.
fn marked() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "null",
        "true",
        "-?[0-9]{1,25}",
        "[0-9]{1,3}e[0-9]{1,3}",
        "\"[a-zA-Z@{};=/. ]{0,12}\""
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof![
            Just("value"),
            Just("data"),
            Just("type"),
            Just("id"),
            Just("name"),
            Just("properties"),
            Just("Internal"),
            Just("EnvironmentName"),
            Just("FlowName"),
            Just("@odata.context"),
            Just("nextLink"),
            Just("error"),
            Just("responses"),
            Just("policyDefinition"),
            Just("defaultConnectorsClassification"),
            Just("skuId"),
            Just("module_version"),
            Just("timestamp_zulu"),
            Just("environment_list"),
            Just("AuditData"),
            Just("count"),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((key, inner), 0..5).prop_map(|members| {
                let members: Vec<String> =
                    members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_an_import_panic(texts in proptest::collection::vec(marked(), 1..8), cut in any::<prop::sample::Index>()) {
        let mut files: Vec<(String, Vec<u8>)> =
            texts.iter().enumerate().map(|(at, text)| (format!("f{at}.json"), text.clone().into_bytes())).collect();
        let half = files[0].1[..cut.index(files[0].1.len() + 1)].to_vec();
        files.push(("half.json".into(), half));
        let borrowed: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let imported = tried(&borrowed, &options()).unwrap();
        prop_assert_eq!(imported.report.files.len(), files.len());
    }
}
