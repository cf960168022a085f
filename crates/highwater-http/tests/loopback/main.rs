//! Reading from servers on loopback that behave as services do on a bad day.
//!
//! The servers speak HTTP/1.1 by hand, because what they have to do wrong is what servers are made not to do.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod batch;
mod budget;
mod faults;
mod foreign;
mod limits;
mod paging;
mod server;
mod setup;
mod tape;
