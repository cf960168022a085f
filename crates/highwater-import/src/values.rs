//! Values: making JSON values, and finding what is wrong with them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use highwater_snapshot::{List, Look, Member, Name, Object, Value};

/// A value that is read in place or was made from what was read.
#[derive(Debug)]
pub(crate) enum Handed<'a, 'v> {
    Read(&'a Value<'v>),
    Made(Value<'a>),
}

impl<'a, 'v: 'a> Handed<'a, 'v> {
    /// The value.
    pub(crate) fn value(&'a self) -> &'a Value<'a> {
        match self {
            Self::Read(value) => value,
            Self::Made(value) => value,
        }
    }
}

/// An object of members.
pub(crate) fn object(members: Vec<Member<'_>>) -> Value<'_> {
    Value::Object(Object(List::from(members)))
}

/// A member of an object.
pub(crate) fn member<'a>(name: &'a str, value: Value<'a>) -> Member<'a> {
    Member { name: Name::from(name), value }
}

/// A row of a Dataverse table as a sheet writes it, with its lookups as the web API names them.
pub(crate) fn columns<'a>(row: &'a Value<'_>) -> Value<'a> {
    const LOOKUPS: [(&str, &str); 12] = [
        ("bot_conversationtranscriptid", "_bot_conversationtranscriptid_value"),
        ("createdby", "_createdby_value"),
        ("flowmachinegroupid", "_flowmachinegroupid_value"),
        ("machinegroupid", "_machinegroupid_value"),
        ("machineid", "_machineid_value"),
        ("modifiedby", "_modifiedby_value"),
        ("ownerid", "_ownerid_value"),
        ("owningteam", "_owningteam_value"),
        ("parentworkflowid", "_parentworkflowid_value"),
        ("publisherid", "_publisherid_value"),
        ("regardingobjectid", "_regardingobjectid_value"),
        ("workflow", "_workflow_value"),
    ];
    let Value::Object(cells) = row else { return Value::Null };
    let mut members: Vec<Member<'a>> = Vec::with_capacity(cells.len());
    for (name, cell) in cells.iter() {
        let lookup = LOOKUPS.iter().find(|(column, _)| *column == name);
        if let Some((_, known)) = lookup {
            members.push(member(known, cell.clone()));
        }
        members.push(member(name, cell.clone()));
    }
    object(members)
}

/// A key that stands twice in one object anywhere inside: which of the two counts is anybody's guess.
pub(crate) fn repeated_key<'a>(value: &'a Value<'_>) -> Option<&'a str> {
    match value {
        Value::Array(items) => items.iter().find_map(repeated_key),
        Value::Object(object) => {
            repeated(object).or_else(|| object.iter().find_map(|(_, member)| repeated_key(member)))
        }
        _ => None,
    }
}

fn repeated<'a>(object: &'a Object<'_>) -> Option<&'a str> {
    let keys = || object.iter().map(|(key, _)| key);
    if object.len() > 24 {
        let mut seen = BTreeSet::new();
        return keys().find(|key| !seen.insert(*key));
    }
    // Most keys have a look of their own: only those that share one are compared.
    let mut looks = 0_u64;
    let alike = keys().enumerate().any(|(at, key)| {
        let look = Look::of(key).bit();
        let seen = looks & look != 0;
        looks |= look;
        seen && keys().take(at).any(|other| other == key)
    });
    let mut all = keys().enumerate().filter(|_| alike);
    all.find(|(at, key)| keys().skip(at + 1).any(|other| other == *key)).map(|(_, key)| key)
}

/// The first keys of an object, for a message.
pub(crate) fn first_keys(value: &Value<'_>) -> String {
    let Value::Object(object) = value else { return String::new() };
    let keys: Vec<Cow<'_, str>> =
        object.iter().take(6).map(|(key, _)| Cow::Borrowed(key)).collect();
    let more = if object.iter().count() > 6 { " …" } else { "" };
    format!("{}{more}", keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_stand_twice_are_found_at_any_depth() {
        let twice = |text: &str| {
            let value: Value<'_> = serde_json::from_str(text).unwrap();
            repeated_key(&value).map(ToOwned::to_owned)
        };
        assert_eq!(twice(r#"{"a": 1, "b": {"c": [{"d": 1, "d": 2}]}}"#).as_deref(), Some("d"));
        assert_eq!(twice(r#"{"a": 1, "A": 2, "b": {"a": 3}}"#), None);
        let many: Vec<String> = (0..30).map(|at| format!("\"k{}\": 1", at % 29)).collect();
        assert_eq!(twice(&format!("{{{}}}", many.join(","))).as_deref(), Some("k0"));
    }
}
