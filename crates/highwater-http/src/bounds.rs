//! Bounds: how long and how often anything is tried at most.

use std::time::Duration;

/// Bounds of every read. Nothing in this crate goes on without one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Attempts for one page, the first included. Default: 8.
    pub attempts: u32,
    /// Of the attempts for one page those that were answered with 429 have a bound of their own, because each of them
    /// waited as it was told. Default: 20.
    pub throttled: u32,
    /// Attempts for one page whose answers are unusable (HTML with 200, JSON that is cut off). Default: 3.
    pub unusable: u32,
    /// Sum of the waits between the attempts for one page, and the longest `Retry-After` that is obeyed; a vendor that
    /// asks for more is given up on. Default: 15 minutes.
    pub patience: Duration,
    /// Time in which nothing at all arrives, neither a header nor a byte. Default: 100 seconds.
    pub stall: Duration,
    /// Time for one attempt as a whole. Default: 5 minutes.
    pub whole: Duration,
    /// Bytes of one body after decompression. Default: 128 MiB.
    pub body: usize,
    /// Redirects of one read. Default: 5.
    pub redirects: u32,
    /// Pages of one chain. Default: 100,000.
    pub pages: u32,
    /// First step of the exponential back-off, used where a vendor names no time. Default: 1 second.
    pub backoff: Duration,
    /// Longest step of it. Default: 60 seconds.
    pub backoff_cap: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            attempts: 8,
            throttled: 20,
            unusable: 3,
            patience: Duration::from_secs(15 * 60),
            stall: Duration::from_secs(100),
            whole: Duration::from_secs(300),
            body: 128 << 20,
            redirects: 5,
            pages: 100_000,
            backoff: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
        }
    }
}

impl Bounds {
    /// Back-off with full jitter before attempt `next` (2 is the first that waits): anything up to
    /// `backoff * 2^(next - 2)`, capped. `chance` is in `[0, 1)`.
    pub(crate) fn jittered(&self, next: u32, chance: f64) -> Duration {
        let doubled = 1_u32.checked_shl(next.saturating_sub(2)).unwrap_or(u32::MAX);
        self.backoff.saturating_mul(doubled).min(self.backoff_cap).mul_f64(chance)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn back_off_never_exceeds_its_step_nor_its_cap(next in 2_u32..200, chance in 0.0_f64..1.0) {
            let bounds = Bounds::default();
            let wait = bounds.jittered(next, chance);
            prop_assert!(wait <= bounds.backoff_cap);
            if next < 8 {
                prop_assert!(wait <= Duration::from_secs(1 << (next - 2)));
            }
        }
    }
}
