//! Sources: what is read from a tenant, one file a source, and the one runner.
//!
//! A source is declared, not coded. The runner asks parents before children and writes every page into a recording, a
//! folder that `highwater-import` reads like any other. Judges nothing, and knows no table and no engine.

mod ask;
mod asks;
mod azure;
mod chain;
mod choice;
mod dataverse;
#[cfg(test)]
mod declared;
mod devops;
mod doctor;
mod earlier;
mod engine;
mod error;
mod fan_out;
mod fill;
mod follow;
mod found;
mod grants;
mod graph;
mod index;
mod items;
mod journal;
#[cfg(test)]
mod judged;
mod keys;
mod listing;
mod needs;
pub mod permissions;
mod plan;
mod power_platform;
mod progress;
mod purse;
mod reconcile;
mod recording;
mod reuse;
mod run;
mod source;
mod summary;
mod taken_over;
#[cfg(test)]
mod testing;
mod together;
mod tree;
mod visit;
mod writer;

pub use asks::Asks;
pub use doctor::{Finding, State, doctor};
pub use earlier::{Earlier, EarlierPlace};
pub use error::Error;
pub use found::{Answer, Compose, Composed, Due, Environment, Found, Object, Place};
pub use grants::{Need, Plane, Right, Ways, need, needs};
pub use listing::{Listed, listing, markdown};
pub use plan::Plan;
pub use progress::{Event, Progress, Silent};
pub use recording::Recording;
pub use run::{Boundary, Run};
pub use source::{Each, Grant, Identity, Request, Reuse, Scope, Source};
pub use summary::{Counts, Gap, Reused, Summary};

/// All sources, family by family. A new one is a file and a line in the list of its family.
pub const FAMILIES: &[&[&Source]] =
    &[power_platform::SOURCES, dataverse::SOURCES, graph::SOURCES, azure::SOURCES, devops::SOURCES];

/// All sources in the order of the registry.
pub fn sources() -> impl Iterator<Item = &'static Source> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The source of an id.
pub fn source(id: &str) -> Option<&'static Source> {
    sources().find(|source| source.id == id)
}
