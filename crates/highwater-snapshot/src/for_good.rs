//! For good: a page as a recording may keep it for ever, and still say the same.
//!
//! Guarantees that what [`crate::without_credentials`] drops is dropped, and with it everything that only passes a
//! collector until it was read: values of variables, and whatever in a definition or a script looks like a secret.
//! Stand-ins take their places, so that readings find in the page what they found before. Where no stand-in manages
//! that, the definition is dropped. Knows definitions only by what `highwater-definitions` says of them.

mod flow;
mod script;

use serde_json::{Map, Value};

use crate::at_rest::{is_credential, is_whole};
use crate::boundary::{DROPPED, looks_secret};
use crate::tables::environment_variables::{is_plausible, vault_path};

/// Stands for a literal that looks like a secret: by its own words it looks like one wherever it stands.
const LITERAL: &str = "password: Dropped-1";
/// Stands for a value that could be a credential.
const PLAUSIBLE: &str = "Dropped-1";
/// Stands for a value that looks like a credential.
const SUSPECT: &str = "Password=(dropped)";

/// The page as it may be kept for good, as JSON with the same keys.
///
/// # Errors
/// The text is not JSON.
pub fn for_good(page: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let page = page.strip_prefix(b"\xef\xbb\xbf").unwrap_or(page);
    let mut value: Value = serde_json::from_slice(page)?;
    clean(&mut value, Below::Plain);
    serde_json::to_vec(&value)
}

/// What a value stands below.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Plain,
    /// A name for credentials: every text is one, but for what says of which type it is.
    Credential,
    /// A sink of telemetry, whose `key` is a credential.
    Sink,
}

fn clean(value: &mut Value, below: Below) {
    match value {
        Value::String(text) if below == Below::Credential || looks_secret(text) => drop_text(text),
        Value::String(text) if text.contains("://") => *text = without_keys(text),
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, below)),
        Value::Object(_) => {
            let is_flow = flow::of_service(value) || script::of_row(value);
            if let Value::Object(fields) = value {
                members(fields, below, is_flow);
            }
        }
        _ => {}
    }
}

/// Members of an object; `is_flow` where its definition was cleaned already.
fn members(fields: &mut Map<String, Value>, below: Below, is_flow: bool) {
    for (name, value) in fields {
        let name = name.to_ascii_lowercase();
        let inner = match name.as_str() {
            _ if below == Below::Credential => Below::Credential,
            "sink" => Below::Sink,
            _ => Below::Plain,
        };
        match value {
            Value::String(link) if is_place(&name) => *link = without_keys(link),
            Value::String(text) if name == "defaultvalue" => *text = stand_in(text),
            Value::Array(_) if name == "environmentvariabledefinition_environmentvariablevalue" => {
                values(value);
            }
            _ if is_flow && is_whole(&name) => {}
            Value::String(text) if is_whole(&name) => flow::text(text),
            Value::Object(properties) if is_flow && name == "properties" => {
                members(properties, inner, true);
            }
            Value::String(text) if below == Below::Sink && name == "key" => drop_text(text),
            _ if below == Below::Credential && name == "type" => {}
            _ if is_credential(&name) => clean(value, Below::Credential),
            _ => clean(value, inner),
        }
    }
}

fn drop_text(text: &mut String) {
    if !text.is_empty() {
        DROPPED.clone_into(text);
    }
}

/// Whether a member tells a place in a chain of pages.
fn is_place(name: &str) -> bool {
    ["nextlink", "skiptoken", "continuationtoken", "deltalink", "nextpageuri"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Names in the query of an address whose values are credentials.
const KEYS: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "client_secret",
    "code",
    "key",
    "password",
    "sig",
    "signature",
    "subscription-key",
    "token",
];

/// An address without the signatures and keys in its query. What is computed there is none.
fn without_keys(link: &str) -> String {
    let Some((head, query)) = link.split_once('?').filter(|_| !link.starts_with('@')) else {
        return link.to_owned();
    };
    let is_key = |name: &str| KEYS.iter().any(|key| key.eq_ignore_ascii_case(name));
    let kept = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_key(name) && !value.starts_with(['@', '{']) => {
            format!("{name}=(redacted)")
        }
        _ => pair.to_owned(),
    });
    format!("{head}?{}", kept.collect::<Vec<_>>().join("&"))
}

/// Current values of a variable.
fn values(value: &mut Value) {
    for current in value.as_array_mut().into_iter().flatten() {
        if let Some(Value::String(text)) = current.get_mut("value") {
            *text = stand_in(text);
        }
    }
}

/// What stands for the value of a variable. The path of a secret in a vault is none itself.
fn stand_in(value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    if looks_secret(value) {
        return SUSPECT.to_owned();
    }
    let other = if is_plausible(value) { PLAUSIBLE } else { DROPPED };
    vault_path(value).unwrap_or_else(|| other.to_owned())
}

#[cfg(test)]
mod tests;
