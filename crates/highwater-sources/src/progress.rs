//! Progress: what a run tells while it runs.
//!
//! Tells events and counts; how they look, and how much time is left, is the command's.

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Work was found: so many more places for a source to be asked of.
    Expected {
        /// Source.
        source: &'static str,
        /// Places.
        places: u64,
    },
    /// A page was asked for.
    Asked {
        /// Source.
        source: &'static str,
        /// Environment, if it is asked by environment.
        environment: Option<&'a str>,
    },
    /// A page came and is safe.
    Answered {
        /// Source.
        source: &'static str,
        /// Size of the body in bytes.
        bytes: usize,
    },
    /// An earlier run had this page.
    Kept {
        /// Source.
        source: &'static str,
    },
    /// A place is finished for a source, read or not.
    Done {
        /// Source.
        source: &'static str,
        /// Whether it was read to its end.
        read: bool,
    },
}

/// Whoever wants to know. Called from many tasks; it must not block.
pub trait Progress: Send + Sync {
    /// Something happened.
    fn tell(&self, event: Event<'_>);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: Event<'_>) {}
}
