//! OData: `$filter` read and asked of a record, `$select` and `$expand` as they change what a record shows.
//!
//! A property that a recorded record does not show can neither be true nor false: [`Filter::keeps`] answers `None` then,
//! and the caller decides. Only the part of the language that administrators' tools use is understood.

mod reader;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Both(Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Vec<String>, Comparison, Value),
    /// `contains`, `startswith`, `endswith`.
    Text(String, Vec<String>, String),
    /// `list/any(x:…)`, the condition without the variable.
    Any(Vec<String>, Box<Self>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Greater,
    AtLeast,
    Less,
    AtMost,
}

impl Filter {
    /// Reads a filter; `None` where it is not understood.
    pub(crate) fn read(text: &str) -> Option<Self> {
        reader::read(text)
    }

    /// Whether the filter keeps a record; `None` where the record does not show what it asks about.
    pub(crate) fn keeps(&self, record: &Value) -> Option<bool> {
        match self {
            Self::Both(one, other) => match (one.keeps(record), other.keeps(record)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Either(one, other) => match (one.keeps(record), other.keeps(record)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(inner) => inner.keeps(record).map(|kept| !kept),
            Self::Compare(path, how, value) => {
                at(record, path).map(|found| compare(found, *how, value))
            }
            Self::Text(function, path, part) => at(record, path)
                .map(|found| text(found.as_str().unwrap_or_default(), function, part)),
            Self::Any(path, inner) => {
                let items = at(record, path)?.as_array()?;
                Some(items.iter().any(|item| inner.keeps(item) == Some(true)))
            }
        }
    }

    /// Names of the properties that the filter asks about.
    pub(crate) fn properties(&self) -> Vec<&str> {
        match self {
            Self::Both(one, other) | Self::Either(one, other) => {
                [one.properties(), other.properties()].concat()
            }
            Self::Not(inner) => inner.properties(),
            Self::Compare(path, ..) | Self::Text(_, path, _) | Self::Any(path, _) => {
                path.first().map(String::as_str).into_iter().collect()
            }
        }
    }
}

fn at<'a>(record: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(record, |value, name| {
        let fields = value.as_object()?;
        fields.get(name).or_else(|| {
            fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    })
}

fn compare(found: &Value, how: Comparison, wanted: &Value) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (found, wanted) {
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().zip(other.as_f64()).and_then(|(one, other)| one.partial_cmp(&other))
        }
        (Value::String(one), Value::String(other)) => {
            Some(match (one.parse::<Timestamp>(), other.parse::<Timestamp>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                _ => one.to_ascii_lowercase().cmp(&other.to_ascii_lowercase()),
            })
        }
        (one, other) => (one == other).then_some(Equal),
    };
    match how {
        Comparison::Equal => order == Some(Equal),
        Comparison::Unequal => order != Some(Equal),
        Comparison::Greater => order == Some(Greater),
        Comparison::AtLeast => matches!(order, Some(Greater | Equal)),
        Comparison::Less => order == Some(Less),
        Comparison::AtMost => matches!(order, Some(Less | Equal)),
    }
}

fn text(found: &str, function: &str, part: &str) -> bool {
    let (found, part) = (found.to_lowercase(), part.to_lowercase());
    match function {
        "contains" => found.contains(&part),
        "startswith" => found.starts_with(&part),
        _ => found.ends_with(&part),
    }
}

/// The names in a `$select` or `$expand`, without what stands in brackets behind them.
pub(crate) fn names(text: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut told = vec![String::new()];
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => told.push(String::new()),
            _ if depth == 0 => {
                told.iter_mut().last().into_iter().for_each(|name| name.push(letter))
            }
            _ => {}
        }
    }
    told.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// A record as `$select` and `$expand` show it: `navigation` says which properties are only there when expanded, `key`
/// which are always there.
pub(crate) fn shown(
    record: &Value,
    select: Option<&str>,
    expand: Option<&str>,
    navigation: impl Fn(&str, &Value) -> bool,
    key: &str,
) -> Value {
    let Value::Object(fields) = record else { return record.clone() };
    let (select, expand) = (select.map(names), expand.map(names).unwrap_or_default());
    let keeps = |name: &str, value: &Value| {
        let expanded = expand.iter().any(|told| told.eq_ignore_ascii_case(name));
        if expanded || navigation(name, value) {
            return expanded;
        }
        let selected = |told: &String| {
            told.eq_ignore_ascii_case(name)
                || told.split('/').next().is_some_and(|head| head == name)
        };
        select
            .as_ref()
            .is_none_or(|select| name.contains('@') || name == key || select.iter().any(selected))
    };
    Value::Object(
        fields
            .iter()
            .filter(|(name, value)| keeps(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(filter: &str, record: &Value) -> Option<bool> {
        Filter::read(filter).unwrap_or_else(|| panic!("{filter} is not understood")).keeps(record)
    }

    #[test]
    fn filters_keep_what_the_vendors_would_keep() {
        let record = json!({"type": 1, "category": 6, "name": "O'Hara", "startedon": "2026-10-02T06:00:00Z", "managed": true,
            "assigned": [{"skuId": "B30411F5-fea1-4a59-9ad9-3db7c7ead579"}], "properties": {"group": {"id": "x"}}});
        assert_eq!(kept("type eq 1 and (category eq 5 or category eq 6)", &record), Some(true));
        assert_eq!(kept("category eq 5 and type eq 1", &record), Some(false));
        assert_eq!(kept("startedon ge 2026-10-02T05:59:59Z", &record), Some(true));
        assert_eq!(kept("startedon gt 2026-10-02T06:00:00.0000000Z", &record), Some(false));
        assert_eq!(kept("name eq 'o''hara'", &record), Some(true));
        assert_eq!(kept("contains(name,'hara') and not (managed eq false)", &record), Some(true));
        assert_eq!(
            kept("assigned/any(l:l/skuId eq b30411f5-fea1-4a59-9ad9-3db7c7ead579)", &record),
            Some(true)
        );
        assert_eq!(kept("category in (5,7)", &record), Some(false));
        assert_eq!(kept("properties/group/id eq 'x'", &record), Some(true));
        assert_eq!(kept("missing eq 1", &record), None);
        assert_eq!(kept("missing eq 1 or type eq 1", &record), Some(true));
    }

    #[test]
    fn what_is_not_understood_is_said_to_be() {
        for text in ["", "type eq", "type like 1", "(type eq 1", "name eq 'x"] {
            assert_eq!(Filter::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_record_shows_what_was_selected_and_expanded() {
        let record = json!({"@odata.etag": "1", "userid": "u", "name": "n", "mail": "m", "roles": [{"id": 1}]});
        let navigation = |_: &str, value: &Value| value.is_array();
        assert_eq!(
            shown(&record, Some("name"), None, navigation, "userid"),
            json!({"@odata.etag": "1", "userid": "u", "name": "n"})
        );
        assert_eq!(
            shown(&record, Some("mail"), Some("roles($select=id,name)"), navigation, "userid")["roles"],
            json!([{"id": 1}])
        );
        assert_eq!(shown(&record, None, None, navigation, "userid").as_object().unwrap().len(), 4);
    }
}
