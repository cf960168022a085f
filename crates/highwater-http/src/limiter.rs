//! Limiter: requests of one count stand in one queue.
//!
//! Guarantees that requests go in the order in which they came, that no more are under way than the limits say, and
//! that a service that asks to be left alone is left alone by everybody who is counted there. A count is a service and
//! a scope of it, for the one identity of a client; paths with limits of their own are counted twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::gate::Gate;
use crate::limits::{Limits, Rate};
use crate::observer::{Event, Observer};
use crate::told::Told;
use crate::{Clock, Read};

/// Queues by service, path class and scope.
type Queues = BTreeMap<(&'static str, Option<usize>, String), Arc<Queue>>;

#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    queues: Mutex<Queues>,
}

#[derive(Debug)]
struct Queue {
    /// Held by whoever is at the head; the others stand in line for it.
    turn: tokio::sync::Mutex<()>,
    under_way: Arc<Semaphore>,
    gate: Mutex<Gate>,
}

/// Leave to send; requests count as under way until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    queues: Vec<Arc<Queue>>,
    _under_way: Vec<OwnedSemaphorePermit>,
    sent: Duration,
    /// How long the leave was waited for.
    pub(crate) waited: Duration,
}

/// The service asked to be left alone for longer than anybody is willing to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong(pub(crate) Duration);

impl Limiter {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>, observer: Arc<dyn Observer>) -> Self {
        Self { limits, clock, observer, queues: Mutex::default() }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Waits until `cost` requests to `path` may go.
    pub(crate) async fn enter(
        &self,
        read: &Read,
        path: &str,
        cost: usize,
        patience: Duration,
    ) -> Result<Pass, TooLong> {
        let came = self.clock.elapsed();
        let queues = self.queues(read, path);
        let mut under_way = Vec::with_capacity(queues.len());
        for queue in &queues {
            let turn = queue.turn.lock().await;
            if let Ok(permit) = Arc::clone(&queue.under_way).acquire_owned().await {
                under_way.push(permit);
            }
            self.wait(read, queue, cost, patience).await?;
            drop(turn);
        }
        let sent = self.clock.elapsed();
        Ok(Pass { queues, _under_way: under_way, sent, waited: sent.saturating_sub(came) })
    }

    /// A part of a batch that was sent at `sent` was answered with 429: everybody who is counted with it waits.
    pub(crate) fn throttled(&self, read: &Read, path: &str, sent: Duration, time: Duration) {
        let now = self.clock.elapsed();
        if let Some(queue) = self.queues(read, path).first() {
            queue.gate().throttled(now, sent, time);
        }
    }

    async fn wait(
        &self,
        read: &Read,
        queue: &Queue,
        cost: usize,
        patience: Duration,
    ) -> Result<(), TooLong> {
        loop {
            let now = self.clock.elapsed();
            let (time, wait) = {
                let mut gate = queue.gate();
                let held = gate.held(now);
                if held > patience {
                    return Err(TooLong(held));
                }
                let (time, wait) = gate.wait(now, cost);
                if time.is_zero() {
                    gate.take(now, cost);
                    return Ok(());
                }
                (time, wait)
            };
            let (service, scope) = (read.service, read.scope.as_str());
            self.observer.event(&Event::Waiting { service, scope, time, wait });
            self.clock.sleep(time).await;
        }
    }

    /// The queues a request stands in: that of its path first, then that of its service.
    fn queues(&self, read: &Read, path: &str) -> Vec<Arc<Queue>> {
        let limit = self.limits.of(read.service);
        let scope = if limit.by_scope { read.scope.clone() } else { String::new() };
        let mut all = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        let mut queue = |class, rate, concurrent| {
            let key = (read.service, class, scope.clone());
            Arc::clone(
                all.entry(key).or_insert_with(|| Arc::new(Queue::new(rate, concurrent, now))),
            )
        };
        let of_path =
            limit.path(path).map(|(at, path)| queue(Some(at), path.quota, path.concurrent));
        let of_service = queue(None, limit.quota, limit.concurrent);
        of_path.into_iter().chain([of_service]).collect()
    }
}

impl Queue {
    fn new(rate: Option<Rate>, concurrent: u32, now: Duration) -> Self {
        let concurrent = usize::try_from(concurrent).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            turn: tokio::sync::Mutex::new(()),
            under_way: Arc::new(Semaphore::new(concurrent)),
            gate: Mutex::new(Gate::new(rate, now)),
        }
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The answer was 429: everybody who is counted with this request waits for `time`.
    pub(crate) fn throttled(&self, now: Duration, time: Duration) {
        if let Some(queue) = self.queues.first() {
            queue.gate().throttled(now, self.sent, time);
        }
    }

    /// The answer was none of those that ask to slow down.
    pub(crate) fn answered(&self, now: Duration, told: &Told) {
        for (at, queue) in self.queues.iter().enumerate() {
            // What is told is told of the narrowest count; the others only learn that answers come.
            let told = if at == 0 { told } else { &Told::default() };
            queue.gate().answered(now, told);
        }
    }
}
