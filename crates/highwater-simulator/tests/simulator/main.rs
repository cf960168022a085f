//! The simulated cloud over real HTTPS, with a client that knows nothing of it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;
mod combined;
mod faults;
mod made;
mod quotas;
mod recorded;
mod signing_in;
