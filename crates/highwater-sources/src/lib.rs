//! Sources: what is read from a tenant, one file a source, and the one runner.
//!
//! A source is declared, not coded. The runner asks parents before children and writes every page into a recording, a
//! folder that `highwater-import` reads like any other. Judges nothing, and knows no table and no engine.

mod source;

pub use source::{Grant, Request, Scope, Source};
