//! Expansion: what a lookup of a Dataverse record leads to, where a request expands it and the recording holds both.

use std::sync::Arc;

use serde_json::Value;

use super::Found;
use super::recording::{Recording, Told, key};
use crate::asked::Asked;
use crate::odata::names;
use crate::paging::{List, Rows};
use crate::reading::primary;

/// Puts what `$expand` asks for into records that hold only the id of it.
pub(super) fn expanded(recording: &Recording, asked: &Asked, found: Found) -> Found {
    let (Some(expand), Found::List(list)) = (asked.parameter("$expand"), &found) else {
        return found;
    };
    let mut rows = list.rows.cut(0, usize::MAX);
    for name in names(expand) {
        let lookup = format!("_{name}_value");
        for row in rows.iter_mut().filter(|row| row.get(&name).is_none()) {
            let target =
                row[&lookup].as_str().and_then(|id| target(recording, &asked.host, &name, id));
            if let Some(target) = target {
                row[&name] = target;
            }
        }
    }
    Found::List(List {
        rows: Rows::Held(Arc::new(rows)),
        envelope: list.envelope.clone(),
        broken: list.broken,
    })
}

/// The record that a lookup leads to: lookups are named after the primary column of their table.
fn target(recording: &Recording, host: &str, name: &str, id: &str) -> Option<Value> {
    let head = key("GET", host, "/api/data/v9.2/");
    let (_, held) = recording.exchanges.iter().find(|(key, _)| {
        key.strip_prefix(&head)
            .and_then(|set| set.strip_prefix('/'))
            .is_some_and(|set| primary(set) == name)
    })?;
    let rows = held.iter().filter_map(|exchange| {
        if let Told::List(rows, _) = &exchange.told { Some(rows.iter()) } else { None }
    });
    let row = rows.flatten().find(|row| row[name].as_str() == Some(id))?;
    let fields =
        row.as_object()?.iter().filter(|(_, value)| !value.is_array() && !value.is_object());
    Some(Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()))
}
