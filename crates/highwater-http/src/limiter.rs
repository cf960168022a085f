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
    /// How long the service had to be waited for at the head of the queue.
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
        let mut waited = Duration::ZERO;
        let queues = self.queues(read, path);
        let mut under_way = Vec::with_capacity(queues.len());
        for queue in &queues {
            let turn = queue.turn.lock().await;
            if let Ok(permit) = Arc::clone(&queue.under_way).acquire_owned().await {
                under_way.push(permit);
            }
            waited += self.wait(read, queue, cost, patience).await?;
            drop(turn);
        }
        let sent = self.clock.elapsed();
        Ok(Pass { queues, _under_way: under_way, sent, waited })
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
    ) -> Result<Duration, TooLong> {
        let mut waited = Duration::ZERO;
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
                    return Ok(waited);
                }
                (time, wait)
            };
            let (service, scope) = (read.service, read.scope.as_str());
            self.observer.event(&Event::Waiting { service, scope, time, wait });
            self.clock.sleep(time).await;
            waited += time;
        }
    }

    /// The queues a request stands in: that of its path first, then that of its service.
    fn queues(&self, read: &Read, path: &str) -> Vec<Arc<Queue>> {
        let limit = self.limits.of(read.service);
        let scope = if limit.by_scope { read.scope.clone() } else { String::new() };
        let mut all = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        let mut queue = |class, scope: String, rate, concurrent| {
            let key = (read.service, class, scope);
            let new = || Arc::new(Queue::new(rate, concurrent, now));
            Arc::clone(all.entry(key).or_insert_with(new))
        };
        let of_path = limit
            .path(path)
            .map(|(at, path)| queue(Some(at), String::new(), path.quota, path.concurrent));
        let of_service = queue(None, scope, limit.quota, limit.concurrent);
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::SystemTime;

    use highwater_auth::Audience;
    use tokio::task::JoinSet;
    use url::Url;

    use super::*;
    use crate::{Limit, Method, Paging, Running, Silent};

    const PATIENCE: Duration = Duration::from_secs(3600);

    fn limiter(limit: Limit) -> Arc<Limiter> {
        let mut limits = Limits::built_in().unwrap();
        limits.set("bap", limit);
        let clock = Arc::new(Running::new(SystemTime::UNIX_EPOCH, 1));
        Arc::new(Limiter::new(limits, clock, Arc::new(Silent)))
    }

    fn read() -> Read {
        Read {
            service: "bap",
            scope: String::new(),
            audience: Audience::new("https://service.example"),
            method: Method::Get,
            url: Url::parse("https://service.example/a").unwrap(),
            headers: Vec::new(),
            paging: Paging::None,
        }
    }

    /// A service in virtual time: lets so many requests through in any such time, and refuses the others.
    struct Service {
        requests: usize,
        time: Duration,
        retry_after: Duration,
        recent: VecDeque<Duration>,
        arrived: Vec<Duration>,
        refused: usize,
    }

    impl Service {
        fn new(requests: usize, time: Duration) -> Self {
            let retry_after = Duration::from_secs(2);
            let (recent, arrived) = (VecDeque::new(), Vec::new());
            Self { requests, time, retry_after, recent, arrived, refused: 0 }
        }

        fn admits(&mut self, now: Duration) -> bool {
            self.arrived.push(now);
            while self.recent.front().is_some_and(|at| *at + self.time <= now) {
                self.recent.pop_front();
            }
            let fits = self.recent.len() < self.requests;
            if fits {
                self.recent.push_back(now)
            } else {
                self.refused += 1
            }
            fits
        }
    }

    /// `count` reads at once, each until it is admitted; how long all of them took.
    async fn run(limiter: &Arc<Limiter>, service: &Arc<Mutex<Service>>, count: usize) -> Duration {
        const LATENCY: Duration = Duration::from_millis(25);
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let (limiter, service) = (Arc::clone(limiter), Arc::clone(service));
            tasks.spawn(async move {
                loop {
                    let pass = limiter.enter(&read(), "/a", 1, PATIENCE).await.unwrap();
                    limiter.clock.sleep(LATENCY).await;
                    let admitted = service.lock().unwrap().admits(limiter.clock.elapsed());
                    let retry_after = service.lock().unwrap().retry_after;
                    limiter.clock.sleep(LATENCY).await;
                    if admitted {
                        return pass.answered(limiter.clock.elapsed(), &Told::default());
                    }
                    pass.throttled(limiter.clock.elapsed(), retry_after);
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        limiter.clock.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_is_held_and_nearly_used_up() {
        let time = Duration::from_secs(5);
        let quota = Some(Rate::Window { requests: 15, time });
        let limiter = limiter(Limit { quota, concurrent: 8, ..Limit::default() });
        let service = Arc::new(Mutex::new(Service::new(15, time)));
        let took = run(&limiter, &service, 300).await;
        assert_eq!(service.lock().unwrap().refused, 0);
        // 300 requests at 15 in 5 seconds cannot be done in less than 19 whole windows.
        let least = time * 19;
        assert!(took >= least && took <= least.mul_f64(1.03), "{took:?} {least:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_is_held_and_nearly_used_up() {
        let quota = Some(Rate::Bucket { burst: 250, per_second: 25.0 });
        let limiter = limiter(Limit { quota, concurrent: 16, ..Limit::default() });
        let service = Arc::new(Mutex::new(Service::new(usize::MAX, Duration::from_secs(1))));
        let took = run(&limiter, &service, 1250).await;
        let least = Duration::from_secs(1000 / 25);
        assert!(took >= least && took <= least.mul_f64(1.05), "{took:?} {least:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_but_latency_bounds_what_has_no_rate() {
        let limiter = limiter(Limit { concurrent: 16, ..Limit::default() });
        let service = Arc::new(Mutex::new(Service::new(usize::MAX, Duration::from_secs(1))));
        let took = run(&limiter, &service, 1600).await;
        let least = Duration::from_millis(50) * 100;
        assert!(took >= least && took <= least.mul_f64(1.02), "{took:?} {least:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_unpublished_rate_is_learned() {
        let limiter = limiter(Limit { concurrent: 16, ..Limit::default() });
        let service = Arc::new(Mutex::new(Service::new(100, Duration::from_secs(10))));
        let took = run(&limiter, &service, 3000).await;
        let refused = service.lock().unwrap().refused;
        let least = Duration::from_secs(290);
        println!(
            "3000 reads at an unknown 100 in 10 s: {took:?} (at least {least:?}), {refused} refused"
        );
        assert!(took <= least.mul_f64(1.5), "{took:?}, at least {least:?}, {refused} refused");
        assert!(refused <= 3000 / 10, "{refused} refused in {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn reads_go_in_the_order_in_which_they_came() {
        let quota = Some(Rate::Window { requests: 1, time: Duration::from_secs(1) });
        let limiter = limiter(Limit { quota, concurrent: 4, ..Limit::default() });
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for number in 0..20 {
            let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
            tasks.spawn(async move {
                limiter.clock.sleep(Duration::from_millis(number)).await;
                let pass = limiter.enter(&read(), "/a", 1, PATIENCE).await.unwrap();
                order.lock().unwrap().push(number);
                drop(pass);
            });
        }
        while tasks.join_next().await.is_some() {}
        assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_queue_blocks_nobody() {
        let limiter = limiter(Limit { concurrent: 1, ..Limit::default() });
        let first = limiter.enter(&read(), "/a", 1, PATIENCE).await.unwrap();
        let (read, second) = (read(), Arc::clone(&limiter));
        let waiting =
            tokio::time::timeout(Duration::from_secs(1), second.enter(&read, "/a", 1, PATIENCE));
        assert!(waiting.await.is_err(), "one is under way already");
        drop(first);
        assert!(limiter.enter(&read, "/a", 1, PATIENCE).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_patience() {
        let limiter = limiter(Limit::default());
        let pass = limiter.enter(&read(), "/a", 1, PATIENCE).await.unwrap();
        pass.throttled(Duration::ZERO, Duration::from_secs(7200));
        let refused = limiter.enter(&read(), "/a", 1, PATIENCE).await;
        assert_eq!(refused.err(), Some(TooLong(Duration::from_secs(7200))));
        assert_eq!(limiter.clock.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_path_is_counted_over_all_scopes() {
        let limiter = limiter(Limit::default());
        let arg = "/providers/Microsoft.ResourceGraph/resources";
        for number in 0..45 {
            let read = Read { service: "arm", scope: number.to_string(), ..read() };
            drop(limiter.enter(&read, arg, 1, PATIENCE).await.unwrap());
        }
        let took = limiter.clock.elapsed();
        assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(11), "{took:?}");
    }
}
