//! Export: files that administrators already have become a snapshot.
//!
//! Guarantees that nothing is lost silently: every file given is read, or stands in the [`Report`] with
//! the reason. Recognises documents by their content; names of files only tell pages apart. An optional
//! `highwater-index.json` at the top of a folder says what content cannot. Judges nothing, fetches
//! nothing, and never guesses: what is ambiguous is listed with its candidates and the remedy.
//!
//! The rules are written down in `docs/import.md`.

mod answer;
mod archive;
mod arm;
mod automation_kit;
mod cells;
mod coe;
mod dates;
mod decode;
mod dialects;
mod envelope;
mod error;
mod fast;
mod flow_tables;
mod hosts;
mod index;
mod inventory;
mod keys;
mod kinds;
mod known_sheets;
mod lake;
mod lookups;
mod marks;
mod odata;
mod package;
mod pages;
mod parse;
mod pieces;
mod place;
mod plan;
mod read;
mod report;
mod say;
mod scuba;
mod shapes;
mod sheet;
mod sniff;
mod stream;
mod survey;
mod terraform;
mod values;
mod walk;
mod workbook;

use std::path::{Path, PathBuf};

use highwater_snapshot::{Config, Pseudonyms, Subject, Time, Writer, Written};

pub use dates::DateOrder;
pub use error::Error;
pub use kinds::sources;
pub use read::read;
pub use report::{FileReport, Outcome, Part, Report};
pub use survey::{Survey, survey};

/// What the person who imports says beside the files.
#[derive(Clone, Debug)]
pub struct Options {
    /// What files are that content alone leaves open: a source id, optionally followed by `@` and the
    /// scope (an environment id, a group id …), such as `dv.solutions@00000000-0000-0000-0000-000000000101`.
    pub as_kind: Option<String>,
    /// Directory id of the tenant.
    pub tenant: Option<String>,
    /// The moment for which the snapshot stands.
    pub taken_at: Option<Time>,
    /// What the organisation told about itself.
    pub config: Config,
    /// How people appear.
    pub people: Pseudonyms,
    /// Which number of `03/04/2026` is the day, where no date of the files tells.
    pub date_order: Option<DateOrder>,
    /// Files of so many bytes or more are read in pieces; smaller ones at once, which tells more of what is
    /// wrong with them.
    pub stream_from: u64,
}

/// An import that was written.
#[derive(Debug)]
pub struct Imported {
    /// The snapshot, still under its temporary folder; [`highwater_snapshot::publish`] makes it visible.
    pub written: Written,
    /// What every file gave.
    pub report: Report,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            as_kind: None,
            tenant: None,
            taken_at: None,
            config: Config::default(),
            people: Pseudonyms::plain(),
            date_order: None,
            stream_from: 256 << 20,
        }
    }
}

/// Reads files and folders into a new snapshot under `folder`.
///
/// # Errors
/// When a path does not exist, the index is wrong or contradicted by content, files belong to several
/// tenants and none was named, or the snapshot cannot be written. A file that cannot be read or parsed
/// is no error: it stands in the report and the others are imported.
pub fn import(paths: &[PathBuf], folder: &Path, options: &Options) -> Result<Imported, Error> {
    let survey = survey(paths, options)?;
    let mut writer =
        Writer::new(folder, survey.subject(), options.config.clone(), options.people.clone())?;
    let report = read(&survey, &mut writer)?;
    Ok(Imported { written: writer.finish()?, report })
}

impl Survey {
    /// What the snapshot is about.
    pub fn subject(&self) -> Subject {
        Subject {
            tenant: self.tenant.clone(),
            taken_at: self.taken_at,
            cloud: self.cloud.clone(),
            identity: self.identity.clone(),
        }
    }
}
