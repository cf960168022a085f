//! Run: the one runner. Parents before children, everything into a recording, every gap named.

use std::sync::Arc;

use bytes::Bytes;
use highwater_auth::Cloud;

use crate::{Asks, Error, Plan, Progress, Recording, Silent, Summary};

/// What a page passes before it reaches the disk: source id and body in, body without secrets out.
pub type Boundary = Arc<dyn Fn(&str, Bytes) -> Bytes + Send + Sync>;

/// A run that has not begun.
pub struct Run {
    asks: Arc<dyn Asks>,
    cloud: Cloud,
    plan: Plan,
    recording: Recording,
    boundary: Boundary,
    progress: Arc<dyn Progress>,
}

impl Run {
    /// A run that reads what `plan` says and writes it into `recording`.
    pub fn new(
        asks: Arc<dyn Asks>,
        cloud: Cloud,
        plan: Plan,
        recording: Recording,
        boundary: Boundary,
    ) -> Self {
        Self { asks, cloud, plan, recording, boundary, progress: Arc::new(Silent) }
    }

    /// The same, telling what happens.
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }
}
