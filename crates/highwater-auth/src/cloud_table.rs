//! Cloud table: how a cloud is described, in `config/clouds.toml` and in `[cloud.NAME]` of the configuration.
//!
//! Guarantees that a description which is accepted can be used: every key is known, every address is https or
//! loopback, every host pattern has two labels that are names.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use crate::cloud::SERVICES;
use crate::{Audience, Cloud, Error, Service, host};

const CLOUDS: &str = include_str!("../../../config/clouds.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudsFile {
    format: u32,
    clouds: BTreeMap<String, CloudTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudTable {
    /// The cloud that it starts from.
    pub(crate) like: Option<String>,
    authority: Option<String>,
    #[serde(default)]
    services: BTreeMap<String, ServiceTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceTable {
    base: Option<String>,
    audience: Option<String>,
    hosts: Option<Vec<String>>,
}

impl CloudTable {
    /// A cloud with everything that this table says put in place of what it had.
    pub(crate) fn applied_to(self, mut cloud: Cloud) -> Result<Cloud, Error> {
        let name = cloud.name.clone();
        let at = |what: &str, reason: &str| {
            Error::configuration(format!("cloud {name}: {what}: {reason}"))
        };
        if let Some(authority) = self.authority {
            cloud.authority = address(&authority).map_err(|reason| at("authority", &reason))?;
        }
        for (service, change) in self.services {
            let at = |reason: &str| at(&format!("services.{service}"), reason);
            if !SERVICES.contains(&service.as_str()) {
                let known = SERVICES.join(", ");
                return Err(at(&format!("unknown service, known are {known}")));
            }
            let before = cloud.services.remove(&service);
            let after = change.applied_to(before).map_err(|reason| at(&reason))?;
            cloud.services.insert(service, after);
        }
        Ok(cloud)
    }
}

impl ServiceTable {
    fn applied_to(self, before: Option<Service>) -> Result<Service, String> {
        let base = match (self.base, &before) {
            (Some(base), _) => address(&base).map_err(|reason| format!("base: {reason}"))?,
            (None, Some(before)) => before.base.clone(),
            (None, None) => return Err("base: it is missing".to_owned()),
        };
        let audience = match (self.audience, &before) {
            (Some(audience), _) => own_audience(audience)?,
            (None, Some(before)) => before.audience.clone(),
            (None, None) => return Err("audience: it is missing".to_owned()),
        };
        let moved = before.as_ref().is_some_and(|before| before.base != base);
        let further = match (self.hosts, &before) {
            (Some(hosts), _) => hosts,
            (None, Some(before)) if !moved => before.hosts.clone(),
            (None, _) => Vec::new(),
        };
        Ok(Service { hosts: allowed(&base, further)?, base, audience })
    }
}

/// The tables of `config/clouds.toml` by name.
pub(crate) fn built_in() -> Result<BTreeMap<String, CloudTable>, Error> {
    let wrong = |reason: &str| Error::configuration(format!("config/clouds.toml: {reason}"));
    let file: CloudsFile = toml::from_str(CLOUDS).map_err(|error| wrong(error.message()))?;
    if file.format == 1 { Ok(file.clouds) } else { Err(wrong("its format is not 1")) }
}

/// An address without a slash at its end, if a token may be sent there.
fn address(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let url = example(text).ok_or_else(|| format!("`{text}` is not an address"))?;
    if !host::is_safe(&url) {
        return Err(format!(
            "`{text}` must be https; plain http is accepted for loopback addresses only"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` must end with its path"));
    }
    Ok(text.to_owned())
}

fn own_audience(text: String) -> Result<Audience, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!("audience: `{text}` is not a resource"));
    }
    Ok(Audience::new(text))
}

fn allowed(base: &str, further: Vec<String>) -> Result<Vec<String>, String> {
    let mut hosts = patterns_of(base);
    for pattern in further {
        if let Some(fault) = host::fault(&pattern) {
            return Err(format!("hosts: `{pattern}`: {fault}"));
        }
        if !hosts.contains(&pattern) {
            hosts.push(pattern);
        }
    }
    Ok(hosts)
}

/// Host patterns of a base address: a part in braces is a label, `{n}` digits, `{level}` one of two words.
fn patterns_of(base: &str) -> Vec<String> {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest).to_lowercase();
    let levels = if host.contains("{level}") { &["tenant", "environment"][..] } else { &[""][..] };
    levels.iter().map(|level| filled(&host.replace("{level}", level), "#", "*")).collect()
}

/// An address of the form of `base`, to look at its scheme and its parts.
fn example(base: &str) -> Option<Url> {
    Url::parse(&filled(&base.replace("{level}", "tenant"), "4", "x")).ok().filter(Url::has_host)
}

/// `text` with its parts in braces replaced: `{n}` by `digits`, `{id-…}` by two labels, others by one.
fn filled(text: &str, digits: &str, label: &str) -> String {
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, after) = part.split_once('}').unwrap_or((part, ""));
        match name {
            "n" => out.push_str(digits),
            name if name.starts_with("id-") => out.push_str(&format!("{label}.{label}")),
            _ => out.push_str(label),
        }
        out.push_str(after);
    }
    out
}
