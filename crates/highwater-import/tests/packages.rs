//! Packages: solutions, packed and unpacked, become rows of the environment that they are said to come from.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Write;
use std::path::Path;

use highwater_import::{Error, Imported, Options, Outcome, Part, import};
use highwater_snapshot::{Status, Time};
use polars::prelude::{ParquetReader, SerReader};
use zip::write::SimpleFileOptions;

const E1: &str = "00000000-0000-0000-0000-000000000101";

const MANIFEST: &str = r#"<ImportExportXml><SolutionManifest><UniqueName>ContosoCore</UniqueName>
    <Version>1.0.0.4</Version><Managed>0</Managed><RootComponents>
    <RootComponent type="29" id="{00000000-0000-0000-0000-000000000F01}" behavior="0"/>
    <RootComponent type="29" id="{00000000-0000-0000-0000-000000000F02}" behavior="0"/>
    <RootComponent type="1" schemaName="cts_order" behavior="0"/></RootComponents></SolutionManifest></ImportExportXml>"#;

const CLOUD: &str = r#"<Workflow WorkflowId="{00000000-0000-0000-0000-000000000F01}" Name="Post orders">
    <JsonFileName>/Workflows/Post.json</JsonFileName><Category>5</Category></Workflow>"#;

const DESKTOP: &str = r#"<Workflow WorkflowId="{00000000-0000-0000-0000-000000000F02}" Name="Type orders">
    <Category>6</Category><Definition>"SET A TO 1\r\nWAIT 2\r\n"</Definition></Workflow>"#;

const REFERENCES: &str = r#"<connectionreferences>
    <connectionreference connectionreferencelogicalname="cts_sql"/></connectionreferences>"#;

const VARIABLE: &str = r#"<environmentvariabledefinition schemaname="cts_ApiKey">
    <defaultvalue>canary-Vq7tLm2Zx9</defaultvalue><type>100000000</type></environmentvariabledefinition>"#;

const FLOW: &str = r#"{"properties":{"connectionReferences":{"shared_sql":{"connection":{
    "connectionReferenceLogicalName":"cts_sql"},"api":{"name":"shared_sql"}}},"definition":{
    "triggers":{"manual":{"type":"Request","kind":"Button"}},"actions":{
    "Ask":{"type":"OpenApiConnection","inputs":{"host":{"apiId":"/x/apis/shared_sql","operationId":"GetItems"},
    "parameters":{"password":"canary-Vq7tLm2Zx9"}}},
    "Call":{"type":"Workflow","inputs":{"host":{"workflowReferenceName":"00000000-0000-0000-0000-000000000f03"}}}}}}}"#;

/// The parts of a solution as the unpacker lays them out.
fn unpacked() -> Vec<(String, String)> {
    [
        ("Other/Solution.xml", MANIFEST.to_owned()),
        ("Other/Customizations.xml", format!("<ImportExportXml>{REFERENCES}</ImportExportXml>")),
        ("Workflows/Post.json", FLOW.to_owned()),
        ("Workflows/Post.json.data.xml", CLOUD.to_owned()),
        ("Workflows/Type.json.data.xml", DESKTOP.to_owned()),
        (
            "environmentvariabledefinitions/cts_ApiKey/environmentvariabledefinition.xml",
            VARIABLE.to_owned(),
        ),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

/// The same, packed.
fn packed() -> Vec<u8> {
    let workflows = format!(
        "<ImportExportXml><Workflows>{CLOUD}{DESKTOP}</Workflows>{REFERENCES}</ImportExportXml>"
    );
    zipped(&[
        ("solution.xml", MANIFEST),
        ("customizations.xml", &workflows),
        ("Workflows/Post.json", FLOW),
        ("environmentvariabledefinitions/cts_ApiKey/environmentvariabledefinition.xml", VARIABLE),
    ])
}

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// An import, and the folder that it stands in.
struct Done(Imported, #[expect(dead_code, reason = "held until the test ends")] tempfile::TempDir);

impl std::ops::Deref for Done {
    type Target = Imported;

    fn deref(&self) -> &Imported {
        &self.0
    }
}

fn tried(files: &[(&str, &[u8])], as_kind: Option<&str>) -> Result<Done, Error> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("files");
    files.iter().for_each(|(name, content)| write(&source, name, content));
    let options = Options {
        as_kind: as_kind.map(ToOwned::to_owned),
        tenant: Some("00000000-0000-0000-0000-0000000000aa".into()),
        taken_at: Time::parse("2026-11-01T06:00:00Z"),
        ..Options::default()
    };
    let imported = import(&[source], &folder.path().join("snapshot"), &options)?;
    assert!(!holds_canary(&imported.written.folder), "a value reached the snapshot");
    Ok(Done(imported, folder))
}

/// Whether a value that must not be kept stands anywhere in the raw records.
fn holds_canary(folder: &Path) -> bool {
    let raw = std::fs::read_dir(folder.join("raw")).unwrap().map(|entry| entry.unwrap().path());
    let texts = raw.map(|path| zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap());
    texts.into_iter().any(|text| String::from_utf8_lossy(&text).contains("canary"))
}

fn rows(imported: &Imported, table: &str) -> (u64, Status) {
    let entry = &imported.written.manifest.tables[table];
    (entry.rows, entry.status)
}

const FED: [&str; 5] = [
    "flow_definitions",
    "desktop_flow_definitions",
    "asset_connectors",
    "child_flow_calls",
    "solution_components",
];

fn fed(imported: &Imported) -> Vec<u64> {
    FED.iter().map(|table| rows(imported, table).0).collect()
}

fn part(imported: &Imported) -> &Part {
    let mut parts = imported.report.files.iter().flat_map(|file| &file.parts);
    let part = parts.find(|part| part.kind == "solution_package").unwrap();
    assert_eq!(part.records, 3 + 3 + 2, "two flows, three components, and three that have no id");
    part
}

fn said() -> String {
    format!("solution_package@{E1}")
}

#[test]
fn packed_and_unpacked_give_the_same_rows() {
    let zip = packed();
    let folder = unpacked();
    let files: Vec<(String, &str)> =
        folder.iter().map(|(name, text)| (format!("src/Core/{name}"), text.as_str())).collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    for (files, wrapper) in [(vec![("Core.zip", zip.as_slice())], "zip"), (files, "folder")] {
        let imported = tried(&files, Some(&said())).unwrap();
        assert_eq!(imported.report.files.len(), 1, "its parts are no files of their own");
        let part = part(&imported);
        assert_eq!((part.wrapper.as_str(), part.scope.as_str()), (wrapper, E1));
        assert_eq!(fed(&imported), [1, 1, 1, 1, 2], "{part:?}");
        assert_eq!(part.dropped.values().sum::<u64>(), 4, "{part:?}");
    }
}

/// An environment with Dataverse, as the admin service tells it.
fn environment() -> String {
    format!(
        r#"{{"name": "{E1}", "id": "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{E1}",
            "type": "Microsoft.BusinessAppPlatform/scopes/environments", "location": "europe", "properties": {{
            "displayName": "Orders", "environmentSku": "Production", "isDefault": false, "createdTime": "2026-01-02T03:04:05Z",
            "linkedEnvironmentMetadata": {{"instanceApiUrl": "https://orders.api.crm4.dynamics.com"}}}}}}"#
    )
}

#[test]
fn a_package_covers_in_part_and_wins_over_nobody() {
    let environments = format!(r#"{{"value": [{}]}}"#, environment());
    let alone = [("Core.zip", packed()), ("environments.json", environments.clone().into_bytes())];
    let alone: Vec<(&str, &[u8])> = alone.iter().map(|(name, it)| (*name, it.as_slice())).collect();
    let imported = tried(&alone, Some(&said())).unwrap();
    for table in FED {
        assert_eq!(
            rows(&imported, table),
            (1 + u64::from(table == FED[4]), Status::Partial),
            "{table}"
        );
    }
    let index = format!(
        r#"{{"format": 1, "exchanges": [{{"file": "Core.zip", "source": "solution_package", "environment": "{E1}"}},
            {{"file": "flows.json", "source": "dv.workflows", "environment": "{E1}"}}]}}"#
    );
    let clientdata = r#"{\"properties\":{\"definition\":{\"triggers\":{},\"actions\":{}}}}"#;
    let flows = format!(
        r#"{{"value": [{{"workflowid": "00000000-0000-0000-0000-000000000f01", "category": 5, "type": 1, "name": "Post orders",
            "createdon": "2026-01-02T00:00:00Z", "modifiedon": "2026-01-03T00:00:00Z", "clientdata": "{clientdata}"}}]}}"#
    );
    let both = [
        ("highwater-index.json", index.as_bytes()),
        ("Core.zip", alone[0].1),
        ("environments.json", environments.as_bytes()),
        ("flows.json", flows.as_bytes()),
    ];
    let imported = tried(&both, None).unwrap();
    assert_eq!(rows(&imported, "flow_definitions").0, 1);
    let path = imported.written.folder.join("tables/flow_definitions.parquet");
    let frame = ParquetReader::new(std::fs::File::open(path).unwrap()).finish().unwrap();
    let actions = frame.column("action_count").unwrap().i64().unwrap().get(0);
    assert_eq!(actions, Some(0), "what Dataverse says now counts, not what was packed once");
}

#[test]
fn without_an_environment_nothing_is_kept_and_that_is_said() {
    let imported = tried(&[("Core.zip", &packed())], None).unwrap();
    assert_eq!(fed(&imported), [0; 5]);
    let part = part(&imported);
    assert_eq!((part.rows, part.dropped.values().sum::<u64>()), (0, part.records), "{part:?}");
    assert!(part.dropped.keys().any(|reason| reason.contains("environment")), "{part:?}");
    assert!(imported.report.files[0].notes[0].contains("--as"), "{:?}", imported.report.files);
    for table in FED {
        assert_eq!(rows(&imported, table).1, Status::None, "{table}");
    }
}

#[test]
fn the_index_names_the_environment() {
    let index = |source: &str, file: &str| {
        format!(
            r#"{{"format": 1, "exchanges": [{{"file": "{file}", "source": "{source}", "environment": "{E1}"}}]}}"#
        )
    };
    let zip = packed();
    let with = |index: &str| {
        tried(&[("highwater-index.json", index.as_bytes()), ("Core.zip", &zip)], None)
    };
    assert_eq!(fed(&with(&index("solution_package", "Core.zip")).unwrap()), [1, 1, 1, 1, 2]);
    let folder: Vec<(String, String)> = unpacked()
        .into_iter()
        .map(|(name, text)| (format!("Core/{name}"), text))
        .chain([(
            "highwater-index.json".to_owned(),
            index("solution_package", "Core/Other/Solution.xml"),
        )])
        .collect();
    let folder: Vec<(&str, &[u8])> =
        folder.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(fed(&tried(&folder, None).unwrap()), [1, 1, 1, 1, 2]);
    let wrong = with(&index("dv.solutions", "Core.zip")).err().unwrap().to_string();
    assert!(wrong.contains("dv.solutions") && wrong.contains("solution_package"), "{wrong}");
    let document = [
        ("highwater-index.json", index("solution_package", "a.json").into_bytes()),
        ("a.json", b"[]".to_vec()),
    ];
    let document: Vec<(&str, &[u8])> =
        document.iter().map(|(name, text)| (*name, text.as_slice())).collect();
    let imported = tried(&document, None).unwrap();
    assert!(
        matches!(&imported.report.files[0].outcome, Outcome::Failed(reason) if reason.contains("solution.xml")),
        "{:?}",
        imported.report.files
    );
}

#[test]
fn what_lies_beside_the_parts_is_imported_as_elsewhere() {
    let mut files = unpacked();
    let sku = r#"[{"skuId": "k1", "skuPartNumber": "FLOW_PER_USER", "consumedUnits": 1}]"#;
    files.push(("skus.json".to_owned(), sku.to_owned()));
    files.push(("exports/skus.json".to_owned(), sku.replace("k1", "k2")));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let imported = tried(&files, Some(&said())).unwrap();
    let names: Vec<&str> = imported.report.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["Other/Solution.xml", "exports/skus.json", "skus.json"]);
    assert_eq!(rows(&imported, "licence_skus").0, 2);
    assert_eq!(fed(&imported), [1, 1, 1, 1, 2]);
}

#[test]
fn archives_that_harm_are_refused() {
    let bomb = "0".repeat(20 << 20);
    for (zip, reason) in [
        (zipped(&[("solution.xml", MANIFEST), ("../../outside.json", "{}")]), "points outside"),
        (zipped(&[("solution.xml", MANIFEST), ("/outside.json", "{}")]), "points outside"),
        (zipped(&[("solution.xml", MANIFEST), ("Workflows/a.json", &bomb)]), "zip bomb"),
    ] {
        let imported = tried(&[("Core.zip", &zip)], Some(&said())).unwrap();
        let outcome = imported.report.files[0].outcome.to_string();
        assert!(outcome.contains("refused") && outcome.contains(reason), "{outcome}");
        assert_eq!(fed(&imported), [0; 5]);
    }
}

#[test]
fn a_broken_flow_is_named_and_the_rest_is_read() {
    let workflows =
        format!("<ImportExportXml><Workflows>{CLOUD}{DESKTOP}</Workflows></ImportExportXml>");
    let zip = zipped(&[
        ("solution.xml", MANIFEST),
        ("customizations.xml", &workflows),
        ("Workflows/Post.json", "{\"properties\": {"),
    ]);
    let imported = tried(&[("Core.zip", &zip)], Some(&said())).unwrap();
    assert_eq!(fed(&imported), [0, 1, 0, 0, 2]);
    let file = &imported.report.files[0];
    assert!(file.notes.iter().any(|note| note.contains("Workflows/Post.json")), "{file:?}");
}
