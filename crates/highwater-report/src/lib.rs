//! Report: renders a scorecard, one file a format.
//!
//! Guarantees that nothing is computed while rendering beyond layout: what a reader sees stands in the
//! scorecard. The same scorecard gives the same bytes.

pub mod text;
