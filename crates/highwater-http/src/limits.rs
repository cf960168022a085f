//! Limits: how fast services may be read, as data.
//!
//! Owns the format of `config/limits.toml`. How the limits are kept is the limiter.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::Error;

const LIMITS: &str = include_str!("../../../config/limits.toml");

/// Limits of all services.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    by_service: BTreeMap<String, Limit>,
    default: Limit,
}

/// Limits of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Whether each scope has a count of its own.
    pub by_scope: bool,
    /// How many requests in what time, if the vendor says so.
    pub quota: Option<Rate>,
    /// Requests under way at the same time.
    pub concurrent: u32,
    /// Requests a day that the whole tenant shares.
    pub daily: Option<u64>,
    /// Most requests in one batch; 1 where there are no batches.
    pub batch: usize,
    /// Limits of paths that start so, the longest start first.
    pub paths: Vec<(String, PathLimit)>,
}

/// Limits of some paths of a service, which count for the service as well. All scopes of the service are counted
/// together here.
#[derive(Clone, Debug, PartialEq)]
pub struct PathLimit {
    /// How many requests in what time, if the vendor says so.
    pub quota: Option<Rate>,
    /// Requests under way at the same time.
    pub concurrent: u32,
}

/// How many requests in what time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// At most `requests` in any span of `time`.
    Window {
        /// Requests.
        requests: u32,
        /// Span.
        time: Duration,
    },
    /// `burst` at once, then `per_second`.
    Bucket {
        /// Requests at once.
        burst: u32,
        /// Requests a second.
        per_second: f64,
    },
}

impl Limits {
    /// The vendors' limits, from `config/limits.toml`.
    ///
    /// # Errors
    /// [`Error::Limits`] if that file is broken, which a test rules out.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse(LIMITS)
    }

    /// Limits in the format of `config/limits.toml`.
    ///
    /// # Errors
    /// [`Error::Limits`] for unknown keys, missing ones and figures that allow nothing.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        if table.remove("format") != Some(toml::Value::Integer(1)) {
            return Err(wrong("`format` must be 1".to_owned()));
        }
        let mut by_service = BTreeMap::new();
        for (service, value) in table {
            let entry: Entry =
                value.try_into().map_err(|error| wrong(format!("{service}: {error}")))?;
            let limit = entry.limit().map_err(|reason| wrong(format!("{service}: {reason}")))?;
            by_service.insert(service, limit);
        }
        let default =
            by_service.remove("default").ok_or_else(|| wrong("no [default]".to_owned()))?;
        Ok(Self { by_service, default })
    }

    /// Limits of one service.
    pub fn of(&self, service: &str) -> &Limit {
        self.by_service.get(service).unwrap_or(&self.default)
    }

    /// Replaces the limits of one service.
    pub fn set(&mut self, service: &str, limit: Limit) {
        self.by_service.insert(service.to_owned(), limit);
    }

    /// Daily pools by service.
    pub fn pools(&self) -> BTreeMap<String, u64> {
        self.by_service
            .iter()
            .filter_map(|(service, limit)| Some((service.clone(), limit.daily?)))
            .collect()
    }
}

impl Limit {
    /// The limit of the longest start of `path` that has one, and its place among them.
    pub(crate) fn path(&self, path: &str) -> Option<(usize, &PathLimit)> {
        self.paths
            .iter()
            .enumerate()
            .find(|(_, (start, _))| path.starts_with(start.as_str()))
            .map(|(at, (_, limit))| (at, limit))
    }
}

impl Default for Limit {
    /// Eight at the same time, and nothing else.
    fn default() -> Self {
        Self {
            by_scope: false,
            quota: None,
            concurrent: 8,
            daily: None,
            batch: 1,
            paths: Vec::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "page")]
    _page: String,
    counted_by: CountedBy,
    window: Option<WindowEntry>,
    bucket: Option<BucketEntry>,
    concurrent: u32,
    daily: Option<u64>,
    #[serde(default = "one")]
    batch: usize,
    #[serde(default)]
    path: Vec<PathEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathEntry {
    starts: String,
    #[serde(rename = "page")]
    _page: String,
    window: Option<WindowEntry>,
    bucket: Option<BucketEntry>,
    concurrent: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum CountedBy {
    Tenant,
    Scope,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowEntry {
    requests: u32,
    seconds: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketEntry {
    burst: u32,
    per_second: f64,
}

impl Entry {
    fn limit(self) -> Result<Limit, String> {
        let mut paths = Vec::new();
        for path in self.path {
            let quota = quota(path.window, path.bucket)?;
            let concurrent = at_least_one("concurrent", path.concurrent)?;
            paths.push((path.starts, PathLimit { quota, concurrent }));
        }
        paths.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        Ok(Limit {
            by_scope: self.counted_by == CountedBy::Scope,
            quota: quota(self.window, self.bucket)?,
            concurrent: at_least_one("concurrent", self.concurrent)?,
            daily: self.daily,
            batch: self.batch.max(1),
            paths,
        })
    }
}

fn quota(window: Option<WindowEntry>, bucket: Option<BucketEntry>) -> Result<Option<Rate>, String> {
    match (window, bucket) {
        (Some(_), Some(_)) => Err("a limit is either a window or a bucket".to_owned()),
        (None, None) => Ok(None),
        (Some(window), None) => {
            let requests = at_least_one("requests", window.requests)?;
            let time = Duration::from_secs_f64(positive("seconds", window.seconds)?);
            Ok(Some(Rate::Window { requests, time }))
        }
        (None, Some(bucket)) => {
            let burst = at_least_one("burst", bucket.burst)?;
            let per_second = positive("per_second", bucket.per_second)?;
            Ok(Some(Rate::Bucket { burst, per_second }))
        }
    }
}

fn at_least_one(name: &str, value: u32) -> Result<u32, String> {
    if value == 0 { Err(format!("`{name}` must be at least 1")) } else { Ok(value) }
}

fn positive(name: &str, value: f64) -> Result<f64, String> {
    let fine = value.is_finite() && value > 0.0 && value < 1e9;
    if fine { Ok(value) } else { Err(format!("`{name}` must be more than 0")) }
}

const fn one() -> usize {
    1
}

const fn wrong(reason: String) -> Error {
    Error::Limits { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_limits_are_those_of_the_vendors() {
        let limits = Limits::built_in().unwrap();
        assert_eq!(limits.pools(), BTreeMap::from([("dataverse".to_owned(), 25_000)]));
        let dataverse = limits.of("dataverse");
        let window = Rate::Window { requests: 6000, time: Duration::from_secs(300) };
        assert_eq!(dataverse.quota, Some(window));
        assert!(dataverse.by_scope);
        assert_eq!(limits.of("graph").batch, 20);
        assert_eq!(limits.of("no such service"), &limits.default);
    }

    #[test]
    fn the_longest_start_of_a_path_binds() {
        let limits = Limits::built_in().unwrap();
        let graph = limits.of("graph");
        let (_, access) = graph.path("/v1.0/identity/conditionalAccess/policies").unwrap();
        assert_eq!(access.concurrent, 1);
        assert_eq!(graph.path("/v1.0/users"), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let with = |line: &str| {
            let text = format!(
                "format = 1\n[default]\npage = \"own\"\ncounted_by = \"tenant\"\nconcurrent = 1\n[x]\npage = \"own\"\ncounted_by = \"tenant\"\n{line}"
            );
            Limits::parse(&text).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(with("concurrent = 1"), Ok(()));
        for line in [
            "concurrent = 0",
            "concurrent = 1\nspeed = 1",
            "concurrent = 1\nwindow = { requests = 0, seconds = 1 }",
            "concurrent = 1\nwindow = { requests = 1, seconds = 0 }",
            "concurrent = 1\nbucket = { burst = 1, per_second = -1 }",
            "concurrent = 1\nbucket = { burst = 1, per_second = 1 }\nwindow = { requests = 1, seconds = 1 }",
        ] {
            assert!(with(line).unwrap_err().starts_with("limits: x: "), "{line}");
        }
        assert!(Limits::parse("format = 2").is_err());
        assert!(Limits::parse("format = 1").is_err());
    }
}
