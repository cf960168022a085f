//! Fault: what goes wrong on purpose.

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault;
