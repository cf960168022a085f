//! Runs: what a scheduled run needs around the pipeline.
//!
//! Owns where snapshots live beside a folder, who may run, what may go, what a run leaves behind of itself, whom it
//! tells and what it exports about itself. Reads no tenant, knows no table and judges nothing: the command puts the
//! pipeline between these parts.

mod address;
mod connector;
mod error;
pub mod lease;
pub mod lock;
pub mod message;
pub mod notify;
pub mod record;
pub mod remote;
pub mod retention;
pub mod telemetry;

pub use address::{Address, Service};
pub use error::Error;
pub use record::{Cost, Outcome, Record, Reused};
pub use remote::Remote;
