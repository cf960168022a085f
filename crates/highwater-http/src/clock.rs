//! Clock: the one place from which time and chance come.
//!
//! Guarantees that nothing else in this crate asks for the time, sleeps or rolls dice, so that tests run in a time of
//! their own. The wall clock and the seed are given by whoever makes the clock.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Time that passes, and chance.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since the clock was made; never goes back.
    fn elapsed(&self) -> Duration;

    /// Wall clock, for HTTP dates and recordings.
    fn now(&self) -> SystemTime;

    /// Comes back after `time`.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// A number of at least 0 and less than 1, for the jitter of back-off.
    fn chance(&self) -> f64;
}

/// The clock of a run: starts at a given wall-clock moment and goes on with the timer of tokio.
#[derive(Debug)]
pub struct Running {
    wall: SystemTime,
    start: Instant,
    dice: AtomicU64,
}

impl Running {
    /// A clock that starts now, at `wall`; `seed` decides the jitter.
    pub fn new(wall: SystemTime, seed: u64) -> Self {
        Self { wall, start: Instant::now(), dice: AtomicU64::new(seed) }
    }
}

impl Clock for Running {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn now(&self) -> SystemTime {
        self.wall + self.elapsed()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time))
    }

    fn chance(&self) -> f64 {
        unit(self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed))
    }
}

/// SplitMix64's output function, as a number in `[0, 1)`.
fn unit(state: u64) -> f64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_goes_on_while_it_sleeps() {
        let clock = Running::new(SystemTime::UNIX_EPOCH, 1);
        clock.sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.elapsed().as_secs(), 90);
        assert_eq!(clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), 90);
    }

    #[tokio::test]
    async fn chance_is_spread_and_repeats_with_its_seed() {
        let roll = |seed| {
            let clock = Running::new(SystemTime::UNIX_EPOCH, seed);
            (0..1000).map(|_| clock.chance()).collect::<Vec<_>>()
        };
        let rolls = roll(7);
        assert_eq!(rolls, roll(7));
        assert_ne!(rolls, roll(8));
        assert!(rolls.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = rolls.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
