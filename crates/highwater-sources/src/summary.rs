//! Summary: what a run did, counted by source and service, and what it could not read.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// By source id.
    pub sources: BTreeMap<&'static str, Counts>,
    /// By service, as the client counted them: calls, waits, 429s, bytes.
    pub services: serde_json::Value,
    /// What could not be read, most frequent first.
    pub gaps: Vec<Gap>,
    /// Numbers that two sources both know and that differ, in words.
    pub differences: Vec<String>,
    /// Environments that were found.
    pub environments: u64,
    /// Digest of what the plan reads, by which a later run knows that it would ask the same ([`crate::Plan::reading`]).
    pub plan: String,
    /// What was taken over from an earlier run instead of being asked; none where everything was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reused: Option<Reused>,
}

/// What was taken over from an earlier run, because nothing tells of a change since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reused {
    /// The snapshot in which it stands.
    pub from: String,
    /// Environments of which something was taken over.
    pub environments: u64,
    /// Sources in environments.
    pub places: u64,
    /// Requests that were not made.
    pub requests: u64,
    /// When the oldest of it was read, RFC 3339; empty where nothing was taken over.
    pub oldest: String,
}

/// Counts of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Places of which it was asked or would have been.
    pub places: u64,
    /// Of these, read to their end.
    pub read: u64,
    /// Places without any of it, by the status or by the probe.
    pub empty: u64,
    /// Places where something is missing.
    pub gaps: u64,
    /// Places that were taken over from an earlier run.
    #[serde(skip_serializing_if = "is_none")]
    pub reused: u64,
    /// Pages of this run.
    pub pages: u64,
    /// Pages that an earlier run had.
    pub kept: u64,
    /// Bytes of this run's pages.
    pub bytes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the value by reference")]
const fn is_none(number: &u64) -> bool {
    *number == 0
}

/// What could not be read of one source for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Source id.
    pub source: &'static str,
    /// Why, with ids left out.
    pub reason: String,
    /// At how many places.
    pub places: u64,
}
