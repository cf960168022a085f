//! Bound: what was asked, as the limits count it, and the time that it takes at least.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;
use std::time::Duration;

use highwater_http::{Limits, Method, Rate, Read};
use serde_json::{Value, json};

/// Requests by service and scope; scopes are kept for services that are counted by them.
#[derive(Default)]
pub(crate) struct Asked(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_scope: BTreeMap<(&'static str, String), u64>,
    by_path: BTreeMap<(&'static str, String), u64>,
    audiences: BTreeSet<String>,
    /// Pages of chains that go on, by what they ask.
    open: HashMap<u64, u32>,
    longest: (u32, String),
}

impl Asked {
    /// Counts a page that was asked for; `goes_on` says that it was not the first, `more` that it is not the last.
    pub(crate) fn count(&self, read: &Read, goes_on: bool, more: bool) {
        let mut inner = self.0.lock().unwrap();
        *inner.by_scope.entry((read.service, read.scope.clone())).or_default() += 1;
        // Limits of paths are few: the first three segments tell them apart.
        let path: Vec<&str> = read.url.path().split('/').take(4).collect();
        *inner.by_path.entry((read.service, path.join("/"))).or_default() += 1;
        inner.audiences.insert(read.audience.as_str().to_owned());
        let chain = digest(read);
        let pages = if goes_on { inner.open.remove(&chain).unwrap_or(0) } else { 0 } + 1;
        if pages > inner.longest.0 {
            inner.longest = (pages, format!("{} {}", read.service, read.url.path()));
        }
        if more {
            inner.open.insert(chain, pages);
        }
    }

    /// Audiences that needed a token.
    pub(crate) fn audiences(&self) -> usize {
        self.0.lock().unwrap().audiences.len()
    }

    /// The bound of everything, that of what vendors publish, and the counts that come next.
    pub(crate) fn bounds(&self, limits: &Limits, latency: Duration) -> Value {
        let inner = self.0.lock().unwrap();
        let mut counts: BTreeMap<(&str, String), u64> = BTreeMap::new();
        for ((service, scope), requests) in &inner.by_scope {
            let scope = if limits.of(service).by_scope { scope.clone() } else { String::new() };
            *counts.entry((service, scope)).or_default() += requests;
        }
        let longest = latency.as_secs_f64() * f64::from(inner.longest.0);
        let chain = (longest, format!("{} pages of {}", inner.longest.0, inner.longest.1));
        let mut all = vec![chain.clone()];
        let mut published = vec![chain];
        for ((service, scope), requests) in &counts {
            let limit = limits.of(service);
            let name = format!("{requests} of {service} {scope}");
            let own = under_way(*requests, limit.concurrent, latency);
            all.push((own, format!("{name}, {} at once", limit.concurrent)));
            all.push((quota(*requests, limit.quota), format!("{name}, quota")));
            published.push((quota(*requests, limit.quota), format!("{name}, quota")));
        }
        for ((service, path), requests) in &inner.by_path {
            let of_path = limits
                .of(service)
                .paths
                .iter()
                .find(|(start, _)| path.starts_with(start.trim_end_matches('/')));
            if let Some((start, limit)) = of_path {
                let time = quota(*requests, limit.quota);
                published.push((time, format!("{requests} of {service} {start}, quota")));
                all.push((time, format!("{requests} of {service} {start}, quota")));
                all.push((
                    under_way(*requests, limit.concurrent, latency),
                    format!("{requests} of {service} {start}, {} at once", limit.concurrent),
                ));
            }
        }
        for list in [&mut all, &mut published] {
            list.sort_by(|one, other| other.0.total_cmp(&one.0));
        }
        let largest: Vec<String> =
            all.iter().take(8).map(|(time, by)| format!("{time:.1} s: {by}")).collect();
        let told = |list: &[(f64, String)]| json!({"seconds": list[0].0, "by": list[0].1});
        json!({"all": told(&all), "published": told(&published), "largest": largest})
    }
}

fn digest(read: &Read) -> u64 {
    let mut hash = DefaultHasher::new();
    read.url.as_str().hash(&mut hash);
    if let Method::Post(body) = &read.method {
        body.hash(&mut hash);
    }
    hash.finish()
}

/// Time for requests of which only so many may be under way.
fn under_way(requests: u64, concurrent: u32, latency: Duration) -> f64 {
    float(requests.div_ceil(u64::from(concurrent.max(1)))) * latency.as_secs_f64()
}

/// Time that a rate needs for requests.
fn quota(requests: u64, rate: Option<Rate>) -> f64 {
    match rate {
        None => 0.0,
        Some(Rate::Window { requests: most, time }) => {
            float(requests.saturating_sub(1) / u64::from(most.max(1))) * time.as_secs_f64()
        }
        Some(Rate::Bucket { burst, per_second }) => {
            float(requests.saturating_sub(u64::from(burst))) / per_second
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of requests are small")]
fn float(count: u64) -> f64 {
    count as f64
}
