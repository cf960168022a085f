//! Package: finds the script of a desktop flow in the columns of its Dataverse row.

use std::borrow::Cow;

use super::DesktopScript;
use crate::error::DefinitionError;
use crate::json::{Json, Shape, Value};
use crate::solution::{self, Package};
use crate::{base64, text};

/// Bytes a desktop flow's package may inflate to.
const MAX_INFLATED: u64 = crate::limits::MAX_DOCUMENT_BYTES as u64;

/// The entry that holds the script.
const SCRIPT_ENTRY: &str = "script.robin";

/// `definition` first, then the package inside `clientdata`.
pub(crate) fn script(
    definition: Option<&str>,
    clientdata: Option<&str>,
) -> Result<DesktopScript, DefinitionError> {
    let told = |it: &&str| !it.trim().is_empty();
    if let Some(definition) = definition.filter(told) {
        return Ok(known(literal(definition)?));
    }
    match clientdata.filter(told) {
        Some(clientdata) => of_clientdata(clientdata),
        None => Ok(DesktopScript::Unknown),
    }
}

/// A desktop flow as a file tells it.
pub(crate) struct DesktopRow {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) script: Result<DesktopScript, DefinitionError>,
}

impl DesktopRow {
    /// A script without row.
    pub(crate) fn of_script(script: &str) -> Self {
        Self { id: None, name: None, script: Ok(known(Cow::Borrowed(script))) }
    }
}

/// Every desktop flow of a JSON document: a string literal, a stub or package, a Dataverse row, or a list of rows.
pub(crate) fn rows(document: &str) -> Result<Vec<DesktopRow>, DefinitionError> {
    let json = Json::read(document)?;
    let root = json.root();
    if let Some(text) = root.text() {
        let is_json = text.trim_start().starts_with(['{', '[', '"']);
        let is_script = !is_json && super::looks_like_script(&text, true);
        return Ok(is_script.then(|| DesktopRow::of_script(&text)).into_iter().collect());
    }
    let list = if root.is_object() { root.get("value") } else { Some(root) };
    let listed =
        list.filter(|list| list.shape() == Shape::Array).into_iter().flat_map(Value::children);
    Ok([root].into_iter().chain(listed).filter(|row| is_row(*row)).map(row).collect())
}

/// Whether an object describes a desktop flow: category 6, or a definition with a `package`.
fn is_row(object: Value<'_>) -> bool {
    let category = object.get("category").and_then(Value::number);
    let definition =
        object.object("properties").and_then(|properties| properties.object("definition"));
    let packaged =
        definition.is_some_and(|it| it.get("package").is_some() && it.get("actions").is_none());
    object.is_object() && (category == Some(6.0) || packaged)
}

fn row(object: Value<'_>) -> DesktopRow {
    let text = |name: &str| object.get(name).and_then(Value::filled);
    let stub = object.object("properties").is_some();
    let script = if stub {
        of_object(object)
    } else {
        script(text("definition").as_deref(), text("clientdata").as_deref())
    };
    let id = text("workflowid").map(|id| text::plain_id(&id));
    DesktopRow { id, name: text("name").map(Cow::into_owned), script }
}

fn known(script: Cow<'_, str>) -> DesktopScript {
    if script.trim().is_empty() {
        DesktopScript::Unknown
    } else {
        DesktopScript::Known(script.into_owned())
    }
}

/// The text of a JSON string literal; the text itself when it is none.
fn literal(definition: &str) -> Result<Cow<'_, str>, DefinitionError> {
    let trimmed = text::unmarked(definition.trim());
    if !trimmed.starts_with('"') {
        return Ok(Cow::Borrowed(definition));
    }
    let json = Json::read(trimmed).map_err(|_| DefinitionError::DesktopLiteral)?;
    let script = json.root().text().ok_or(DefinitionError::DesktopLiteral)?;
    Ok(Cow::Owned(script.into_owned()))
}

fn of_clientdata(clientdata: &str) -> Result<DesktopScript, DefinitionError> {
    let json = Json::read(text::unmarked(clientdata.trim()))?;
    if let Some(inner) = json.root().text() {
        let inner = Json::read(&inner)?;
        return of_object(inner.root());
    }
    of_object(json.root())
}

fn of_object(root: Value<'_>) -> Result<DesktopScript, DefinitionError> {
    let properties = root.object("properties").unwrap_or(root);
    let package = properties.object("definition").and_then(|definition| definition.get("package"));
    match package.and_then(Value::filled) {
        Some(package) => unpack(&package).map(|script| known(Cow::Owned(script))),
        None => Ok(DesktopScript::Unknown),
    }
}

fn unpack(package: &str) -> Result<String, DefinitionError> {
    let bytes =
        base64::decode(package).ok_or(DefinitionError::DesktopPackage { what: "broken base64" })?;
    let mut package = solution::ZipPackage::open(std::io::Cursor::new(bytes), MAX_INFLATED)?;
    let is_script = |name: &String| {
        name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(SCRIPT_ENTRY))
    };
    let at = package.names().iter().position(is_script);
    let at = at.ok_or(DefinitionError::DesktopPackage { what: "no script.robin inside" })?;
    let script = package.read(at)?;
    text::decode(&script).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_comes_first() {
        let script = script(Some("\"SET A TO 1\\r\\n\""), Some("not json")).unwrap();
        assert_eq!(script, DesktopScript::Known("SET A TO 1\r\n".to_owned()));
    }

    #[test]
    fn stubs_are_unknown_and_broken_ones_errors() {
        let stub =
            r#"{"properties":{"definition":{"package":""}},"schemaversion":"ROBIN_202208_DVRS"}"#;
        assert_eq!(script(None, Some(stub)).unwrap(), DesktopScript::Unknown);
        assert_eq!(script(Some(" "), None).unwrap(), DesktopScript::Unknown);
        let broken = r#"{"properties":{"definition":{"package":"UEsD*"}}}"#;
        assert!(matches!(script(None, Some(broken)), Err(DefinitionError::DesktopPackage { .. })));
        assert!(matches!(script(Some("\"x"), None), Err(DefinitionError::DesktopLiteral)));
    }
}
