//! Progress: what a run shows while it runs, on a terminal as a line that changes, elsewhere not at all.
//!
//! Guarantees that nothing of it reaches stdout. Counts places: one for each source and environment or object that is
//! asked; how many there are grows while parents are read, so the time left is an estimate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use highwater_http::{Event as Sent, Observer};
use highwater_runs::telemetry;
use highwater_sources::{Event, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Global;

/// Shows a run.
#[derive(Debug)]
pub(crate) struct Shown {
    bar: ProgressBar,
    requests: AtomicU64,
    waiting: AtomicU64,
}

impl Shown {
    /// Shows on stderr where that is a terminal and nobody asked for quiet.
    pub(crate) fn new(global: &Global) -> Self {
        let target = if global.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(5)
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let form = "{elapsed_precise} [{bar:30}] {pos}/{len} {msg}";
        bar.set_style(
            ProgressStyle::with_template(form)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, requests: AtomicU64::new(0), waiting: AtomicU64::new(0) }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn message(&self, source: &str) {
        let requests = self.requests.load(Ordering::Relaxed);
        let seconds = self.bar.elapsed().as_secs().max(1);
        let left = self.bar.eta().as_secs();
        let waits = self.waiting.load(Ordering::Relaxed);
        self.bar.set_message(format!(
            "{} requests/s, {waits} waits, about {left} s left: {source}",
            requests / seconds
        ));
    }
}

impl Progress for Shown {
    fn tell(&self, event: Event<'_>) {
        match event {
            Event::Expected { places, .. } => self.bar.inc_length(places),
            Event::Done { source, .. } => {
                self.bar.inc(1);
                self.message(source);
            }
            _ => {}
        }
    }
}

impl Observer for Shown {
    fn event(&self, event: &Sent<'_>) {
        match event {
            Sent::Sent { service, host, path, attempt } => {
                self.requests.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(service, host, path, attempt, "asked");
            }
            Sent::Answered { service, status, bytes, took } => {
                telemetry::answered(service, *status, *bytes, *took, SystemTime::now());
            }
            Sent::Waiting { service, scope, time, .. } => {
                telemetry::waited(service, *time);
                self.waiting.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(service, scope, ms = time.as_millis(), "waits");
            }
            Sent::Retrying { service, attempt, reason, .. } => {
                tracing::info!(service, attempt, reason, "asks again");
            }
            Sent::Failed { service, failure } => tracing::info!(service, %failure, "not read"),
            _ => {}
        }
    }
}
