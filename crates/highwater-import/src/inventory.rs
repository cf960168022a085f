//! Inventory: rows of a query over the Power Platform inventory become resources.
//!
//! A row is a resource already, or its `properties` are JSON in a text (the portal writes that), or the
//! query projected them into flat columns. Guarantees one shape: `id`, `name`, `type`, `location`,
//! `tenantId` and `properties`. Columns whose names were chosen by the query and mean nothing here are
//! kept under `properties` as they stand.

use highwater_snapshot::{Member, Value};

use crate::values::{Handed, member, object};

/// A row in the shape of a resource.
pub(crate) fn resource<'a, 'v: 'a>(row: &'a Value<'v>) -> Handed<'a, 'v> {
    let Value::Object(columns) = row else { return Handed::Read(row) };
    let properties = columns
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("properties"))
        .map(|(_, value)| value);
    match properties {
        Some(Value::Object(_)) => Handed::Read(row),
        Some(Value::Str(text)) if text.trim_start().starts_with('{') => {
            let Ok(parsed) = serde_json::from_str::<Value<'a>>(text) else {
                return Handed::Read(row);
            };
            let rest = columns.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("properties"));
            let mut members: Vec<Member<'a>> =
                rest.map(|(key, value)| member(key, value.clone())).collect();
            members.push(member("properties", parsed));
            Handed::Made(object(members))
        }
        _ => Handed::Made(from_columns(columns.iter())),
    }
}

/// Columns of the resource itself, by their names in lower case.
const OWN: [(&str, &str); 8] = [
    ("id", "id"),
    ("name", "name"),
    ("type", "type"),
    ("location", "location"),
    ("region", "location"),
    ("tenantid", "tenantId"),
    ("resourcegroup", "resourceGroup"),
    ("subscriptionid", "subscriptionId"),
];

fn from_columns<'a>(columns: impl Iterator<Item = (&'a str, &'a Value<'a>)>) -> Value<'a> {
    let (mut own, mut properties) = (Vec::new(), Vec::new());
    for (key, value) in columns {
        let bare =
            ["properties.", "properties_"].iter().find_map(|prefix| key.strip_prefix(prefix));
        let lower = key.to_ascii_lowercase();
        match (bare, OWN.iter().find(|(name, _)| *name == lower)) {
            (Some(bare), _) => properties.push(member(bare, value.clone())),
            (None, Some((_, name))) => own.push(member(name, value.clone())),
            (None, None) => properties.push(member(key, embedded(value))),
        }
    }
    own.push(member("properties", object(properties)));
    object(own)
}

/// A list or an object that a spreadsheet wrote as text.
fn embedded<'a>(value: &'a Value<'a>) -> Value<'a> {
    if let Value::Str(text) = value
        && text.starts_with(['[', '{'])
        && let Ok(parsed) = serde_json::from_str::<Value<'a>>(text)
    {
        return parsed;
    }
    match value {
        Value::Str(text) => Value::from(&**text),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(text: &str) -> String {
        let row: Value<'_> = serde_json::from_str(text).unwrap();
        serde_json::to_string(resource(&row).value()).unwrap()
    }

    #[test]
    fn all_forms_of_a_row_become_one() {
        let full = r#"{"id":"i","name":"n","type":"t","properties":{"displayName":"d"}}"#;
        assert_eq!(shaped(full), full);
        assert_eq!(
            shaped(r#"{"id":"i","name":"n","type":"t","properties":"{\"displayName\":\"d\"}"}"#),
            full
        );
        assert_eq!(
            shaped(r#"{"id":"i","name":"n","type":"t","properties.displayName":"d"}"#),
            full
        );
        assert_eq!(shaped(r#"{"id":"i","Name":"n","TYPE":"t","displayName":"d"}"#), full);
    }

    #[test]
    fn broken_properties_stay_as_they_are() {
        assert_eq!(
            shaped(r#"{"name":"n","properties":"{cut"}"#),
            r#"{"name":"n","properties":"{cut"}"#
        );
    }
}
