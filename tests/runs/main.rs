//! Scheduled runs of the built binary against a simulated tenant that changes: locks, kills, retention, messages,
//! telemetry, object storage, and a month without anybody looking.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod days;
mod emulator;
mod folder;
mod kills;
mod listener;
mod remote;
mod reuse;
mod world;
