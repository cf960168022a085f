//! Analysis of files and folders, packed and unpacked solutions, hostile archives, and the three renderings.

use std::io::{Cursor, Write};
use std::path::Path;

use highwater_definitions::{
    Analysis, DefinitionError, Kind, Managed, WorkflowContent, analyse, solution_package,
    write_json, write_sarif, write_table,
};
use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};

const MANIFEST: &str = "<ImportExportXml><SolutionManifest><UniqueName>ContosoOrders</UniqueName><Version>1.2.0.0</Version><Managed>1</Managed><Publisher><UniqueName>contoso</UniqueName><CustomizationPrefix>con</CustomizationPrefix></Publisher></SolutionManifest></ImportExportXml>";
const WORKFLOWS: &str = "<ImportExportXml><Workflows><Workflow WorkflowId='{00000000-0000-0000-0000-000000000501}' Name='Post order'><JsonFileName>/Workflows/Post.json</JsonFileName><Category>5</Category></Workflow><Workflow WorkflowId='{00000000-0000-0000-0000-000000000502}' Name='Key in'><Category>6</Category><Definition>&quot;SET Password TO 'Quiet42River'\\r\\n&quot;</Definition></Workflow><Workflow WorkflowId='{00000000-0000-0000-0000-000000000503}' Name='Stub'><Category>6</Category></Workflow></Workflows></ImportExportXml>";
const FLOW: &str = "{\n\"properties\": {\"definition\": {\n\"triggers\": {\"T\": {\"type\": \"Request\", \"kind\": \"Http\"}},\n\"actions\": {\"A\": {\"type\": \"Http\", \"inputs\": {\n\"uri\": \"http://api.contoso.test\"}}}}}}";
const VARIABLE: &str = "<environmentvariabledefinition schemaname='con_ApiKey'>\n<defaultvalue>Quiet42River</defaultvalue><type>100000000</type></environmentvariabledefinition>";

const PARTS: [(&str, &str); 4] = [
    ("solution.xml", MANIFEST),
    ("customizations.xml", WORKFLOWS),
    ("Workflows/Post.json", FLOW),
    ("environmentvariabledefinitions/con_ApiKey/environmentvariabledefinition.xml", VARIABLE),
];

fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a name");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

fn package() -> Vec<u8> {
    let parts: Vec<(&str, &[u8])> =
        PARTS.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    packed(&parts)
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("room");
    std::fs::write(path, content).expect("room");
}

fn json_of(analysis: &Analysis) -> Value {
    let mut out = Vec::new();
    write_json(analysis, &mut out).expect("memory");
    serde_json::from_slice(&out).expect("JSON")
}

#[test]
fn a_packed_solution_gives_its_parts() {
    let solution = solution_package(Cursor::new(package())).unwrap();
    assert_eq!(solution.unique_name.as_deref(), Some("ContosoOrders"));
    assert_eq!(solution.features.managed, Some(Managed::Yes));
    assert_eq!((solution.features.cloud_flow_count, solution.features.desktop_flow_count), (1, 2));
    assert_eq!(solution.features.desktop_script_count, 1);
    let contents: Vec<bool> = solution
        .workflows
        .iter()
        .map(|it| matches!(it.content, WorkflowContent::Unknown))
        .collect();
    assert_eq!(contents, [false, false, true]);
    assert_eq!(solution.environment_variables[0].findings[0].line, 2);
    assert!(solution.unread.is_empty());
}

#[test]
fn packed_and_unpacked_agree() {
    let folder = tempfile::tempdir().unwrap();
    PARTS.iter().for_each(|(name, text)| {
        write(folder.path(), &format!("unpacked/{name}"), text.as_bytes());
    });
    write(folder.path(), "packed.zip", &package());
    let of = |name: &str| json_of(&analyse(&[folder.path().join(name)]));
    let (packed, unpacked) = (of("packed.zip"), of("unpacked"));
    let features = |document: &Value| {
        let all = document["definitions"].as_array().unwrap();
        all.iter().map(|it| (it["kind"].clone(), it["features"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(features(&packed), features(&unpacked));
    assert_eq!(packed["definitions"].as_array().unwrap().len(), 4);
    assert_eq!(packed["definitions"][0]["kind"], "solution");
    assert!(
        packed["definitions"][1]["path"]
            .as_str()
            .unwrap()
            .ends_with("packed.zip!/Workflows/Post.json")
    );
    assert_eq!(packed["definitions"][1]["id"], "00000000-0000-0000-0000-000000000501");
    assert_eq!(packed["definitions"][3]["features"], serde_json::json!({"script": null}));
}

#[test]
fn a_folder_is_walked_in_order_and_named_files_must_tell() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "b/Flow-00000000-0000-0000-0000-000000000601.json", FLOW.as_bytes());
    write(folder.path(), "a/script.robin", b"WAIT 1\n");
    write(folder.path(), "a/package.json", b"{\"name\": \"none\"}");
    write(folder.path(), ".git/x.json", FLOW.as_bytes());
    let analysis = analyse(&[folder.path().to_owned()]);
    let found: Vec<(Kind, Option<&str>)> =
        analysis.definitions.iter().map(|it| (it.kind, it.id.as_deref())).collect();
    let id = Some("00000000-0000-0000-0000-000000000601");
    assert_eq!(found, [(Kind::DesktopFlow, None), (Kind::CloudFlow, id)]);
    assert!(analysis.unread.is_empty());
    let named =
        analyse(&[folder.path().join("a/package.json"), folder.path().join("missing.json")]);
    assert!(matches!(named.unread[0].reason, DefinitionError::NoCloudFlow));
    assert!(matches!(named.unread[1].reason, DefinitionError::Io { .. }));
}

#[test]
fn sarif_points_to_files_and_lines() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "flow.json", FLOW.as_bytes());
    write(folder.path(), "packed.zip", &package());
    let analysis = analyse(&[
        folder.path().join("flow.json"),
        folder.path().join("packed.zip"),
        folder.path().join("none"),
    ]);
    let mut out = Vec::new();
    write_sarif(&analysis, "1.2.3", &mut out).unwrap();
    let log: Value = serde_json::from_slice(&out).unwrap();
    let run = &log["runs"][0];
    assert_eq!(
        (log["version"].as_str(), run["tool"]["driver"]["version"].as_str()),
        (Some("2.1.0"), Some("1.2.3"))
    );
    let results = run["results"].as_array().unwrap();
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
    }
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(results[1]["ruleId"], "insecure-url");
    assert_eq!(place["region"]["startLine"], 5);
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().starts_with("file:///"));
    let packed: Vec<&Value> =
        results.iter().filter(|it| it.to_string().contains("packed.zip")).collect();
    assert!(
        packed.len() >= 3
            && packed.iter().all(|it| it["locations"][0]["physicalLocation"]["region"].is_null())
    );
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 1);
    assert!(!String::from_utf8(out).unwrap().contains("Quiet42River"));
}

#[test]
fn the_table_names_findings_and_reasons() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "flow.json", FLOW.as_bytes());
    let analysis = analyse(&[folder.path().join("flow.json"), folder.path().join("none")]);
    let mut out = Vec::new();
    write_table(&analysis, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("KIND") && lines[1].starts_with("cloud flow"), "{text}");
    assert!(
        text.contains("flow.json:5: insecure-url /properties/definition/actions/A/inputs/uri"),
        "{text}"
    );
    assert!(lines.last().unwrap().contains("not read"), "{text}");
}

fn refused(parts: &[(&str, &[u8])]) -> DefinitionError {
    solution_package(Cursor::new(packed(parts))).expect_err("refused")
}

#[test]
fn hostile_archives_are_refused() {
    let manifest = ("solution.xml", MANIFEST.as_bytes());
    for name in ["../outside.xml", "/etc/x", "a\\..\\..\\x", "C:/x"] {
        assert!(
            matches!(refused(&[manifest, (name, b"x")]), DefinitionError::UnsafeName { .. }),
            "{name}"
        );
    }
    let zeros = vec![b' '; 8 << 20];
    assert!(matches!(
        refused(&[manifest, ("customizations.xml", &zeros)]),
        DefinitionError::Bomb { .. }
    ));
    let names: Vec<String> = (0..20_001).map(|at| format!("f{at}")).collect();
    let many: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert!(matches!(refused(&many), DefinitionError::TooManyEntries { .. }));
    assert!(matches!(refused(&[("other.txt", b"x")]), DefinitionError::NoSolution));
    assert!(matches!(solution_package(Cursor::new(b"PK")), Err(DefinitionError::NotZip { .. })));
}

#[test]
fn a_size_that_is_a_lie_is_found_out() {
    let mut archive = package();
    let size = WORKFLOWS.len() as u32;
    let told: Vec<usize> = archive
        .windows(4)
        .enumerate()
        .filter(|(_, it)| *it == size.to_le_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!told.is_empty());
    told.iter().for_each(|at| archive[*at..*at + 4].copy_from_slice(&10u32.to_le_bytes()));
    let solution = solution_package(Cursor::new(archive));
    let honest = solution.is_ok_and(|it| it.unread.is_empty() && it.features.cloud_flow_count > 0);
    assert!(!honest, "more was read than the archive told");
}

#[test]
fn older_desktop_flows_carry_a_zip_in_their_row() {
    use highwater_definitions::{DesktopScript, desktop_script};
    let utf16: Vec<u8> = "SET A TO 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let zip = packed(&[("project.manifest", b"x"), ("script.robin", &utf16)]);
    let clientdata =
        serde_json::json!({"properties": {"definition": {"package": base64(&zip)}}}).to_string();
    let script = desktop_script(None, Some(&clientdata)).unwrap();
    assert_eq!(script, DesktopScript::Known("SET A TO 1\n".to_owned()));
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}
