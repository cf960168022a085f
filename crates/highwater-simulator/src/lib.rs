//! A simulated Microsoft cloud on loopback, with faults.
//!
//! [`Simulator::start`] serves one tenant over HTTPS: sign-in, the Power Platform hosts, Dataverse organisations, Azure
//! with Resource Graph, Microsoft Graph, the activity feed, Azure DevOps and GitHub. A tenant is either one that was
//! recorded or one that is made up from a seed. Written from the vendors' shapes: it knows requests and answers, and
//! nothing of what is done with them. It is a stand-in for tests and demonstrations and keeps nothing.

mod answer;
mod asked;
mod canary;
mod certificate;
mod cloud;
mod combined;
mod entra;
mod error;
mod fault;
mod graph_query;
mod host;
mod meter;
mod odata;
mod paging;
mod quota;
mod reading;
mod refusal;
mod respond;
mod rewrite;
mod routes;
mod running;
mod server;
mod settings;
mod strike;
mod token;
mod world;

pub use error::Error;
pub use fault::{Fault, Kind};
pub use meter::Requests;
pub use running::{Running, Simulator};
pub use settings::{Profile, Quota, Scale, Settings, Unrecorded};
