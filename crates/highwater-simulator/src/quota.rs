//! Quota: how much a service takes in a window, and what it says of what is left.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::host::{Service, canonical};
use crate::refusal;
use crate::settings::Quota;

/// Quotas of services, and when each caller asked.
#[derive(Debug)]
pub(crate) struct Quotas {
    quotas: BTreeMap<String, Quota>,
    asked: Mutex<BTreeMap<String, VecDeque<Instant>>>,
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    remaining: u32,
    limit: u32,
    resets: Duration,
}

impl Quotas {
    pub(crate) fn new(quotas: BTreeMap<String, Quota>) -> Self {
        Self { quotas, asked: Mutex::default() }
    }

    /// Takes one request from the quota of a service; `Err` is the refusal where nothing is left, `None` where there is
    /// no quota.
    pub(crate) fn take(
        &self,
        service: Service,
        asked: &Asked,
        caller: &str,
    ) -> Result<Option<Left>, Answer> {
        let graph = asked.path.ends_with("Microsoft.ResourceGraph/resources");
        let name = if graph { "resource_graph" } else { service.name() };
        let Some(quota) = self.quotas.get(name) else { return Ok(None) };
        let place =
            if service == Service::Dataverse { canonical(&asked.host) } else { String::new() };
        let now = Instant::now();
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.entry(format!("{name} {caller} {place}")).or_default();
        while times.front().is_some_and(|first| now.duration_since(*first) >= quota.window) {
            times.pop_front();
        }
        let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let resets = times
            .front()
            .map_or(quota.window, |first| quota.window.saturating_sub(now.duration_since(*first)));
        if used >= quota.requests {
            let left = Left { remaining: 0, limit: quota.requests, resets };
            return Err(left.told(
                service,
                graph,
                silent(refusal::throttled(service, resets.as_secs() + 1), asked),
            ));
        }
        times.push_back(now);
        Ok(Some(Left { remaining: quota.requests - used - 1, limit: quota.requests, resets }))
    }
}

/// Conditional access throttles without saying for how long.
fn silent(mut answer: Answer, asked: &Asked) -> Answer {
    if asked.path.contains("/identity/conditionalAccess/") {
        answer.headers.retain(|(name, _)| *name != "retry-after");
    }
    answer
}

impl Left {
    /// An answer with the headers in which a service tells what is left.
    pub(crate) fn told(self, service: Service, graph: bool, answer: Answer) -> Answer {
        let seconds = self.resets.as_secs();
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let remaining = self.remaining.to_string();
        match service {
            Service::Arm if graph => answer
                .header("x-ms-user-quota-remaining", remaining)
                .header("x-ms-user-quota-resets-after", clock),
            Service::Arm => answer.header("x-ms-ratelimit-remaining-subscription-reads", remaining),
            Service::Dataverse => answer
                .header("x-ms-ratelimit-burst-remaining-xrm-requests", remaining)
                .header("x-ms-ratelimit-time-remaining-xrm-requests", "1200.00"),
            Service::Graph => {
                let share = 1.0 - f64::from(self.remaining) / f64::from(self.limit.max(1));
                if share >= 0.8 {
                    answer.header("x-ms-throttle-limit-percentage", format!("{share:.1}"))
                } else {
                    answer
                }
            }
            Service::GitHub => answer
                .header("x-ratelimit-limit", self.limit.to_string())
                .header("x-ratelimit-remaining", remaining)
                .header("x-ratelimit-used", self.limit.saturating_sub(self.remaining).to_string()),
            Service::AzureDevOps => answer
                .header("x-ratelimit-limit", self.limit.to_string())
                .header("x-ratelimit-remaining", remaining),
            _ => answer,
        }
    }
}
