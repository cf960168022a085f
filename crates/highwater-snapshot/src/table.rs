//! Tables: what a record of evidence means, as data.
//!
//! Owns the vocabulary in which every file of `tables/` is written: columns with type, meaning and
//! privacy class, the scope in which a table is due, the readings that turn a service's record into
//! rows, and which readings together make a scope complete. Judges nothing and fetches nothing.

use crate::{Record, Rows};

/// One evidence table: its grain, its columns and how records become rows.
#[derive(Debug)]
pub struct Table {
    /// Name of the Parquet file and of the SQL table, such as `environments`.
    pub name: &'static str,
    /// What one row stands for.
    pub grain: &'static str,
    /// Why the table exists, in one sentence.
    pub about: &'static str,
    /// The unit in which the table is read in full or not.
    pub scope: Scope,
    /// Columns that identify a row; rows with the same key are one row.
    pub key: &'static [&'static str],
    /// All columns in stored order, key columns first.
    pub columns: &'static [Column],
    /// How records become rows, the most trusted source first; earlier ones win where both tell a cell.
    pub readings: &'static [Reading],
    /// Alternatives of sources that, all read to their end in a scope, make the scope complete.
    pub complete: &'static [&'static [&'static str]],
    /// How far the readings were checked against real payloads.
    pub sample: Sample,
}

/// How far a table's readings rest on payloads that were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A recorded payload, a vendor's example or a real export was at hand.
    Seen,
    /// Only names or prose were at hand: read leniently, and keep the raw record.
    Unseen,
    /// Made by the loader from other tables and the configuration.
    Made,
}

/// The unit in which a table is due: one coverage row each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The whole tenant at once.
    Tenant,
    /// Every environment in scope.
    Environment,
    /// Every environment in scope that has Dataverse.
    Dataverse,
    /// Every environment that hosts deployment pipelines.
    PipelinesHost,
    /// Every environment group.
    EnvironmentGroup,
    /// Every data policy.
    Policy,
    /// Every flow, counted by environment.
    Flow,
    /// Every Azure subscription.
    Subscription,
    /// Every referenced key vault.
    Vault,
    /// Every Azure resource whose diagnostics matter.
    Resource,
    /// Every group that is named by a rule.
    Group,
    /// Every Power Platform product that can be licensed.
    Sku,
    /// Every source-control organisation.
    Organisation,
    /// Made by the loader, always there.
    Snapshot,
}

impl Scope {
    /// The word used in the `coverage` table.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Environment | Self::Dataverse | Self::Flow => "environment",
            Self::PipelinesHost => "host",
            Self::EnvironmentGroup => "environment_group",
            Self::Policy => "policy",
            Self::Subscription => "subscription",
            Self::Vault => "vault",
            Self::Resource => "resource",
            Self::Group => "group",
            Self::Sku => "sku",
            Self::Organisation => "organisation",
            Self::Snapshot => "snapshot",
        }
    }
}

/// One column of a table.
#[derive(Debug)]
pub struct Column {
    /// Name in Parquet and SQL.
    pub name: &'static str,
    /// Stored type.
    pub kind: Type,
    /// A record that does not tell it is rejected and counted.
    pub required: bool,
    /// Who may see it.
    pub privacy: Privacy,
    /// Where the value comes from when no reading gives it.
    pub made: Made,
    /// Meaning, unit and traps; empty where the name says it all.
    pub about: &'static str,
}

/// Stored types. SQL sees VARCHAR, BOOLEAN, BIGINT, DOUBLE and TIMESTAMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// UTF-8 text; ids and enumeration values are lower-case.
    Text,
    /// True or false.
    Bool,
    /// Signed 64-bit number.
    Int,
    /// Double; never NaN or infinite.
    Float,
    /// Microseconds since 1970 in UTC, stored without a zone.
    Time,
    /// List of text.
    List,
}

/// Who may see a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// May be shown to anybody.
    Public,
    /// Shown to the tenant only.
    Business,
    /// Identifies a person: replaced by a keyed hash unless configured otherwise.
    Personal,
}

/// Where a column's value comes from when no reading gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// From the record alone.
    Read,
    /// A Dataverse user id in rows of Dataverse sources: replaced by the directory id.
    DataverseUser,
    /// Whether the Dataverse user in the named column is an application.
    ApplicationOf(&'static str),
    /// From other tables or the configuration, after all records were read (`derive.rs`).
    Derived,
}

/// How the records of one source become rows of one table.
pub struct Reading {
    /// Source id such as `bap.environments`.
    pub source: &'static str,
    /// Turns one record into no, one or several rows.
    pub read: fn(&Record<'_>, &mut Rows),
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.source)
    }
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Builders for the column lists of `tables/`.
impl Column {
    /// A text column.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Type::Text)
    }

    /// A column that is true, false or not told.
    pub(crate) const fn bool(name: &'static str) -> Self {
        Self::new(name, Type::Bool)
    }

    /// A whole number.
    pub(crate) const fn int(name: &'static str) -> Self {
        Self::new(name, Type::Int)
    }

    /// A real number.
    pub(crate) const fn float(name: &'static str) -> Self {
        Self::new(name, Type::Float)
    }

    /// A moment in UTC.
    pub(crate) const fn time(name: &'static str) -> Self {
        Self::new(name, Type::Time)
    }

    /// A list of text.
    pub(crate) const fn list(name: &'static str) -> Self {
        Self::new(name, Type::List)
    }

    const fn new(name: &'static str, kind: Type) -> Self {
        Self { name, kind, required: false, privacy: Privacy::Public, made: Made::Read, about: "" }
    }

    /// Decides membership: a record without it is rejected and counted.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Shown to the tenant only.
    pub(crate) const fn business(mut self) -> Self {
        self.privacy = Privacy::Business;
        self
    }

    /// Identifies a person.
    pub(crate) const fn personal(mut self) -> Self {
        self.privacy = Privacy::Personal;
        self
    }

    /// Computed from other tables or the configuration.
    pub(crate) const fn derived(mut self) -> Self {
        self.made = Made::Derived;
        self
    }

    /// Holds a Dataverse user id in rows of Dataverse sources.
    pub(crate) const fn dataverse_user(mut self) -> Self {
        self.made = Made::DataverseUser;
        self
    }

    /// Whether the Dataverse user in `user` is an application.
    pub(crate) const fn application_of(mut self, user: &'static str) -> Self {
        self.made = Made::ApplicationOf(user);
        self
    }

    /// Meaning, unit and traps.
    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }
}
