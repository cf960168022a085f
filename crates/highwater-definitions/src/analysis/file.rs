//! One file, by its content: JSON, a script, or a zip archive. Files that were named are reported when they are none of
//! these; files met in folders are passed over.

use std::path::Path;

use crate::analysis::{Analysis, Definition, Features, Kind, package, shown};
use crate::cloud::{self, CloudFlow};
use crate::desktop::{self, DesktopRow, DesktopScript};
use crate::error::DefinitionError;
use crate::solution::read_file;
use crate::text;

/// Extensions worth opening in a folder, lower case.
const EXTENSIONS: [&str; 4] = ["json", "robin", "txt", "zip"];

/// Analyses a file; `named` when the caller named it.
pub(super) fn analyse(path: &Path, named: bool, analysis: &mut Analysis) {
    let extension =
        path.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !named && !EXTENSIONS.contains(&extension.as_str()) {
        return;
    }
    if extension == "zip" || begins_like_zip(path) {
        return package::zip(path, named, analysis);
    }
    match read_file(path) {
        Ok(bytes) => content(&shown(path), &bytes, named, analysis),
        Err(error) => analysis.refuse(shown(path), error),
    }
}

fn begins_like_zip(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0u8; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == *b"PK\x03\x04"
}

/// Analyses the content of a file or of an archive's entry.
pub(super) fn content(path: &str, bytes: &[u8], named: bool, analysis: &mut Analysis) {
    let decoded = match text::decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) if named => return analysis.refuse(path.to_owned(), error),
        Err(_) => return,
    };
    let document = text::unmarked(&decoded).trim();
    let known = match document.as_bytes().first() {
        Some(b'{' | b'[' | b'"') => json(path, document, named, analysis),
        Some(b'<') | None => Ok(false),
        Some(_) => Ok(script(path, document, named, analysis)),
    };
    match known {
        Ok(true) => {}
        Ok(false) if named => analysis.refuse(path.to_owned(), DefinitionError::UnknownKind),
        Err(error) if named => analysis.refuse(path.to_owned(), error),
        _ => {}
    }
}

/// A JSON document: cloud flows, desktop flows, or lists of both. Whether it was any.
fn json(
    path: &str,
    document: &str,
    named: bool,
    analysis: &mut Analysis,
) -> Result<bool, DefinitionError> {
    let cloud = cloud::read_text(document);
    let rows = desktop::rows(document)?;
    let is_desktop = !rows.is_empty();
    match cloud {
        Ok(flows) => flows.into_iter().for_each(|flow| cloud_flow(path, flow, analysis)),
        Err(error) if !is_desktop => {
            let other = matches!(error, DefinitionError::NoCloudFlow);
            return if other && !named { Ok(false) } else { Err(error) };
        }
        Err(_) => {}
    }
    for row in rows {
        desktop_row(path, row, analysis);
    }
    Ok(true)
}

fn cloud_flow(path: &str, flow: CloudFlow, analysis: &mut Analysis) {
    let (name, id) = of_file_name(path);
    analysis.definitions.push(Definition {
        path: path.to_owned(),
        id: flow.id.or(id),
        name: flow.name.or(name),
        kind: Kind::CloudFlow,
        features: Features::CloudFlow(Box::new(flow.features)),
        findings: flow.findings,
    });
}

fn desktop_row(path: &str, row: DesktopRow, analysis: &mut Analysis) {
    let (name, id) = of_file_name(path);
    let (features, findings) = match row.script {
        Ok(DesktopScript::Known(script)) => {
            let flow = desktop::read(&script);
            (Features::DesktopFlow(Box::new(flow.features)), flow.findings)
        }
        Ok(DesktopScript::Unknown) => (Features::ScriptUnknown, Vec::new()),
        Err(error) => return analysis.refuse(path.to_owned(), error),
    };
    let (id, name) = (row.id.or(id), row.name.or(name));
    analysis.definitions.push(Definition {
        path: path.to_owned(),
        id,
        name,
        kind: Kind::DesktopFlow,
        features,
        findings,
    });
}

/// A script. Whether it looked like one.
fn script(path: &str, document: &str, named: bool, analysis: &mut Analysis) -> bool {
    let robin = path.to_ascii_lowercase().ends_with(".robin");
    if !robin && !desktop::looks_like_script(document, named) {
        return false;
    }
    desktop_row(path, DesktopRow::of_script(document), analysis);
    true
}

/// Name and id in a file name such as `Invoices-00000000-0000-0000-0000-000000000101.json`.
pub(super) fn of_file_name(path: &str) -> (Option<String>, Option<String>) {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let id = stem.len().checked_sub(36).and_then(|at| stem.get(at..)).filter(|id| is_guid(id));
    match id {
        Some(id) => {
            let name = stem[..stem.len() - 36].trim_end_matches(['-', '_', ' ']);
            ((!name.is_empty()).then(|| name.to_owned()), Some(id.to_lowercase()))
        }
        None => ((!stem.is_empty()).then(|| stem.to_owned()), None),
    }
}

fn is_guid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_name_and_id() {
        let (name, id) = of_file_name("a/Post-invoices-00000000-0000-0000-0000-00000000010A.json");
        assert_eq!(name.as_deref(), Some("Post-invoices"));
        assert_eq!(id.as_deref(), Some("00000000-0000-0000-0000-00000000010a"));
        assert_eq!(of_file_name("workflow.json"), (Some("workflow".to_owned()), None));
    }

    fn kinds(text: &str, named: bool) -> (Vec<Kind>, usize) {
        let mut analysis = Analysis::default();
        content("x.json", text.as_bytes(), named, &mut analysis);
        (analysis.definitions.iter().map(|it| it.kind).collect(), analysis.unread.len())
    }

    #[test]
    fn content_decides_what_a_file_is() {
        assert_eq!(kinds(r#"{"triggers":{},"actions":{}}"#, false), (vec![Kind::CloudFlow], 0));
        assert_eq!(kinds("\"SET A TO 1\\r\\n\"", true), (vec![Kind::DesktopFlow], 0));
        assert_eq!(
            kinds("\u{FEFF}SET A TO 1\nFile.Delete Files: F\n", true),
            (vec![Kind::DesktopFlow], 0)
        );
        let stub =
            r#"{"properties":{"definition":{"package":""}},"schemaversion":"ROBIN_202208_DVRS"}"#;
        assert_eq!(kinds(stub, false), (vec![Kind::DesktopFlow], 0));
        for other in ["{\"name\":1}", "{", "<a/>", "", "Dear all,\nplease read this.\n"] {
            assert_eq!(kinds(other, true), (vec![], 1), "{other}");
            assert_eq!(kinds(other, false), (vec![], 0), "{other}");
        }
    }
}
