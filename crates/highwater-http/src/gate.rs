//! Gate: when the next request of one count may go.
//!
//! Owns what is known of that count: the published quota, a rate that 429 taught, and how long the service wants to be
//! left alone. Sleeps nowhere: it says how long to wait.
//!
//! A 429 holds everybody back for as long as the service says and cuts the rate; the rate grows back steadily while
//! answers come (additive increase, multiplicative decrease). A rate is learned from what was really sent, because
//! many services publish none.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Wait;
use crate::limits::Rate;
use crate::quota::Quota;
use crate::told::Told;

/// What a cut leaves of the rate.
const CUT: f64 = 0.7;
/// What a warning (a limit that is nearly used up) leaves of it.
const WARNED: f64 = 0.9;
/// Share of the rate at which it was cut that is won back in a second.
const GROWTH: f64 = 0.02;
/// Share of itself by which it grows in a second beyond that.
const PROBING: f64 = 0.05;
/// A learned rate is forgotten when it has grown to so many times the rate at which it was cut.
const FORGOTTEN: f64 = 4.0;
/// From fewer requests no rate is learned: whoever sent so little is not the one who sent too much.
const FEW: usize = 10;
/// Least rate a second.
const SLOWEST: f64 = 0.1;
/// Requests by which the rate is measured, and the longest span.
const MEASURED: usize = 256;
const SPAN: Duration = Duration::from_secs(10);
/// Time between two reactions to warnings.
const CALM: Duration = Duration::from_secs(5);

/// What is known of one count.
#[derive(Debug)]
pub(crate) struct Gate {
    quota: Option<Quota>,
    learned: Option<Learned>,
    /// Nobody goes before this.
    held_until: Duration,
    /// Until when what is left is spread over the time to the reset, and how far apart.
    spread: Option<(Duration, Duration)>,
    last_sent: Option<Duration>,
    recent: VecDeque<Duration>,
}

#[derive(Debug)]
struct Learned {
    per_second: f64,
    /// The rate that was too much.
    too_much: f64,
    next: Duration,
    cut_at: Duration,
    grown_at: Duration,
}

impl Gate {
    pub(crate) fn new(rate: Option<Rate>, now: Duration) -> Self {
        Self {
            quota: rate.map(|rate| Quota::new(rate, now)),
            learned: None,
            held_until: Duration::ZERO,
            spread: None,
            last_sent: None,
            recent: VecDeque::new(),
        }
    }

    /// How long to wait until `cost` requests may go, and what for; zero: now.
    pub(crate) fn wait(&mut self, now: Duration, cost: usize) -> (Duration, Wait) {
        let held = self.held_until.saturating_sub(now);
        if !held.is_zero() {
            return (held, Wait::Told);
        }
        let quota = self.quota.as_mut().map_or(Duration::ZERO, |quota| quota.wait(now, cost));
        let learned = self.learned.as_ref().map_or(Duration::ZERO, |l| l.next.saturating_sub(now));
        (quota.max(learned).max(self.spread(now)), Wait::Rate)
    }

    /// Counts `cost` requests that go now.
    pub(crate) fn take(&mut self, now: Duration, cost: usize) {
        if let Some(quota) = &mut self.quota {
            quota.take(now, cost);
        }
        let requests = float(cost);
        if let Some(learned) = &mut self.learned {
            learned.next =
                learned.next.max(now) + Duration::from_secs_f64(requests / learned.per_second);
        }
        self.last_sent = Some(now);
        self.recent.extend(std::iter::repeat_n(now, cost));
        while self.recent.len() > MEASURED || self.recent.front().is_some_and(|at| *at + SPAN < now)
        {
            self.recent.pop_front();
        }
    }

    /// A request that was sent at `sent` was answered with 429: everybody waits for `time`, and the rate is cut once
    /// for all requests that were under way.
    pub(crate) fn throttled(&mut self, now: Duration, sent: Duration, time: Duration) {
        self.hold(now, time);
        if self.learned.as_ref().is_none_or(|learned| sent >= learned.cut_at) {
            self.cut(now, CUT);
        }
    }

    /// An answer came: the learned rate grows, and what it says of the limits is taken to heart.
    pub(crate) fn answered(&mut self, now: Duration, told: &Told) {
        self.grow(now);
        if let Some(time) = told.retry_after {
            self.hold(now, time);
        }
        if told.used.is_some_and(|used| used >= 0.8) {
            self.warn(now);
        }
        let Some(remaining) = told.remaining else { return };
        if let Some(quota) = &mut self.quota {
            quota.remaining(now, remaining);
        }
        match (remaining, told.resets_after) {
            (0, Some(reset)) => self.hold(now, reset),
            (left, Some(reset)) if left <= self.few() => {
                let apart = reset / u32::try_from(left + 1).unwrap_or(u32::MAX);
                self.spread = Some((now + reset, apart));
            }
            _ => {}
        }
    }

    /// How long everybody is held back.
    pub(crate) const fn held(&self, now: Duration) -> Duration {
        self.held_until.saturating_sub(now)
    }

    fn hold(&mut self, now: Duration, time: Duration) {
        self.held_until = self.held_until.max(now + time);
    }

    /// Below how many requests left the rest is spread.
    fn few(&self) -> u64 {
        self.quota.as_ref().map_or(10, |quota| (quota.size() / 10).max(1))
    }

    fn spread(&self, now: Duration) -> Duration {
        match (self.spread, self.last_sent) {
            (Some((until, apart)), Some(last)) if now < until => {
                (last + apart).min(until).saturating_sub(now)
            }
            _ => Duration::ZERO,
        }
    }

    fn warn(&mut self, now: Duration) {
        if self.learned.as_ref().is_none_or(|learned| now >= learned.cut_at + CALM) {
            self.cut(now, WARNED);
        }
    }

    fn cut(&mut self, now: Duration, to: f64) {
        let measured = (self.recent.len() >= FEW).then(|| self.measured(now));
        let learned = self.learned.as_ref().map(|learned| learned.per_second);
        let Some(rate) = [measured, learned].into_iter().flatten().reduce(f64::min) else { return };
        let next = self.held_until.max(now);
        self.learned = Some(Learned {
            per_second: (rate * to).max(SLOWEST),
            too_much: rate.max(SLOWEST),
            next,
            cut_at: now,
            grown_at: next,
        });
    }

    fn grow(&mut self, now: Duration) {
        let Some(learned) = &mut self.learned else { return };
        let passed = now.saturating_sub(learned.grown_at).as_secs_f64();
        let step = if learned.per_second < learned.too_much {
            learned.too_much * GROWTH
        } else {
            learned.per_second * PROBING
        };
        learned.per_second += step * passed;
        learned.grown_at = learned.grown_at.max(now);
        if learned.per_second > learned.too_much * FORGOTTEN {
            self.learned = None;
        }
    }

    /// Requests a second, as they were sent lately.
    fn measured(&self, now: Duration) -> f64 {
        let span = self.recent.front().map_or(Duration::ZERO, |first| now.saturating_sub(*first));
        float(self.recent.len()) / span.as_secs_f64().max(1.0)
    }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends for `time`, one request after the other; the number that went.
    fn send_for(gate: &mut Gate, now: &mut Duration, time: Duration) -> u32 {
        let end = *now + time;
        let mut sent = 0;
        loop {
            let (wait, _) = gate.wait(*now, 1);
            // An endless rate is measured as one request a millisecond.
            *now += wait.max(ms(1));
            if *now > end {
                return sent;
            }
            gate.take(*now, 1);
            gate.answered(*now, &Told::default());
            sent += 1;
        }
    }

    #[test]
    fn a_429_holds_everybody_and_cuts_the_rate() {
        let mut gate = Gate::new(None, Duration::ZERO);
        let mut now = Duration::ZERO;
        assert!(send_for(&mut gate, &mut now, ms(250)) > 200);
        gate.throttled(now, now, ms(2000));
        assert_eq!(gate.wait(now, 1), (ms(2000), Wait::Told));
        now += ms(2000);
        // At most 256 requests of the last second were measured: 256 * 0.7 is the rate after the cut.
        let after = send_for(&mut gate, &mut now, ms(1000));
        assert!((150..=190).contains(&after), "{after}");
    }

    #[test]
    fn requests_that_were_under_way_cut_it_once() {
        let mut gate = Gate::new(None, Duration::ZERO);
        for _ in 0..10 {
            gate.take(ms(0), 1);
        }
        for _ in 0..10 {
            gate.throttled(ms(50), ms(0), ms(100));
        }
        let rate = gate.learned.as_ref().unwrap().per_second;
        assert!((6.9..7.1).contains(&rate), "{rate}");
        gate.take(ms(300), 1);
        gate.throttled(ms(350), ms(300), ms(100));
        assert!(gate.learned.as_ref().unwrap().per_second < rate);
    }

    #[test]
    fn the_rate_recovers_slowly_and_is_forgotten_at_last() {
        let mut gate = Gate::new(None, Duration::ZERO);
        for second in 0..10 {
            gate.take(ms(second * 100), 1);
        }
        gate.throttled(ms(1000), ms(1000), ms(0));
        let mut now = ms(1000);
        let first = send_for(&mut gate, &mut now, ms(10_000));
        let second = send_for(&mut gate, &mut now, ms(10_000));
        assert!((70..90).contains(&first), "{first}");
        assert!(second > first && second < 2 * first, "{first} {second}");
        send_for(&mut gate, &mut now, ms(300_000));
        assert!(gate.learned.is_none());
    }

    #[test]
    fn what_is_left_is_spread_over_the_time_to_the_reset() {
        let mut gate = Gate::new(Some(Rate::Window { requests: 15, time: ms(5000) }), ms(0));
        gate.take(ms(0), 1);
        let told = |remaining| Told {
            remaining: Some(remaining),
            resets_after: Some(ms(4000)),
            ..Told::default()
        };
        gate.answered(ms(0), &told(14));
        assert_eq!(gate.wait(ms(0), 1).0, ms(0));
        gate.answered(ms(0), &told(1));
        assert_eq!(gate.wait(ms(0), 1), (ms(2000), Wait::Rate));
        gate.answered(ms(0), &told(0));
        assert_eq!(gate.wait(ms(0), 1), (ms(4000), Wait::Told));
    }

    #[test]
    fn one_early_429_is_only_a_wait() {
        let mut gate = Gate::new(None, ms(0));
        gate.take(ms(0), 1);
        gate.throttled(ms(50), ms(0), ms(5000));
        assert_eq!(gate.wait(ms(50), 1), (ms(5000), Wait::Told));
        assert_eq!(gate.wait(ms(5050), 1).0, ms(0));
        assert!(gate.learned.is_none());
    }

    #[test]
    fn a_warning_slows_it_once_in_a_while() {
        let mut gate = Gate::new(None, ms(0));
        for second in 0..10 {
            gate.take(ms(second * 100), 1);
        }
        let told = Told { used: Some(0.85), ..Told::default() };
        gate.answered(ms(1000), &told);
        let rate = gate.learned.as_ref().unwrap().per_second;
        gate.answered(ms(1100), &told);
        assert!(gate.learned.as_ref().unwrap().per_second >= rate);
        assert!((8.9..9.1).contains(&rate), "{rate}");
    }

    #[test]
    fn a_wait_that_comes_with_success_is_kept_too() {
        let mut gate = Gate::new(None, ms(0));
        gate.answered(ms(0), &Told { retry_after: Some(ms(700)), ..Told::default() });
        assert_eq!(gate.wait(ms(0), 1), (ms(700), Wait::Told));
    }
}
