//! World: where answers come from, whichever service is asked.

pub(crate) mod activity;
mod derived;
mod expansion;
pub(crate) mod made;
pub(crate) mod recorded;
pub(crate) mod recording;
pub(crate) mod repository;

use serde_json::Value;

use crate::asked::Asked;
use crate::paging::{List, Rows};
use crate::routes::Route;

/// What a world knows of a request.
pub(crate) enum Found {
    /// One document.
    Document(Value),
    /// A list, still whole.
    List(List),
    /// A refusal, with the vendor's body.
    Refused(u16, Value),
    /// It was due and never came: 429.
    Exhausted,
    /// Nothing is known of it.
    Nothing,
}

/// A source of answers.
pub(crate) trait World: Send + Sync {
    /// The tenant's id.
    fn tenant(&self) -> String;

    /// What is known of a request.
    fn find(&self, asked: &Asked, route: &Route, now: i64) -> Found;

    /// Rows of a table of Resource Graph, of some types or of all; a refusal where it was refused.
    fn graph_rows(&self, table: &str, types: &[String]) -> Result<Rows, Found>;

    /// Objects of the directory by their ids.
    fn objects(&self, ids: &[&str]) -> Result<Vec<Value>, Found>;

    /// The refusal of a host that refuses everything.
    fn refusal(&self, asked: &Asked) -> Option<Found>;

    /// How many rows an entity set has, where that is known.
    fn count(&self, host: &str, set: &str) -> Option<usize>;

    /// Whether a Dataverse host or a vault is one of the tenant's.
    fn knows(&self, host: &str) -> bool;

    /// The inventory of environments, apps and cloud flows of the whole tenant, of some
    /// types or of all.
    fn inventory(&self, types: &[String]) -> Rows;
}
