//! Flow: the definition of a cloud flow without what looks like a secret in it.
//!
//! Guarantees that the flow counts as before, places of suspects included, or that nothing of it is left.

use highwater_definitions::{CloudFlow, Rule, cloud_flow};
use serde_json::Value;

use super::{Below, LITERAL, clean, without_keys};
use crate::boundary::{DROPPED, looks_secret};

/// Cleans the definition in a record of the flow service; whether it is one.
pub(super) fn of_service(record: &mut Value) -> bool {
    if !record["properties"]["definition"].is_object() {
        return false;
    }
    let Some(flow) = counted(record) else { return false };
    let mut kept = quiet(record, &flow).unwrap_or(Value::Null);
    record["properties"]["definition"] = kept["properties"]["definition"].take();
    true
}

/// Cleans a text below a name for definitions.
pub(super) fn text(text: &mut String) {
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        if looks_secret(text) {
            DROPPED.clone_into(text);
        }
        return;
    };
    *text = match counted(&document) {
        Some(flow) => quiet(&document, &flow).map_or_else(String::new, |kept| kept.to_string()),
        None => {
            let mut stub = document;
            clean(&mut stub, Below::Plain);
            stub.to_string()
        }
    };
}

/// What a document says, findings apart.
fn counted(document: &Value) -> Option<CloudFlow> {
    cloud_flow(document.to_string().as_bytes()).ok()
}

/// The document with stand-ins; none where it would not count as before.
fn quiet(document: &Value, flow: &CloudFlow) -> Option<Value> {
    [plainly as fn(&str) -> String, with_host].into_iter().find_map(|stand_in| {
        let mut kept = document.clone();
        let suspects =
            flow.findings.iter().filter(|finding| matches!(finding.rule, Rule::Secret(_)));
        for pointer in suspects.filter_map(|finding| finding.pointer.as_deref()) {
            let place = kept.pointer_mut(pointer)?;
            if let Some(literal) = place.as_str() {
                *place = stand_in(literal).into();
            }
        }
        unsuspected(&mut kept);
        same(flow, &counted(&kept)?).then_some(kept)
    })
}

fn plainly(_: &str) -> String {
    LITERAL.to_owned()
}

/// Keeps the host of an address, because addresses are counted.
fn with_host(literal: &str) -> String {
    let Some((scheme, rest)) = literal.trim().split_once("://") else { return plainly(literal) };
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/ {LITERAL}")
}

/// What looks like a credential and was not suspected.
fn unsuspected(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("Bearer ") || looks_secret(text) => {
            DROPPED.clone_into(text);
        }
        Value::String(text) if text.contains("://") => *text = without_keys(text),
        Value::Array(items) => items.iter_mut().for_each(unsuspected),
        Value::Object(fields) => fields.values_mut().for_each(unsuspected),
        _ => {}
    }
}

/// Whether two flows count alike; which rules found the suspects does not matter.
fn same(one: &CloudFlow, other: &CloudFlow) -> bool {
    let plain = |flow: &CloudFlow| {
        let mut flow = flow.clone();
        flow.findings.clear();
        flow.features.secret_rules.clear();
        flow
    };
    plain(one) == plain(other)
}
