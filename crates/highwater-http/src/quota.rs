//! Quota: a vendor's published rate, counted on our side.
//!
//! Guarantees that no span of time sees more requests than the rate allows. Times are those of the clock since its
//! start. Sleeps nowhere: it says how long to wait.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::Rate;

/// Added to a window, because requests that leave in one order and distance arrive in another.
const MARGIN: Duration = Duration::from_millis(50);

/// What is left of a rate.
#[derive(Debug)]
pub(crate) enum Quota {
    Window { requests: usize, time: Duration, sent: VecDeque<Duration> },
    Bucket { burst: f64, per_second: f64, tokens: f64, filled_at: Duration },
}

impl Quota {
    pub(crate) fn new(rate: Rate, now: Duration) -> Self {
        match rate {
            Rate::Window { requests, time } => Self::Window {
                requests: usize::try_from(requests).unwrap_or(usize::MAX),
                time: time + MARGIN,
                sent: VecDeque::new(),
            },
            Rate::Bucket { burst, per_second } => {
                let burst = f64::from(burst);
                Self::Bucket { burst, per_second, tokens: burst, filled_at: now }
            }
        }
    }

    /// How long to wait until `cost` requests may be sent; zero: now. A cost beyond the whole quota waits for all of it.
    pub(crate) fn wait(&mut self, now: Duration, cost: usize) -> Duration {
        match self {
            Self::Window { requests, time, sent } => {
                while sent.front().is_some_and(|at| *at + *time <= now) {
                    sent.pop_front();
                }
                let over = (sent.len() + cost.min(*requests)).saturating_sub(*requests);
                let free = over.checked_sub(1).and_then(|last| sent.get(last));
                free.map_or(Duration::ZERO, |at| (*at + *time).saturating_sub(now))
            }
            Self::Bucket { burst, per_second, tokens, filled_at } => {
                refill(now, *burst, *per_second, tokens, filled_at);
                let missing = float(cost).min(*burst) - *tokens;
                // A nanosecond more than needed, so that rounding never makes it a token too few.
                let wait = Duration::from_secs_f64((missing / *per_second).max(0.0));
                if wait.is_zero() { wait } else { wait + Duration::from_nanos(1) }
            }
        }
    }

    /// Counts `cost` requests that are sent now.
    pub(crate) fn take(&mut self, now: Duration, cost: usize) {
        match self {
            Self::Window { sent, .. } => sent.extend(std::iter::repeat_n(now, cost)),
            Self::Bucket { burst, per_second, tokens, filled_at } => {
                refill(now, *burst, *per_second, tokens, filled_at);
                *tokens -= float(cost);
            }
        }
    }

    /// The service counts no more than `remaining` requests left: others share the quota.
    pub(crate) fn remaining(&mut self, now: Duration, remaining: u64) {
        match self {
            Self::Window { requests, time, sent } => {
                let alive = sent.iter().filter(|at| **at + *time > now).count();
                let remaining = usize::try_from(remaining).unwrap_or(usize::MAX);
                let missing = requests.saturating_sub(alive).saturating_sub(remaining);
                sent.extend(std::iter::repeat_n(now, missing));
            }
            Self::Bucket { burst, per_second, tokens, filled_at } => {
                refill(now, *burst, *per_second, tokens, filled_at);
                *tokens = tokens.min(u32::try_from(remaining).map_or(f64::MAX, f64::from));
            }
        }
    }

    /// How many requests the whole quota holds.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Window { requests, .. } => u64::try_from(*requests).unwrap_or(u64::MAX),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "made from a u32"
            )]
            Self::Bucket { burst, .. } => *burst as u64,
        }
    }
}

fn refill(now: Duration, burst: f64, per_second: f64, tokens: &mut f64, filled_at: &mut Duration) {
    let passed = now.saturating_sub(*filled_at).as_secs_f64();
    *tokens = (*tokens + passed * per_second).min(burst);
    *filled_at = now.max(*filled_at);
}

fn float(cost: usize) -> f64 {
    u32::try_from(cost).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends as fast as the quota lets, with pauses; the times of sending.
    fn drive(rate: Rate, pauses: &[u64]) -> Vec<Duration> {
        let mut quota = Quota::new(rate, Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut sent = Vec::new();
        for pause in pauses {
            now += ms(*pause);
            now += quota.wait(now, 1);
            assert_eq!(quota.wait(now, 1), Duration::ZERO, "after waiting it may go");
            quota.take(now, 1);
            sent.push(now);
        }
        sent
    }

    /// Most requests in any span of `time` that ends before it is over.
    fn most_in(sent: &[Duration], time: Duration) -> usize {
        (0..sent.len())
            .map(|from| sent[from..].iter().take_while(|at| **at < sent[from] + time).count())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_its_requests(
            requests in 1_u32..20, time in 1_u64..5000, pauses in prop::collection::vec(0_u64..300, 1..120),
        ) {
            let sent = drive(Rate::Window { requests, time: ms(time) }, &pauses);
            prop_assert!(most_in(&sent, ms(time)) <= requests as usize);
        }

        #[test]
        fn no_span_sees_more_than_burst_and_refill(
            burst in 1_u32..20, per_second in 0.5_f64..200.0, span in 1_u64..5000,
            pauses in prop::collection::vec(0_u64..300, 1..120),
        ) {
            let sent = drive(Rate::Bucket { burst, per_second }, &pauses);
            let most = f64::from(burst) + per_second * ms(span).as_secs_f64();
            prop_assert!(most_in(&sent, ms(span)) as f64 <= most + 1.0);
        }

        #[test]
        fn nothing_is_wasted(requests in 1_u32..20, time in 100_u64..5000) {
            let sent = drive(Rate::Window { requests, time: ms(time) }, &[0; 100]);
            let windows = 99 / requests;
            let ideal = (ms(time) + MARGIN) * windows;
            prop_assert_eq!(sent[99], ideal);
        }
    }

    #[test]
    fn what_others_took_is_gone() {
        let mut window = Quota::new(Rate::Window { requests: 15, time: ms(5000) }, Duration::ZERO);
        window.take(ms(0), 1);
        window.remaining(ms(10), 3);
        assert_eq!(window.wait(ms(10), 3), Duration::ZERO);
        assert_eq!(window.wait(ms(10), 4), ms(5000 + 50 - 10));
        let mut bucket = Quota::new(Rate::Bucket { burst: 250, per_second: 25.0 }, Duration::ZERO);
        bucket.remaining(ms(0), 0);
        assert!(bucket.wait(ms(0), 1) >= ms(40));
        bucket.remaining(ms(0), 200);
        assert!(bucket.wait(ms(0), 1) >= ms(40), "it never gains by being told");
    }

    #[test]
    fn a_cost_beyond_everything_waits_for_everything() {
        let mut quota = Quota::new(Rate::Window { requests: 5, time: ms(1000) }, Duration::ZERO);
        assert_eq!(quota.wait(ms(0), 20), Duration::ZERO);
        quota.take(ms(0), 20);
        assert_eq!(quota.wait(ms(1), 1), ms(1049));
    }
}
