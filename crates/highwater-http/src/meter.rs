//! Meter: what reading cost, by service.
//!
//! Guarantees an order that does not depend on the order of the reads. Says nothing of what was read.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a client did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// By service.
    pub services: BTreeMap<String, ServiceMeter>,
    /// Requests left of the budget for everything, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left: Option<u64>,
}

/// What reading one service cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceMeter {
    /// Pages that were asked for; in a batch each part is one.
    pub calls: u64,
    /// Requests that were sent, repeated ones and redirects included; a batch is one.
    pub attempts: u64,
    /// Reads that ended without a page.
    pub failures: u64,
    /// Waits for a rate or a `Retry-After` at the head of a queue, and back-offs. Who stands in line behind the head is
    /// not counted.
    pub waits: u64,
    /// Sum of these waits in milliseconds. Queues of several scopes wait side by side.
    pub waited_ms: u64,
    /// Answers with 429, and with what vendors send instead of it.
    pub throttled: u64,
    /// Bytes of bodies, decompressed.
    pub bytes: u64,
    /// Requests as the vendor counts them, earlier runs on the same pool included.
    pub spent: u64,
    /// Requests left of the pool of this service, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left: Option<u64>,
}

/// The counters behind a [`Meter`].
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<BTreeMap<&'static str, ServiceMeter>>);

impl Counters {
    pub(crate) fn count(&self, service: &'static str, change: impl FnOnce(&mut ServiceMeter)) {
        let mut services = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(services.entry(service).or_default());
    }

    /// Counts a wait; what is shorter than a millisecond is none.
    pub(crate) fn waited(&self, service: &'static str, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if ms > 0 {
            self.count(service, |meter| {
                meter.waits += 1;
                meter.waited_ms = meter.waited_ms.saturating_add(ms);
            });
        }
    }

    pub(crate) fn services(&self) -> BTreeMap<String, ServiceMeter> {
        let services = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        services.iter().map(|(name, meter)| ((*name).to_owned(), meter.clone())).collect()
    }
}
