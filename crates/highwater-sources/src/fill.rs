//! Fill: a declared request and a place become a read.
//!
//! Guarantees that what vendors name (ids, names) cannot change which path is asked: it is encoded as one segment,
//! or, where a whole resource id belongs there, cannot leave its place. Knows no source.

use std::collections::BTreeMap;

use bytes::Bytes;
use highwater_auth::{Audience, Cloud};
use highwater_http::{Method, Read};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::plan::Plan;
use crate::source::Request;

/// Values by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) texts: BTreeMap<&'static str, String>,
    /// What `{ids}` stands for.
    pub(crate) ids: Vec<String>,
    /// Address that stands for the base of the service (Dataverse).
    pub(crate) base: Option<String>,
    pub(crate) now: Timestamp,
}

/// How a value is put in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Into {
    Path,
    Text,
    Json,
}

/// The read for a request.
pub(crate) fn read(
    service: &'static str,
    request: &Request,
    values: &Values,
    cloud: &Cloud,
) -> Result<Read, String> {
    let known = cloud.services.get(service);
    let at =
        known.ok_or_else(|| format!("cloud {} has no known host for {service}", cloud.name))?;
    let base = match &values.base {
        Some(base) => base.clone(),
        None => base(&at.base, values)?,
    };
    let path = fill(request.path, values, Into::Path)?;
    let whole = if path.starts_with("https://") || path.starts_with("http://") {
        path
    } else {
        format!("{base}{path}")
    };
    let mut url =
        Url::parse(&whole).map_err(|error| format!("`{whole}` is no address: {error}"))?;
    if !request.query.is_empty() {
        url.set_query(Some(&query(url.query(), request, values)?));
    }
    let audience = match at.audience.as_str() {
        "{origin}" => Audience::new(url.origin().ascii_serialization()),
        _ => at.audience.clone(),
    };
    let headers =
        request.headers.iter().map(|(name, value)| Ok((*name, fill(value, values, Into::Text)?)));
    let method = match request.body {
        Some(body) => Method::Post(Bytes::from(fill(body, values, Into::Json)?)),
        None => Method::Get,
    };
    Ok(Read {
        service,
        scope: scope(service, &url, values),
        audience,
        method,
        url,
        headers: headers.collect::<Result<_, String>>()?,
        paging: request.paging,
    })
}

/// What the vendor counts by within a service.
fn scope(service: &str, url: &Url, values: &Values) -> String {
    match service {
        "dataverse" | "keyvault" => url.host_str().unwrap_or_default().to_owned(),
        "arm" => values.texts.get("subscription").cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

fn query(given: Option<&str>, request: &Request, values: &Values) -> Result<String, String> {
    let mut query = given.unwrap_or_default().to_owned();
    for (name, value) in request.query {
        if !query.is_empty() {
            query.push('&');
        }
        encode(name, b"$-_.", &mut query);
        query.push('=');
        encode(&fill(value, values, Into::Text)?, b"$-_.~!*'(),;:@/", &mut query);
    }
    Ok(query)
}

/// The base address of a service whose host has parts of its own.
fn base(base: &str, values: &Values) -> Result<String, String> {
    let tenant = values.texts.get("tenant").map_or("", String::as_str);
    let mut filled = base.replace("{level}", "tenant");
    for last in 1..=2_usize {
        let bare: String = tenant.chars().filter(|letter| *letter != '-').collect();
        if let Some((head, tail)) =
            bare.len().checked_sub(last).and_then(|at| bare.split_at_checked(at))
        {
            for mark in [format!("{{id/{last}}}"), format!("{{id-{last}}}")] {
                filled = filled.replace(&mark, &format!("{head}.{tail}"));
            }
        }
    }
    // A part of the host that nothing else fills is what the request is asked once each for: the region.
    if let Some(key) = values.texts.get("key") {
        filled = filled.replace("{region}", key);
    }
    fill(&filled, values, Into::Path)
}

/// Puts values in the place of `{name}` and `{+name}`; anything else in braces stays.
fn fill(text: &str, values: &Values, into: Into) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        let Some((name, tail)) = placeholder(after) else {
            filled.push('{');
            rest = &after[1..];
            continue;
        };
        put(name, values, into, &mut filled)?;
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The name at the beginning of a text in braces, and what follows it.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, tail) = text.strip_prefix('{')?.split_once('}')?;
    let plain = name.strip_prefix('+').unwrap_or(name);
    let letters = plain
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (letters && !plain.is_empty()).then_some((name, tail))
}

fn put(name: &str, values: &Values, into: Into, filled: &mut String) -> Result<(), String> {
    if name == "ids" && into == Into::Json {
        filled.push_str(&serde_json::to_string(&values.ids).map_err(|error| error.to_string())?);
        return Ok(());
    }
    let (plain, raw) = (name.strip_prefix('+').unwrap_or(name), name.starts_with('+'));
    let value = match values.texts.get(plain) {
        Some(value) => value.clone(),
        None => {
            moment(plain, values.now).ok_or_else(|| format!("{{{plain}}} is not known here"))?
        }
    };
    match into {
        Into::Path if raw => raw_path(&value, filled)?,
        Into::Path => segment(&value, filled)?,
        Into::Text => filled.push_str(&value),
        Into::Json => {
            let text = serde_json::to_string(&value).map_err(|error| error.to_string())?;
            filled.push_str(text.trim_start_matches('"').strip_suffix('"').unwrap_or_default());
        }
    }
    Ok(())
}

/// One segment of a path: a step that would lead elsewhere is refused.
fn segment(value: &str, filled: &mut String) -> Result<(), String> {
    if value.is_empty() || value == "." || value == ".." {
        return Err(format!("`{value}` cannot stand in an address"));
    }
    encode(value, b"-_.~!$'(),;:@*", filled);
    Ok(())
}

/// Several segments, or a whole address: it must not leave its place, ask for something else or hide an end.
fn raw_path(value: &str, filled: &mut String) -> Result<(), String> {
    let whole = value.starts_with("https://") || value.starts_with("http://");
    let steps = value.split(['/', '?', '#']);
    let leads_away = steps.into_iter().any(|step| step == "." || step == "..");
    let asks = !whole && value.contains(['?', '#']);
    if value.is_empty() || leads_away || asks || value.contains('\\') {
        return Err(format!("`{value}` cannot stand in an address"));
    }
    encode(value, b"-_.~!$'(),;:@*/?&=%+[]", filled);
    Ok(())
}

fn encode(text: &str, plain: &[u8], encoded: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// `now`, or `ago_30d` and `ago_12h`.
fn moment(name: &str, now: Timestamp) -> Option<String> {
    let ago = if name == "now" { 0 } else { hours(name.strip_prefix("ago_")?)? };
    let then = now.checked_sub(SignedDuration::from_hours(ago)).ok()?;
    Some(format!("{then:.0}"))
}

fn hours(text: &str) -> Option<i64> {
    let (number, each) = match text.strip_suffix('d') {
        Some(days) => (days, 24),
        None => (text.strip_suffix('h')?, 1),
    };
    number.parse::<i64>().ok()?.checked_mul(each)
}

/// What every request of a run may name.
pub(crate) fn values(plan: &Plan, now: Timestamp) -> Values {
    let texts = BTreeMap::from([("tenant", plan.tenant.to_lowercase())]);
    Values { texts, now, ..Values::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(fields: &[(&'static str, &str)]) -> Values {
        let texts = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Values { texts, now: "2026-11-22T06:00:00Z".parse().unwrap(), ..Values::default() }
    }

    fn path(text: &str, fields: &[(&'static str, &str)]) -> Result<String, String> {
        fill(text, &with(fields), Into::Path)
    }

    #[test]
    fn names_of_vendors_are_one_segment() {
        assert_eq!(path("/x/{id}/y", &[("id", "a/b ?#%")]).unwrap(), "/x/a%2Fb%20%3F%23%25/y");
        assert_eq!(path("/x/{id}", &[("id", "~Default")]).unwrap(), "/x/~Default");
        assert!(path("/x/{id}/y", &[("id", "..")]).is_err());
        assert!(path("/x/{id}/y", &[("id", "")]).is_err());
        assert!(path("/x/{other}", &[]).unwrap_err().contains("{other}"));
    }

    #[test]
    fn resource_ids_keep_their_slashes_and_their_place() {
        let id = "/subscriptions/s/resourceGroups/r g/providers/Microsoft.KeyVault/vaults/v";
        assert_eq!(
            path("{+id}/secrets", &[("id", id)]).unwrap(),
            "/subscriptions/s/resourceGroups/r%20g/providers/Microsoft.KeyVault/vaults/v/secrets"
        );
        for odd in ["/a/../b", "/a?x=1", "/a#b", "\\\\host", "/a/.."] {
            assert!(path("{+id}/secrets", &[("id", odd)]).is_err(), "{odd}");
        }
    }

    #[test]
    fn moments_are_counted_back_from_that_of_the_run() {
        assert_eq!(path("{ago_30d}", &[]).unwrap(), "2026-10-23T06:00:00Z");
        assert_eq!(
            fill("ge {ago_12h}", &with(&[]), Into::Text).unwrap(),
            "ge 2026-11-21T18:00:00Z"
        );
        assert!(path("{ago_30y}", &[]).is_err());
    }

    #[test]
    fn bodies_stay_json_whatever_is_put_in() {
        let mut values = with(&[("key", "a\"b\\c")]);
        values.ids = vec!["1".into(), "x\"".into()];
        let body = fill(r#"{"a": {"b": "'{key}'"}, "ids": {ids}}"#, &values, Into::Json).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(parsed["a"]["b"], "'a\"b\\c'");
        assert_eq!(parsed["ids"][1], "x\"");
    }

    #[test]
    fn a_tenant_has_a_host_of_its_own() {
        let values = with(&[("tenant", "00000000-0000-0000-0000-0000000000ab")]);
        for mark in ["{id/2}", "{id-2}"] {
            let found =
                base(&format!("https://{mark}.{{level}}.api.contoso.example"), &values).unwrap();
            assert_eq!(
                found,
                "https://000000000000000000000000000000.ab.tenant.api.contoso.example"
            );
        }
        let region = base("https://{region}.contoso.example", &with(&[("key", "emea")])).unwrap();
        assert_eq!(region, "https://emea.contoso.example");
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_segment(value in "\\PC{0,20}") {
            if let Ok(filled) = path("/a/{id}/b", &[("id", value.as_str())]) {
                let url = Url::parse(&format!("https://host.example{filled}")).unwrap();
                let steps: Vec<&str> = url.path_segments().unwrap().collect();
                prop_assert_eq!((steps.len(), steps[0], steps[2]), (3, "a", "b"));
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
        }

        #[test]
        fn no_value_changes_the_query(value in "\\PC{0,20}") {
            let request = Request { path: "/a", query: &[("x", "id eq '{id}'"), ("y", "1")], ..Request::GET };
            let text = query(None, &request, &with(&[("id", value.as_str())])).unwrap();
            let url = Url::parse(&format!("https://host.example/a?{text}")).unwrap();
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, [("x".to_owned(), format!("id eq '{value}'")), ("y".to_owned(), "1".to_owned())]);
        }
    }
}
