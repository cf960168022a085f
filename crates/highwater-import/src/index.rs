//! Index: `highwater-index.json`, which says of files what content cannot.
//!
//! Strict on purpose: an unknown key, an unknown source or a path outside the folder is an error with
//! its remedy. What it says of a file is still checked against the content.

use std::collections::BTreeSet;
use std::path::Path;

use highwater_snapshot::Time;
use serde::Deserialize;

use crate::Error;
use crate::kinds::{self, About, Source};

/// Name of the index at the top of an imported folder.
pub(crate) const INDEX: &str = "highwater-index.json";

/// The index as it was written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    tenant: Option<String>,
    taken_at: Option<String>,
    cloud: Option<String>,
    identity: Option<String>,
    #[serde(default)]
    exchanges: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: Option<String>,
    source: String,
    environment: Option<String>,
    parent: Option<String>,
    part: Option<String>,
    status: Option<u16>,
    reason: Option<String>,
    observed_at: Option<String>,
    /// What was asked, `GET https://…`; for those who read or replay the recording, not for the import.
    #[expect(dead_code, reason = "accepted and not needed here")]
    request: Option<String>,
}

/// What an index says, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) tenant: Option<String>,
    pub(crate) taken_at: Option<Time>,
    pub(crate) cloud: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) exchanges: Vec<Exchange>,
}

/// One request and where its answer is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exchange {
    pub(crate) file: Option<String>,
    pub(crate) source: &'static Source,
    pub(crate) environment: Option<String>,
    pub(crate) parent: Option<String>,
    /// Which of the source's requests it answers; none where the index leaves that to the content.
    pub(crate) part: Option<&'static str>,
    /// HTTP status; none where the request was not made.
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    /// When it was read, where that is before the moment of the whole.
    pub(crate) observed_at: Option<Time>,
}

impl Exchange {
    /// The scope of the request.
    pub(crate) fn scope(&self) -> String {
        kinds::scope(self.source, self.environment.as_deref(), self.parent.as_deref())
    }

    /// Whether the service said that there is none, in so many words or by a count: 204.
    pub(crate) fn is_none(&self) -> bool {
        self.status == Some(204) && self.file.is_none()
    }

    /// Whether the service answered.
    pub(crate) const fn is_answer(&self) -> bool {
        matches!(self.status, Some(200..300))
    }
}

/// Reads and checks an index.
pub(crate) fn read(path: &Path) -> Result<Index, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let text = crate::decode::decode(&bytes).map_err(|problem| Error::index(path, problem))?;
    parse(&text.text).map_err(|problem| Error::index(path, problem))
}

fn parse(text: &str) -> Result<Index, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if file.format != 1 {
        return Err(format!("format {} is not known; this version reads format 1", file.format));
    }
    let tenant = file.tenant.map(|tenant| guid(&tenant)).transpose()?;
    let taken_at = file.taken_at.map(|told| {
        Time::parse(&told).ok_or_else(|| format!("taken_at `{told}` is not a moment in RFC 3339"))
    });
    let taken_at = taken_at.transpose()?;
    let mut files = BTreeSet::new();
    let mut exchanges = Vec::new();
    for (number, entry) in (1..).zip(file.exchanges) {
        let exchange =
            exchange(entry).map_err(|problem| format!("exchange {number}: {problem}"))?;
        if let Some(file) = &exchange.file
            && !files.insert(file.clone())
        {
            return Err(format!("exchange {number}: {file} is listed twice"));
        }
        if exchange.observed_at.is_some_and(|at| taken_at.is_some_and(|taken_at| at > taken_at)) {
            return Err(format!("exchange {number}: observed_at is later than taken_at"));
        }
        exchanges.push(exchange);
    }
    Ok(Index { tenant, taken_at, cloud: file.cloud, identity: file.identity, exchanges })
}

fn exchange(entry: Entry) -> Result<Exchange, String> {
    let source = kinds::source(&entry.source).ok_or_else(|| {
        let known: Vec<&str> = kinds::sources().collect();
        format!("`{}` is no source id; the source ids are {}", entry.source, known.join(", "))
    })?;
    // Without file and status, but with a reason: the request was not made.
    let unasked = entry.file.is_none() && entry.status.is_none() && entry.reason.is_some();
    let status = (!unasked).then(|| entry.status.unwrap_or(200));
    if let Some(status) = status.filter(|status| !(100..600).contains(status)) {
        return Err(format!("status {status} is no HTTP status"));
    }
    // A source that is whole with one request has no parts to tell apart.
    let told = entry.part.filter(|_| !source.parts.is_empty());
    let part = told.map(|told| part(source, &told)).transpose()?;
    let lower = |text: Option<String>| {
        text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
    };
    let (environment, parent) = (lower(entry.environment), lower(entry.parent));
    if source.about == About::Tenant && (environment.is_some() || parent.is_some()) {
        return Err(format!(
            "{} is read once for the tenant: leave environment and parent out",
            source.id
        ));
    }
    let moment = |told: String| {
        Time::parse(&told)
            .ok_or_else(|| format!("observed_at `{told}` is not a moment in RFC 3339"))
    };
    let exchange = Exchange {
        observed_at: entry.observed_at.map(moment).transpose()?,
        file: entry.file,
        source,
        environment,
        parent,
        part,
        status,
        reason: entry.reason,
    };
    if exchange.is_answer() && exchange.file.is_none() && !exchange.is_none() {
        return Err(format!("{} was answered: say in which file", source.id));
    }
    if let Some(file) = &exchange.file {
        inside(file)?;
    }
    Ok(exchange)
}

fn part(source: &'static Source, told: &str) -> Result<&'static str, String> {
    source.parts.iter().copied().find(|part| *part == told).ok_or_else(|| match source.parts {
        [] => format!("{} is one request: leave part out", source.id),
        parts => {
            format!("`{told}` is no part of {}; its parts are {}", source.id, parts.join(", "))
        }
    })
}

fn inside(file: &str) -> Result<(), String> {
    let plain = !file.is_empty() && !file.contains('\\') && !file.contains(':');
    let steps = || file.split('/').all(|step| !step.is_empty() && step != "." && step != "..");
    if plain && steps() {
        Ok(())
    } else {
        Err(format!("`{file}` is not a path below the folder, written with /"))
    }
}

fn guid(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    if is_guid(&text) {
        Ok(text)
    } else {
        Err(format!("tenant `{text}` is not a directory id (GUID)"))
    }
}

/// Whether a text is a GUID in lower case.
pub(crate) fn is_guid(text: &str) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(text.as_bytes()) else { return false };
    // Counted without an early end and in one byte, as compilers do for many at once.
    let digit = |byte: u8| u8::from(byte.is_ascii_digit() | (b'a'..=b'f').contains(&byte));
    [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-')
        && bytes.iter().fold(0, |digits, byte| digits + digit(*byte)) == 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_index_is_read() {
        let index = parse(
            r#"{"format": 1, "tenant": "00000000-0000-0000-0000-0000000000AA", "taken_at": "2026-01-02T03:04:05Z", "cloud": "public",
                "identity": "reader", "exchanges": [
                {"file": "flow/e1.json", "source": "flow.admin_flows", "environment": "Default-E1"},
                {"source": "dv.solutions", "environment": "e2", "status": 403, "reason": "no privilege",
                 "request": "GET https://finance.crm4.dynamics.com/api/data/v9.2/solutions"}]}"#,
        )
        .unwrap();
        assert_eq!(index.tenant.as_deref(), Some("00000000-0000-0000-0000-0000000000aa"));
        let scopes: Vec<_> = index
            .exchanges
            .iter()
            .map(|exchange| (exchange.scope(), exchange.is_answer()))
            .collect();
        assert_eq!(scopes, [("default-e1".to_owned(), true), ("e2".to_owned(), false)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_remedy() {
        for (text, problem) in [
            (r#"{"format": 2}"#, "reads format 1"),
            (r#"{"format": 1, "tenants": "x"}"#, "tenants"),
            (r#"{"format": 1, "tenant": "contoso"}"#, "GUID"),
            (r#"{"format": 1, "taken_at": "yesterday"}"#, "RFC 3339"),
            (
                r#"{"format": 1, "exchanges": [{"source": "bap.environment", "file": "a"}]}"#,
                "bap.environments",
            ),
            (r#"{"format": 1, "exchanges": [{"source": "bap.environments"}]}"#, "in which file"),
            (
                r#"{"format": 1, "exchanges": [{"source": "bap.environments", "file": "../a"}]}"#,
                "below the folder",
            ),
            (
                r#"{"format": 1, "exchanges": [{"source": "bap.environments", "file": "/a"}]}"#,
                "below the folder",
            ),
            (
                r#"{"format": 1, "exchanges": [{"source": "bap.environments", "file": "a", "environment": "e"}]}"#,
                "leave environment",
            ),
            (
                r#"{"format": 1, "exchanges": [{"source": "bap.environments", "file": "a", "status": 99}]}"#,
                "HTTP status",
            ),
            (
                r#"{"format": 1, "exchanges": [{"source": "bap.environments", "file": "a"}, {"source": "bap.tenant", "file": "a"}]}"#,
                "twice",
            ),
            (
                r#"{"format": 1, "taken_at": "2026-01-02T03:04:05Z", "exchanges": [{"source": "bap.environments", "file": "a", "observed_at": "2026-01-03T00:00:00Z"}]}"#,
                "later than taken_at",
            ),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(problem), "{text}: {found}");
        }
    }
}
