//! Report: what a scorecard says to its readers, one file a format, and what changed since the last one.
//!
//! Guarantees that nothing is judged here: levels and states stand in the scorecard, a report lays them
//! out, compares two of them or puts what is open into an order. The same input gives the same bytes.
//! Deliberately absent: files, clock, evidence tables. Text from a tenant is harmless in every format.

pub mod actions;
pub mod csv;
pub mod diff;
pub mod dossier;
pub mod effect;
mod findings;
pub mod form;
pub mod history;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod oscal;
pub mod plan;
pub mod sarif;
pub mod steps;
pub mod text;
mod words;
pub mod xlsx;

pub use dossier::Dossier;
pub use words::{clean, counted};
