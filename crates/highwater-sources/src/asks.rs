//! Asks: whoever answers a read, one page at a time.
//!
//! The command passes the client of `highwater-http`; tests pass tenants of their own.

use async_trait::async_trait;
use highwater_http::{Failure, Next, Page, Read};

/// Answers reads.
#[async_trait]
pub trait Asks: Send + Sync {
    /// The first page of a read, or the one at which `from` points.
    async fn page(&self, read: &Read, from: Option<&Next>) -> Result<Page, Failure>;

    /// What was sent and waited for so far, for the summary; services by name.
    fn meter(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}
