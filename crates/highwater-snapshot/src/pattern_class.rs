//! Pattern class: which class the data policies give a custom connector by its address.
//!
//! Owns `custom_connectors.pattern_class`, which no portable SQL can say, because it matches patterns. For
//! every policy that covers the environment the first matching rule decides, and the strictest policy wins.
//! `''` (no class) needs policies, environments and patterns that were read in full; anything less is not
//! told. See <https://learn.microsoft.com/power-platform/admin/dlp-custom-connector-parity>.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use crate::Error;
use crate::config::matches;
use crate::frames::Frames;

/// One policy: what it covers and its rules in order, pattern and class.
#[derive(Default)]
struct Policy {
    kind: String,
    named: BTreeSet<String>,
    rules: Vec<(i64, Option<String>, Option<String>)>,
}

/// Fills the column where a host is known.
pub(crate) fn classify(frames: &mut Frames) -> Result<(), Error> {
    if frames.height("custom_connectors") == 0 {
        return Ok(());
    }
    let made = classes(frames).and_then(|classes| {
        frames.set("custom_connectors", Column::new("pattern_class".into(), classes))
    });
    made.map_err(Error::table("custom_connectors"))
}

/// The class of every custom connector.
fn classes(frames: &Frames) -> PolarsResult<Vec<Option<String>>> {
    let (policies, known) = (policies(frames)?, read_in_full(frames)?);
    let mut classes = Vec::new();
    for connectors in frames.batches("custom_connectors", &["environment_id", "host", "scheme"]) {
        let connectors = connectors?;
        let column = |name: &str| connectors.column(name)?.str().cloned();
        let (environments, hosts, schemes) =
            (column("environment_id")?, column("host")?, column("scheme")?);
        classes.extend((0..connectors.height()).map(|at| {
            let (environment, host) = (environments.get(at)?, hosts.get(at)?);
            class(&policies, environment, host, schemes.get(at), known)
        }));
    }
    Ok(classes)
}

/// The strictest class of the covering policies; `None` where it cannot be told.
fn class(
    policies: &BTreeMap<String, Policy>,
    environment: &str,
    host: &str,
    scheme: Option<&str>,
    known: bool,
) -> Option<String> {
    let classes: Option<Vec<String>> = policies
        .values()
        .filter(|policy| covers(policy, environment))
        .map(|policy| class_by(policy, host, scheme))
        .collect();
    let strictest = classes?.into_iter().max_by_key(|class| strictness(class)).unwrap_or_default();
    (known || strictest == "blocked").then_some(strictest)
}

fn covers(policy: &Policy, environment: &str) -> bool {
    match policy.kind.as_str() {
        "allenvironments" => true,
        "exceptenvironments" => !policy.named.contains(environment),
        _ => policy.named.contains(environment),
    }
}

/// The class that one policy gives an address; `''` for none. `None` where a rule or the scheme that would
/// decide was not told.
fn class_by(policy: &Policy, host: &str, scheme: Option<&str>) -> Option<String> {
    match scheme {
        Some(scheme) => first_match(policy, host, scheme),
        None => {
            let (http, https) =
                (first_match(policy, host, "http")?, first_match(policy, host, "https")?);
            (http == https).then_some(http)
        }
    }
}

fn first_match(policy: &Policy, host: &str, scheme: &str) -> Option<String> {
    let addresses = [format!("{scheme}://{host}"), host.to_owned()];
    for (_, pattern, class) in &policy.rules {
        let pattern = pattern.as_deref()?.trim_end_matches('/');
        if addresses.iter().any(|address| matches(pattern, address)) {
            let class = class.clone()?;
            return Some(if class == "ignore" { String::new() } else { class });
        }
    }
    Some(String::new())
}

fn strictness(class: &str) -> u8 {
    match class {
        "blocked" => 3,
        "confidential" => 2,
        "general" => 1,
        _ => 0,
    }
}

fn policies(frames: &Frames) -> PolarsResult<BTreeMap<String, Policy>> {
    let mut found: BTreeMap<String, Policy> = BTreeMap::new();
    for row in texts(frames, "dlp_policies", &["policy_id", "environment_type"])? {
        if let [Some(id), kind] = row.as_slice() {
            found.entry(id.clone()).or_default().kind = kind.clone().unwrap_or_default();
        }
    }
    for row in texts(frames, "dlp_policy_environments", &["policy_id", "environment_id"])? {
        if let [Some(id), Some(environment)] = row.as_slice() {
            found.entry(id.clone()).or_default().named.insert(environment.clone());
        }
    }
    let orders: Vec<i64> = match frames.columns("dlp_custom_connector_patterns", &["rule_order"])? {
        Some(frame) => {
            frame.column("rule_order")?.i64()?.iter().map(Option::unwrap_or_default).collect()
        }
        None => Vec::new(),
    };
    let patterns = texts(
        frames,
        "dlp_custom_connector_patterns",
        &["policy_id", "pattern", "classification"],
    )?;
    for (row, order) in patterns.into_iter().zip(orders) {
        if let [Some(id), pattern, class] = row.as_slice() {
            found.entry(id.clone()).or_default().rules.push((
                order,
                pattern.clone(),
                class.clone(),
            ));
        }
    }
    for policy in found.values_mut() {
        policy.rules.sort();
    }
    Ok(found)
}

fn texts(frames: &Frames, table: &str, columns: &[&str]) -> PolarsResult<Vec<Vec<Option<String>>>> {
    let Some(frame) = frames.columns(table, columns)? else { return Ok(Vec::new()) };
    let columns = columns
        .iter()
        .map(|name| frame.column(name)?.str().cloned())
        .collect::<PolarsResult<Vec<_>>>()?;
    Ok((0..frame.height())
        .map(|at| columns.iter().map(|column| column.get(at).map(ToOwned::to_owned)).collect())
        .collect())
}

/// Whether policies, the environments they name and their patterns were all read in full.
fn read_in_full(frames: &Frames) -> PolarsResult<bool> {
    let tables = ["dlp_policies", "dlp_policy_environments", "dlp_custom_connector_patterns"];
    let seen = frames.columns("tenant_seen", &tables)?;
    let Some(seen) = seen.filter(|seen| seen.height() > 0) else { return Ok(false) };
    let mut full = true;
    for table in tables {
        full &= seen.column(table)?.bool()?.get(0) == Some(true);
    }
    Ok(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(kind: &str, rules: &[(&str, &str)]) -> Policy {
        let rules = (1..).zip(rules).map(|(order, (pattern, class))| {
            (order, Some((*pattern).to_owned()), Some((*class).to_owned()))
        });
        Policy {
            kind: kind.to_owned(),
            named: BTreeSet::from(["e1".to_owned()]),
            rules: rules.collect(),
        }
    }

    fn told(policies: Vec<Policy>, scheme: Option<&str>, known: bool) -> Option<String> {
        let policies = (0..)
            .zip(policies)
            .map(|(id, policy): (i32, Policy)| (id.to_string(), policy))
            .collect();
        class(&policies, "e1", "api.contoso.example", scheme, known)
    }

    #[test]
    fn the_first_matching_rule_decides_and_the_strictest_policy_wins() {
        let lenient = policy(
            "allenvironments",
            &[("https://*.contoso.example/", "confidential"), ("*", "blocked")],
        );
        let strict = policy("onlyenvironments", &[("*", "blocked")]);
        let elsewhere = policy("exceptenvironments", &[("*", "blocked")]);
        assert_eq!(
            told(vec![lenient, elsewhere], Some("https"), true).as_deref(),
            Some("confidential")
        );
        let lenient = policy("allenvironments", &[("https://*.contoso.example", "confidential")]);
        assert_eq!(told(vec![lenient, strict], Some("https"), false).as_deref(), Some("blocked"));
    }

    #[test]
    fn none_needs_everything_read_and_an_undecided_scheme_is_not_told() {
        let ignore = || policy("allenvironments", &[("*", "ignore")]);
        assert_eq!(told(vec![ignore()], None, true).as_deref(), Some(""));
        assert_eq!(told(vec![ignore()], None, false), None);
        let secure_only =
            policy("allenvironments", &[("https://*", "general"), ("http://*", "blocked")]);
        assert_eq!(told(vec![secure_only], None, true), None);
    }
}
