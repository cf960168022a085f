//! DefinitionError: why a definition could not be read. One enum for the crate; every text names what, and what would
//! help. No error carries content of the definition.

use std::io;

/// Why a definition, a script or a package could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// The text is not JSON.
    #[error("not JSON at line {line}: {what}; export the definition again")]
    NotJson {
        /// Line, from 1.
        line: u32,
        /// What was expected.
        what: &'static str,
    },
    /// Neither UTF-8 nor UTF-16.
    #[error("neither UTF-8 nor UTF-16 text at byte {at}; save the file as UTF-8")]
    NotText {
        /// Offset of the first byte that is no text.
        at: usize,
    },
    /// JSON, but no cloud flow definition in it.
    #[error("no cloud flow definition inside; expected `definition` with `actions` and `triggers`")]
    NoCloudFlow,
    /// One document is larger than [`crate::limits::MAX_DOCUMENT_BYTES`].
    #[error("{what} has {bytes} bytes, more than the {limit} that are read of one document")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size in bytes.
        bytes: u64,
        /// The bound in bytes.
        limit: u64,
    },
    /// The package of a desktop flow cannot be unpacked.
    #[error("the desktop flow's package cannot be unpacked: {what}; export the flow again")]
    DesktopPackage {
        /// What is wrong.
        what: &'static str,
    },
    /// A string literal that should hold a script is broken.
    #[error("the desktop flow's definition is a broken string literal; export the flow again")]
    DesktopLiteral,
    /// Not a zip archive, or a broken one.
    #[error("not a readable zip archive: {what}")]
    NotZip {
        /// What the archive reader says.
        what: String,
    },
    /// A name that points outside of the package.
    #[error("package refused: entry `{name}` points outside of it")]
    UnsafeName {
        /// The entry's name, shortened.
        name: String,
    },
    /// More entries than [`crate::limits::MAX_PACKAGE_ENTRIES`].
    #[error("package refused: {entries} entries, more than {limit}")]
    TooManyEntries {
        /// Entries of the package.
        entries: usize,
        /// The bound.
        limit: usize,
    },
    /// Larger than [`crate::limits::MAX_PACKAGE_BYTES`] when inflated.
    #[error("package refused: it inflates to more than {limit} bytes")]
    PackageTooLarge {
        /// The bound in bytes.
        limit: u64,
    },
    /// Compressed more than [`crate::limits::MAX_PACKAGE_RATIO`] times: a bomb.
    #[error("package refused: it inflates more than {limit} times, as only a zip bomb does")]
    Bomb {
        /// The bound.
        limit: u64,
    },
    /// An entry that needs a password or an unknown method.
    #[error("package entry `{name}` cannot be read: {what}")]
    Entry {
        /// The entry's name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// Neither `solution.xml` nor `Other/Solution.xml`.
    #[error("no solution.xml inside; expected a solution package or an unpacked solution folder")]
    NoSolution,
    /// XML that cannot be read.
    #[error("`{name}` is not well-formed XML near byte {at}; export the solution again")]
    NotXml {
        /// The entry's name.
        name: String,
        /// Offset in bytes.
        at: u64,
    },
    /// The file system failed.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The path.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file that is none of the kinds that are read.
    #[error("neither a flow definition, a desktop-flow script nor a solution package")]
    UnknownKind,
}
