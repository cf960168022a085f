//! Limits: how much of foreign input is read. Deliberately few and fixed, so that a bound can be quoted.

/// Bytes of one definition, script, XML or JSON file. The platform's own limit of a flow definition is far below.
pub const MAX_DOCUMENT_BYTES: usize = 32 << 20;

/// Objects and arrays nested in one another in a JSON document.
pub const MAX_NESTING: u32 = 100_000;

/// Bytes of one JSON pointer in a finding.
pub const MAX_POINTER_BYTES: usize = 4_096;

/// Actions nested deeper than this are cut off; the cut is reported as a finding.
pub const MAX_DEPTH: u32 = 200;

/// How often a definition may be wrapped (JSON string in JSON, template in template).
pub const MAX_WRAPPING: u32 = 8;

/// Findings kept for one definition. Counts go on beyond it.
pub const MAX_FINDINGS: usize = 1_000;

/// Entries of a solution package.
pub const MAX_PACKAGE_ENTRIES: usize = 20_000;

/// Bytes of a solution package when inflated: 2 GiB.
pub const MAX_PACKAGE_BYTES: u64 = 2 << 30;

/// Inflated bytes for each packed byte, over the whole package. Honest packages stay below 50.
pub const MAX_PACKAGE_RATIO: u64 = 200;

/// Folders below a given path.
pub const MAX_FOLDER_DEPTH: usize = 32;

/// Files looked at below a given path.
pub const MAX_FOLDER_FILES: usize = 1_000_000;
