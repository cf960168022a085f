//! Exchanges: a read is sent politely and its pages come back.
//!
//! Guarantees that a token goes only to hosts of its audience, that nothing is written to a tenant (GET, or POST to
//! paths on the list of reads), that every wait and attempt is bounded, and that no secret reaches a recording.
//! Knows nothing of sources, tables or meaning: a page is bytes and where the next one is.

mod page;
mod read;

pub use page::{Failure, Next, Page};
pub use read::{Method, Paging, Read};
