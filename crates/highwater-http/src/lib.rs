//! Exchanges: a read is sent politely and its pages come back.
//!
//! Guarantees that a token goes only to hosts of its audience, that nothing is written to a tenant (GET, or POST to
//! paths on the list of reads), that every wait and attempt is bounded, and that no secret reaches a recording.
//! Knows nothing of sources, tables or meaning: a page is bytes and where the next one is.
//!
//! A [`Client`] is one identity. [`Client::page`] asks for one page, [`Client::pages`] walks a chain,
//! [`Client::batch`] asks Graph for many things at once, and [`Client::meter`] says what it cost.
//!
//! ```no_run
//! use highwater_auth::Audience;
//! use highwater_http::{Client, Failure, Method, Paging, Read};
//!
//! async fn environments(client: &Client) -> Result<usize, Failure> {
//!     let address = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/environments";
//!     let read = Read {
//!         service: "bap",
//!         scope: String::new(),
//!         audience: Audience::new("https://service.powerapps.com"),
//!         method: Method::Get,
//!         url: address.parse().map_err(|_| Failure::Unusable { reason: "no address".to_owned() })?,
//!         headers: Vec::new(),
//!         paging: Paging::NextLink,
//!     };
//!     let (mut pages, mut bytes) = (client.pages(&read), 0);
//!     while let Some(page) = pages.next().await {
//!         bytes += page?.body.len();
//!     }
//!     Ok(bytes)
//! }
//! ```

mod asked;
mod batch;
mod body;
mod bounds;
mod budget;
mod client;
mod clock;
mod error;
mod fault;
mod fetch;
mod gate;
mod har;
mod hosts;
mod judge;
mod limiter;
mod limits;
mod links;
mod live;
mod meter;
mod next;
mod observer;
mod page;
mod pages;
mod quota;
mod read;
mod reads;
mod record;
mod replay;
mod retry_after;
mod scrub;
mod scrub_json;
mod told;

pub use bounds::Bounds;
pub use budget::Budget;
pub use client::{Client, Settings, Tape};
pub use clock::{Clock, Running};
pub use error::Error;
pub use hosts::Hosts;
pub use limits::{Limit, Limits, PathLimit, Rate};
pub use live::transport;
pub use meter::{Meter, ServiceMeter};
pub use observer::{Event, Observer, Silent, Wait};
pub use page::{Failure, Next, Page};
pub use pages::{Chain, Pages};
pub use read::{Method, Paging, Read};
pub use record::{Keep, Recorder};
pub use replay::Replay;
