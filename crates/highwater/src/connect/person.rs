//! Here: the clock, the randomness and the person that sign-in needs, as this machine has them.

use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use highwater_auth::{Prompt, Surroundings};

/// This machine.
#[derive(Debug)]
pub(super) struct Here {
    start: Instant,
}

impl Default for Here {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

#[async_trait]
impl Surroundings for Here {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn random(&self, bytes: &mut [u8]) {
        // A system without randomness cannot sign in safely; it stops here rather than go on with guessable secrets.
        getrandom::fill(bytes).expect("the system gives randomness");
    }

    fn ask(&self, prompt: &Prompt) {
        // Nothing more can be done when stderr is gone.
        let _ = writeln!(std::io::stderr(), "{prompt}");
    }
}
