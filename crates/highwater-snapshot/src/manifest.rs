//! Manifest: what a snapshot folder holds and how it came to be. See the contract in `docs/formats.md`.
//!
//! Owns the shape of `manifest.json`. Holds ids only, no names of people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Status, Time};

/// The version of the folder's layout that this program writes and reads.
pub const FORMAT: u32 = 1;

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version.
    pub format: u32,
    /// The program that wrote the snapshot.
    pub tool: Tool,
    /// Whose snapshot it is.
    pub tenant: Tenant,
    /// Cloud such as `public`; `import` where files were read.
    pub cloud: String,
    /// Ids of the identity that read, or the kinds of the imported files.
    pub identity: String,
    /// The moment for which the snapshot stands.
    pub taken_at: Time,
    /// Whether people were replaced by pseudonyms.
    pub people: String,
    /// What every source gave.
    pub sources: BTreeMap<String, SourceEntry>,
    /// How far every table was covered.
    pub tables: BTreeMap<String, TableEntry>,
    /// What collecting it cost and left out: calls, waits, 429s and bytes by service, gaps. None for an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<serde_json::Value>,
    /// Every file of the folder but this one.
    pub files: BTreeMap<String, FileEntry>,
}

/// Name and version of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Program name.
    pub name: String,
    /// Program version.
    pub version: String,
}

/// The tenant of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Directory id, lower-case, or `unknown`.
    pub id: String,
    /// Display name, where one was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What one source gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// Requests sent; 0 for an import.
    pub calls: u64,
    /// Pages or files read.
    pub pages: u64,
    /// Records read.
    pub records: u64,
    /// Records that the service said there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// The worst status of its scopes.
    pub status: Status,
    /// What is missing and why, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
}

/// How far one table was covered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Rows kept.
    pub rows: u64,
    /// The status over all scopes.
    pub status: Status,
    /// Rows rejected by the required column that was missing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<String, u64>,
}

/// One file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Rows or lines.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// Digest, hexadecimal.
    pub sha256: String,
}
