//! Asks: whoever answers a read, one page at a time.
//!
//! The command passes the client of `highwater-http`; tests pass tenants of their own.

use async_trait::async_trait;
use futures_util::future::join_all;
use highwater_http::{Failure, Next, Page, Read};

/// Answers reads.
#[async_trait]
pub trait Asks: Send + Sync {
    /// The first page of a read, or the one at which `from` points.
    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure>;

    /// The first pages of reads that may go in one request; each has an answer of its own, in the same order.
    async fn pages(&self, reads: &[Read]) -> Vec<Result<Page, Failure>> {
        join_all(reads.iter().map(|read| self.page(read, None))).await
    }

    /// Requests of a service that the run has spent so far, repeated ones and those before a kill included.
    fn spent(&self, service: &str) -> u64 {
        let _ = service;
        0
    }

    /// What was sent and waited for so far, for the summary; services by name.
    fn meter(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}
