//! Formats: the same tenant written by different tools says the same, and nothing where a tool is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use highwater_import::{Options, Outcome};
use proptest::prelude::*;

use super::{E1, Left, encode, file, import, import_with};

/// The fixtures of these folders.
fn fixtures(folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports");
    let mut files = Vec::new();
    for folder in folders {
        below(&root, &root.join(folder), &mut files);
    }
    files
}

fn below(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push((name, std::fs::read(&path).unwrap()));
        }
    }
}

/// Told cells of a table by key columns and column.
fn cells(left: &Left, table: &str, key: &[&str]) -> BTreeMap<(String, String), String> {
    let mut cells = BTreeMap::new();
    for row in &left.rows[table] {
        let told: BTreeMap<&str, &str> =
            row.split(", ").filter_map(|cell| cell.split_once('=')).collect();
        let id: Vec<&str> = key.iter().map(|column| told[column]).collect();
        for (column, value) in told.iter().filter(|(_, value)| **value != "null") {
            cells.insert((id.join("/"), (*column).to_owned()), (*value).to_owned());
        }
    }
    cells
}

fn unread(folders: &[&str]) -> (Left, Vec<String>) {
    let (left, report) = import(&fixtures(folders));
    let unread = report.unread().map(|file| format!("{}: {}", file.path, file.outcome)).collect();
    (left, unread)
}

const KEYS: [(&str, &[&str]); 3] = [
    ("environments", &["environment_id"]),
    ("cloud_flows", &["environment_id", "flow_id"]),
    ("apps", &["environment_id", "app_id"]),
];

/// Columns that name the reading itself.
const OF_READING: [&str; 2] = ["source_id", "observed_at"];

#[test]
fn one_tenant_in_four_formats_is_one_tenant() {
    let (api, problems) = unread(&["api"]);
    assert_eq!(problems, Vec::<String>::new());
    for format in ["powershell", "inventory", "coe"] {
        let (left, problems) = unread(&[format]);
        assert_eq!(problems, Vec::<String>::new(), "{format}");
        for (table, key) in KEYS {
            let (wanted, told) = (cells(&api, table, key), cells(&left, table, key));
            let ids = |cells: &BTreeMap<(String, String), String>| {
                cells.keys().map(|(id, _)| id.clone()).collect::<BTreeSet<_>>()
            };
            assert_eq!(ids(&wanted), ids(&told), "{format} {table}");
            for ((id, column), value) in &told {
                let other = wanted.get(&(id.clone(), column.clone()));
                let same = other.is_none_or(|other| other == value);
                assert!(
                    same || OF_READING.contains(&column.as_str()),
                    "{format} {table} {id} {column}: {value} instead of {other:?}"
                );
            }
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_unknown() {
    let told = |format: &str, table: &str, column: &str| {
        let (left, _) = import(&fixtures(&[format]));
        let key = KEYS.iter().find(|(name, _)| *name == table).unwrap().1;
        cells(&left, table, key).into_iter().filter(|((_, name), _)| name == column).count()
    };
    // A cut-off Internal tells neither the address nor that there is no group; a disabled flow may be suspended.
    assert_eq!(told("powershell", "environments", "instance_url"), 0);
    assert_eq!(told("powershell", "environments", "group_id"), 0);
    assert_eq!(told("powershell", "cloud_flows", "state"), 2);
    assert_eq!(told("powershell", "cloud_flows", "owner_id"), 0);
    assert_eq!(told("inventory", "cloud_flows", "state"), 0);
    assert_eq!(told("inventory", "environments", "has_dataverse"), 0);
    assert_eq!(told("coe", "environments", "group_id"), 0);
    assert_eq!(told("api", "cloud_flows", "state"), 3);
}

#[test]
fn kits_tell_what_no_service_knows() {
    let (left, problems) = unread(&["coe", "automation-kit"]);
    assert_eq!(problems, Vec::<String>::new());
    let row = |table: &str, part: &str| left.rows[table].iter().any(|row| row.contains(part));
    assert!(row("asset_tags", "criticality"), "{:?}", left.rows["asset_tags"]);
    assert!(row("asset_tags", "idea") && row("asset_tags", "savings"));
    assert!(row("principals", "department=\"Logistics\""), "{:?}", left.rows["principals"]);
    assert!(row("principals", "is_deleted=true"));
    assert!(row("asset_connectors", "shared_sql"), "{:?}", left.rows["asset_connectors"]);
    assert!(row("app_usage", "users_30d=12"), "{:?}", left.rows["app_usage"]);
    assert!(
        row("desktop_flow_runs", "run_mode=\"unattended\""),
        "{:?}",
        left.rows["desktop_flow_runs"]
    );
    assert!(
        row("desktop_flow_definitions", "subflow_count=1"),
        "{:?}",
        left.rows["desktop_flow_definitions"]
    );
    // What the kit marks as deleted is no flow.
    assert_eq!(left.rows["cloud_flows"].len(), 3);
    let status = |table: &str, scope: &str| {
        let row = left.coverage.iter().find(|((name, _, id), _)| name == table && id == scope);
        row.map(|(_, status)| status.clone())
    };
    assert_eq!(status("environments", "").as_deref(), Some("full"));
    assert_eq!(status("cloud_flows", E1).as_deref(), Some("full"));
    assert_eq!(status("principals", "").as_deref(), Some("partial"));
}

#[test]
fn rows_that_are_gone_are_counted_beside_those_that_are_read() {
    let rows = [("f1", "yes"), ("f2", "no"), ("f3", "no"), ("f4", "yes")];
    let moment = "2026-01-02T00:00:00Z";
    let sheet = rows.map(|(id, gone)| format!("{id},Started,{moment},{moment},{E1},{gone}\n"));
    let header = "admin_flowid,admin_flowstate,admin_flowcreatedon,admin_flowmodifiedon,\
        admin_flowenvironmentid,admin_flowdeleted\n";
    let json = rows.map(|(id, gone)| {
        format!(
            r#"{{"admin_flowid": "{id}", "admin_flowstate": "Started", "admin_flowcreatedon": "{moment}",
                "admin_flowmodifiedon": "{moment}", "admin_flowenvironmentid": "{E1}", "admin_flowdeleted": "{gone}"}}"#
        )
    });
    for (name, text) in [
        ("flows.csv", format!("{header}{}", sheet.concat())),
        ("flows.json", format!("[{}]", json.join(","))),
    ] {
        let (left, report) = import(&[file(name, text)]);
        assert_eq!(left.rows["cloud_flows"].len(), 2, "{name}");
        let [read] = report.files.as_slice() else { panic!("one file") };
        let [part] = read.parts.as_slice() else { panic!("{:?}", read.parts) };
        assert_eq!((&read.outcome, part.unused.as_deref()), (&Outcome::Read, None), "{name}");
        assert_eq!((part.records, part.dropped.values().sum()), (4, 2_u64), "{name}");
    }
}

#[test]
fn an_inventory_that_leaves_environments_out_is_not_whole() {
    let mut files = fixtures(&["coe"]);
    let environments =
        files.iter_mut().find(|(name, _)| name.contains("admin_environment")).unwrap();
    let text = String::from_utf8(environments.1.clone()).unwrap().replacen(
        "no,false,Runs",
        "no,true,Runs",
        1,
    );
    environments.1 = text.into_bytes();
    let (left, _) = import(&files);
    let row = left.coverage.iter().find(|((name, _, id), _)| name == "cloud_flows" && id == E1);
    assert_eq!(row.unwrap().1, "partial");
}

#[test]
fn the_lake_gives_rows_and_proves_nothing() {
    let (left, problems) = unread(&["lake"]);
    assert_eq!(problems, Vec::<String>::new());
    let rows = |table: &str| left.rows[table].len();
    assert_eq!((rows("environments"), rows("cloud_flows"), rows("apps")), (2, 2, 1));
    assert!(
        left.rows["flow_run_stats"]
            .iter()
            .any(|row| row.contains("success_30d=3") && row.contains("more_runs=true"))
    );
    assert!(left.rows["app_usage"].iter().any(|row| row.contains("launches_30d=1")));
    assert!(!left.coverage.iter().any(|((table, ..), status)| {
        matches!(table.as_str(), "environments" | "cloud_flows" | "apps") && status == "full"
    }));
}

#[test]
fn terraform_tells_policies_and_settings_and_no_secret() {
    let (left, problems) = unread(&["terraform"]);
    assert_eq!(problems, Vec::<String>::new());
    let row = |table: &str, part: &str| left.rows[table].iter().any(|row| row.contains(part));
    assert!(row("dlp_policies", "has_business=true"), "{:?}", left.rows["dlp_policies"]);
    assert!(
        row("dlp_connector_rules", "action_rule_count=1"),
        "{:?}",
        left.rows["dlp_connector_rules"]
    );
    assert!(row("dlp_custom_connector_patterns", "blocked"));
    assert!(row("tenant_settings", "disable_share_with_everyone=true"));
    assert!(left.rows.values().flatten().all(|row| !row.contains("canary")));
}

#[test]
fn the_same_rows_in_an_archive() {
    let files = fixtures(&["coe", "inventory"]);
    let (plain, _) = import(&files);
    let (packed, report) = import(&[("drop.zip".to_owned(), zipped(&files))]);
    assert_eq!(plain, packed);
    assert_eq!(report.files.len(), files.len());
    assert!(report.files.iter().all(|file| file.path.starts_with("drop.zip/")));
}

#[test]
fn the_same_rows_in_a_workbook() {
    let (sheets, others): (Vec<_>, Vec<_>) = fixtures(&["coe", "automation-kit", "inventory"])
        .into_iter()
        .partition(|(name, _)| name.ends_with(".csv"));
    let (plain, _) = import(&[sheets.clone(), others.clone()].concat());
    let books = sheets.iter().map(|(name, text)| (name.replace(".csv", ".xlsx"), workbook(text)));
    let (packed, report) = import(&books.chain(others).collect::<Vec<_>>());
    assert_eq!(report.unread().map(|file| file.path.as_str()).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(plain, packed);
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A sheet of text as the only sheet of a workbook, every cell as text.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let mut rows = String::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(sheet);
    for record in reader.records() {
        rows += "<row>";
        for cell in &record.unwrap() {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;");
            rows += &format!(r#"<c t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>"#);
        }
        rows += "</row>";
    }
    let link = |kind: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{LINKS}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let book = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>"#
    );
    let parts = [
        ("_rels/.rels", link("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", link("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#),
        ),
    ];
    zipped(&parts.map(|(name, text)| (name.to_owned(), text.into_bytes())))
}

#[test]
fn dates_of_two_readings_are_told_by_their_order() {
    let sheet = |created: &str| {
        let text = format!(
            "FlowName,DisplayName,CreatedTime,LastModifiedTime,EnvironmentName\nf1,A,{created},2026-05-06T00:00:00Z,{E1}\n"
        );
        ("flows.csv".to_owned(), text.into_bytes())
    };
    let created = |files: &[(String, Vec<u8>)]| {
        let (left, _) = import(files);
        let key = ["environment_id", "flow_id"];
        cells(&left, "cloud_flows", &key).into_iter().find(|((_, name), _)| name == "created_at")
    };
    assert_eq!(created(&[sheet("03/04/2026")]), None, "a row without a day is no row");
    let other =
        ("other.csv".to_owned(), b"asset_id,tag,value,updated_at\nf9,idea,,22/11/2025\n".to_vec());
    let (_, at) = created(&[sheet("03/04/2026"), other]).unwrap();
    assert!(at.starts_with("2026-04-03"), "{at}");
}

#[test]
fn what_fits_several_kinds_is_listed_and_not_read() {
    let members = br##"{"value": [{"@odata.type": "#microsoft.graph.user", "id": "u1"}]}"##;
    let (_, report) = import(&[("members.json".to_owned(), members.to_vec())]);
    let ambiguous = report.ambiguous();
    assert_eq!(ambiguous.len(), 1);
    assert_eq!(ambiguous[0].1, ["graph.users", "graph.group_members"]);
    assert!(matches!(report.files[0].outcome, Outcome::Ambiguous { .. }));
}

/// Cuts a sheet or a list into two files of the same kind.
fn split((name, bytes): &(String, Vec<u8>), at: usize) -> Option<Vec<(String, Vec<u8>)>> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| name.ends_with(".csv"))?;
    let (header, rest) = text.split_once('\n')?;
    let lines: Vec<&str> = rest.split_inclusive('\n').collect();
    if rest.contains('"') || lines.len() < 2 {
        return None;
    }
    let (one, two) = lines.split_at(1 + at % (lines.len() - 1));
    let file = |part: &str, lines: &[&str]| {
        let name = name.replace(".csv", &format!("{part}.csv"));
        (name, format!("{header}\n{}", lines.concat()).into_bytes())
    };
    Some(vec![file("a", one), file("b", two)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splitting_pieces_and_encoding_change_nothing(
        ways in proptest::collection::vec((0_u8..5, any::<bool>(), 0_usize..9), 32),
        in_pieces in any::<bool>(),
    ) {
        let files = fixtures(&["coe", "automation-kit", "lake", "inventory"]);
        let (plain, _) = import(&files);
        let mut other = Vec::new();
        for (file, (way, cut, at)) in files.iter().zip(ways) {
            let parts = if cut { split(file, at) } else { None };
            for (name, bytes) in parts.unwrap_or_else(|| vec![file.clone()]) {
                other.push((format!("{at}/{name}"), encode(&bytes, way)));
            }
        }
        let bound = if in_pieces { 0 } else { Options::default().stream_from };
        let (left, report) = import_with(&other, bound);
        let unread: Vec<_> = report.unread().map(|file| (file.path.clone(), file.outcome.to_string())).collect();
        prop_assert_eq!(unread, vec![]);
        prop_assert_eq!(plain, left);
    }
}
