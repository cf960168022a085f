//! Observer: what happens while reading, for progress, logs and tests.
//!
//! Guarantees that no event holds a token, a query string or a body.

use std::fmt;
use std::time::Duration;

/// Whoever wants to know. Called from many tasks at once; must not block.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// Something that happened to a read.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request is sent.
    Sent {
        /// Service by its name.
        service: &'static str,
        /// Host that is asked.
        host: &'a str,
        /// Path without the query.
        path: &'a str,
        /// Which attempt it is; the first is 1.
        attempt: u32,
    },
    /// An answer came, of whatever status.
    Answered {
        /// Service by its name.
        service: &'static str,
        /// HTTP status.
        status: u16,
        /// Bytes of the body, decompressed.
        bytes: u64,
        /// Time since the request was sent.
        took: Duration,
    },
    /// The head of a queue has to wait.
    Waiting {
        /// Service by its name.
        service: &'static str,
        /// Within the service, what the vendor counts by.
        scope: &'a str,
        /// For how long.
        time: Duration,
        /// What for.
        wait: Wait,
    },
    /// A request failed and will be sent again.
    Retrying {
        /// Service by its name.
        service: &'static str,
        /// Which attempt failed; the first is 1.
        attempt: u32,
        /// What happened, without secrets.
        reason: &'a str,
        /// Time until the next attempt at least.
        time: Duration,
    },
    /// A read ended without a page.
    Failed {
        /// Service by its name.
        service: &'static str,
        /// Why.
        failure: &'a crate::Failure,
    },
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The rate that the vendor publishes, or that was learned.
    Rate,
    /// The vendor said to come back later.
    Told,
}

/// Whoever does not want to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: &Event<'_>) {}
}
