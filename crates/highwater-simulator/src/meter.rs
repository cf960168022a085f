//! Meter: what was asked of the simulated cloud, for tests and benchmarks to look at afterwards.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts of requests, for benchmarks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Requests by service, method and path, ids left out: `graph GET /v1.0/groups/{id}/members`.
    pub by_path: BTreeMap<String, u64>,
    /// Requests by service.
    pub by_service: BTreeMap<String, u64>,
    /// Answers by service and status: `graph 429`.
    pub by_status: BTreeMap<String, u64>,
    /// Most requests that were under way at one time.
    pub peak: u64,
    /// Bytes of answers, before compression.
    pub bytes: u64,
}

impl Requests {
    /// All requests together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_service.values().sum()
    }
}

/// Keeps the counts and the lists of what should not have been asked.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: Requests,
    underway: u64,
    unknown: Vec<String>,
    unrecorded: Vec<String>,
    violations: Vec<String>,
    foreign: Vec<String>,
}

/// Most entries of a list, and most paths that are counted one by one.
const MOST: usize = 10_000;

impl Meter {
    pub(crate) fn begin(&self, service: &str, method: &str, path: &str) {
        let key = format!("{service} {method} {}", without_ids(path));
        let mut inner = self.lock();
        inner.underway += 1;
        inner.requests.peak = inner.requests.peak.max(inner.underway);
        *inner.requests.by_service.entry(service.to_owned()).or_default() += 1;
        if inner.requests.by_path.len() < MOST || inner.requests.by_path.contains_key(&key) {
            *inner.requests.by_path.entry(key).or_default() += 1;
        }
    }

    pub(crate) fn end(&self, service: &str, status: u16, bytes: usize) {
        let mut inner = self.lock();
        inner.underway = inner.underway.saturating_sub(1);
        inner.requests.bytes += bytes as u64;
        *inner.requests.by_status.entry(format!("{service} {status}")).or_default() += 1;
    }

    pub(crate) fn unknown(&self, line: String) {
        push(&mut self.lock().unknown, line);
    }

    pub(crate) fn unrecorded(&self, line: String) {
        push(&mut self.lock().unrecorded, line);
    }

    pub(crate) fn violation(&self, line: String) {
        push(&mut self.lock().violations, line);
    }

    pub(crate) fn foreign(&self, line: String) {
        push(&mut self.lock().foreign, line);
    }

    pub(crate) fn requests(&self) -> Requests {
        self.lock().requests.clone()
    }

    pub(crate) fn lists(&self) -> [Vec<String>; 4] {
        let inner = self.lock();
        [
            inner.unknown.clone(),
            inner.unrecorded.clone(),
            inner.violations.clone(),
            inner.foreign.clone(),
        ]
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push(list: &mut Vec<String>, line: String) {
    if list.len() < MOST && !list.contains(&line) {
        list.push(line);
    }
}

/// A path with `{id}` for every segment that ends in an identifier.
fn without_ids(path: &str) -> String {
    let is_id = |part: &str| {
        let tail = part.get(part.len().saturating_sub(36)..).unwrap_or_default();
        tail.len() == 36 && tail.split('-').map(str::len).eq([8, 4, 4, 4, 12])
    };
    path.split('/')
        .map(|part| if is_id(part) { "{id}" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_without_ids() {
        let meter = Meter::default();
        meter.begin(
            "bap",
            "GET",
            "/environments/Default-00000000-0000-0000-0000-000000000101/apps",
        );
        meter.begin("bap", "GET", "/environments/00000000-0000-0000-0000-000000000102/apps");
        meter.end("bap", 200, 10);
        let requests = meter.requests();
        assert_eq!(requests.by_path["bap GET /environments/{id}/apps"], 2);
        assert_eq!((requests.peak, requests.bytes, requests.total()), (2, 10, 2));
    }
}
