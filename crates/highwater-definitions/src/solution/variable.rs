//! Variable: environment variables of a package, and whether a plain one carries a secret. Values are judged and
//! dropped. `<secretstore>` is ignored: it stands on plain variables as well.

use super::EnvironmentVariable;
use super::xml::{Step, walk};
use crate::error::DefinitionError;
use crate::finding::{Finding, Rule};
use crate::json::{Json, Shape, Value};
use crate::secret::{self, Place};
use crate::text;

/// Type number of variables that are held in a vault.
const SECRET_TYPE: u32 = 100_000_005;

/// Reads `environmentvariabledefinition.xml` and, where it is there, `environmentvariablevalues.json`: entries with
/// their contents.
pub(super) fn read(
    definition: (&str, &[u8]),
    values: Option<(&str, &[u8])>,
) -> Result<EnvironmentVariable, DefinitionError> {
    let mut variable = EnvironmentVariable {
        schema_name: String::new(),
        variable_type: None,
        is_secret: false,
        value_shipped: false,
        findings: Vec::new(),
    };
    let default = read_definition(definition, &mut variable)?;
    variable.is_secret = variable.variable_type == Some(SECRET_TYPE);
    if let Some((line, text)) = default {
        judge(&mut variable, definition.0, line, &text);
    }
    if let Some((entry, bytes)) = values {
        read_values(&mut variable, entry, bytes)?;
    }
    Ok(variable)
}

/// Fills in name and type; gives line and text of the default.
fn read_definition(
    (entry, bytes): (&str, &[u8]),
    variable: &mut EnvironmentVariable,
) -> Result<Option<(u32, String)>, DefinitionError> {
    let mut default = None;
    walk(entry, bytes, &mut |place, step| match (place.name(), step) {
        ("environmentvariabledefinition", Step::Open(element)) => {
            variable.schema_name = element.attribute("schemaname").unwrap_or_default().to_owned();
        }
        ("defaultvalue", Step::Close(text)) if place.depth() == 2 => {
            default = Some((place.line, text.to_owned()));
        }
        ("type", Step::Close(text)) if place.depth() == 2 => {
            variable.variable_type = text.trim().parse().ok();
        }
        _ => {}
    })?;
    Ok(default)
}

fn read_values(
    variable: &mut EnvironmentVariable,
    entry: &str,
    bytes: &[u8],
) -> Result<(), DefinitionError> {
    let decoded = text::decode(bytes)?;
    let json = Json::read(text::unmarked(&decoded))?;
    let holder = json.root().object("environmentvariablevalues").unwrap_or(json.root());
    let Some(values) = holder.get("environmentvariablevalue") else { return Ok(()) };
    let listed = values.children().filter(|_| values.shape() == Shape::Array);
    let single = values.is_object().then_some(values);
    for value in listed.chain(single).filter_map(|it| it.get("value")) {
        let Some(text) = value.filled() else { continue };
        variable.value_shipped = true;
        let line = json.lines().line(Value::offset(value));
        judge(variable, entry, line, &text);
    }
    Ok(())
}

fn judge(variable: &mut EnvironmentVariable, entry: &str, line: u32, value: &str) {
    let reference = value.trim_start().starts_with("/subscriptions/");
    if variable.is_secret || value.trim().is_empty() || reference {
        return;
    }
    let secret_name = is_secret_name(&variable.schema_name);
    let rules = secret::judge(value, Place { secret_name, credential: secret_name });
    let environment_variable = Some(variable.schema_name.clone());
    for rule in rules.list() {
        let environment_variable = environment_variable.clone();
        let (entry, rule) = (Some(entry.to_owned()), Rule::Secret(rule));
        variable.findings.push(Finding { entry, line, pointer: None, rule, environment_variable });
    }
}

/// Whether a schema name, after the publisher's prefix, says secret or ends in key.
fn is_secret_name(schema_name: &str) -> bool {
    let name = schema_name.split_once('_').map_or(schema_name, |(_, name)| name);
    secret::is_secret_name(name) || name.to_ascii_lowercase().ends_with("key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, kind: u32, default: &str) -> EnvironmentVariable {
        let xml = format!(
            "<environmentvariabledefinition schemaname=\"{name}\">\n<defaultvalue>{default}</defaultvalue><secretstore>0</secretstore><type>{kind}</type></environmentvariabledefinition>"
        );
        read(("e.xml", xml.as_bytes()), None).unwrap()
    }

    #[test]
    fn plain_variables_named_like_secrets_are_suspect() {
        let found = variable("con_PaymentKey", 100_000_000, "Vq7tLm2Zx9");
        assert_eq!(found.findings.len(), 1);
        assert_eq!(found.findings[0].line, 2);
        assert!(
            variable("con_PaymentUrl", 100_000_000, "https://pay.example/").findings.is_empty()
        );
        assert!(variable("con_PaymentKey", 100_000_000, "/subscriptions/0/x").findings.is_empty());
        assert!(variable("con_PaymentKey", SECRET_TYPE, "Vq7tLm2Zx9").findings.is_empty());
    }

    #[test]
    fn values_may_be_a_list() {
        let values = "\u{FEFF}{\"environmentvariablevalues\":{\"environmentvariablevalue\":[{\"value\":\"\"},{\"value\":\"Vq7tLm2Zx9\"}]}}";
        let xml = "<environmentvariabledefinition schemaname=\"con_ApiKey\"><type>100000000</type></environmentvariabledefinition>";
        let found = read(("e.xml", xml.as_bytes()), Some(("v.json", values.as_bytes()))).unwrap();
        assert!(found.value_shipped);
        assert_eq!(found.findings[0].entry.as_deref(), Some("v.json"));
    }
}
