//! Source: where one kind of evidence is asked for, by whom it may be read, and how its answers go on.
//!
//! Owns the vocabulary of the declarations. How a request is sent, retried and paged is `highwater-http`; in which
//! order and how often sources are asked is the runner.

use highwater_http::Paging;

use crate::found::{Answer, Compose, Due, Found, Place};

/// One source. Its id is that of the tables (`bap.environments`); its file names the vendor's page.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Id, as tables, gaps and `config/grants.toml` name it.
    pub id: &'static str,
    /// What it reads, in a few words.
    pub about: &'static str,
    /// Vendor's page.
    pub page: &'static str,
    /// Service by its name in `config/clouds.toml`.
    pub service: &'static str,
    /// For what it is asked once each.
    pub scope: Scope,
    /// The requests that together make it whole, in the order in which they are asked.
    pub requests: &'static [Request],
    /// What may read it, least privilege first.
    pub grant: Grant,
    /// Statuses besides 2xx that mean "there is none of it here" (a table that comes with a solution).
    pub none_on: &'static [u16],
    /// Whether the first pages of many objects go in one request, where the service takes that (`$batch` of Graph).
    pub together: bool,
    /// Whether it is only read where a plan names it ([`crate::Plan::extra`]).
    pub on_demand: bool,
    /// Sources that are finished first where both are asked of the same place, whatever came of them.
    pub after: &'static [&'static str],
    /// Whether a place is asked at all.
    pub due: fn(&Place<'_>) -> Due,
    /// Dataverse table that it reads, by its logical name: where the probe counts no rows it is not asked.
    pub table: Option<&'static str>,
    /// Whether it reads only some of the rows of its table.
    pub filtered: bool,
    /// Kinds of objects that its answers name; sources of these kinds are its children.
    pub names: &'static [&'static str],
    /// For how long a reading of an environment stands for later ones; none where it is read each time.
    pub reuse: Option<Reuse>,
    /// Takes from an answer what others are asked for, and nothing more.
    pub find: fn(&Answer<'_>, &mut Found),
    /// Makes what is listed out of all answers at one place, where only together they are evidence. The answers
    /// themselves are then asked with `evidence: false`.
    pub compose: Option<Compose>,
    /// The answer that a refusal stands for, by its status and the words of the service, where the service says "none"
    /// that way. It is recorded with status 200.
    pub absence: fn(u16, &str) -> Option<&'static str>,
}

impl Source {
    /// What a declaration leaves out: `..Source::DEFAULT`.
    pub const DEFAULT: Self = Self {
        id: "",
        about: "",
        page: "",
        service: "",
        scope: Scope::Tenant,
        requests: &[],
        grant: Grant { application: None, delegated: None },
        none_on: &[],
        on_demand: false,
        together: false,
        after: &[],
        due: always,
        table: None,
        filtered: false,
        names: &[],
        reuse: None,
        find: nothing,
        compose: None,
        absence: no_absence,
    };
}

/// For how many days a reading stands for later ones, where nothing tells of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// In production environments and the default one.
    pub production: i64,
    /// In all others.
    pub others: i64,
}

impl Reuse {
    /// Rows of Dataverse.
    pub const ROWS: Self = Self { production: 7, others: 30 };
    /// Connections and custom connectors.
    pub const CONNECTIONS: Self = Self { production: 7, others: 7 };
}

const fn always(_: &Place<'_>) -> Due {
    Due::Ask
}

impl Source {
    /// How its evidence is made of several answers; none where its answers are evidence as they are.
    pub(crate) const fn made(&self) -> Option<Compose> {
        self.compose
    }

    /// The answer that a refusal stands for.
    pub(crate) fn stands_for(&self, status: u16, message: &str) -> Option<&'static str> {
        (self.absence)(status, message)
    }
}

const fn no_absence(_: u16, _: &str) -> Option<&'static str> {
    None
}

const fn nothing(_: &Answer<'_>, _: &mut Found) {}

/// For what a source is asked once each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Once.
    Tenant,
    /// Each environment.
    Environment,
    /// Each environment that has Dataverse, at its own address.
    Dataverse,
    /// Each object of a kind that earlier answers or the plan name: `policy`, `group`, `environment_group`, `sku`,
    /// `vault`, `resource`, `workspace`, `app`, `flow`, `project`, `repository`, `organisation` …
    Each(&'static str),
    /// Once for the tenant, with the ids of many objects in one request (`{ids}` in the body). Asked when all ids are
    /// known.
    Batch {
        /// Kind of the objects.
        of: &'static str,
        /// Ids in one request.
        size: usize,
    },
}

/// One request of a source.
///
/// `{…}` parts of path, query, headers and body are filled by the runner, see [`Request::path`].
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which part of the source it is, as the import names the parts; empty where there is only one.
    pub part: &'static str,
    /// Service, where it is another than the source's.
    pub service: Option<&'static str>,
    /// Path below the base of the service, beginning with `/`, or a whole address once it is filled.
    ///
    /// `{tenant}`, `{env}` (id of the environment), `{id}` (of the object), `{key}` (of [`Each`]), every field of the
    /// object or key by its name, `{now}`, and `{ago_30d}` (a moment so many days or hours before) are filled.
    /// `{x}` is percent-encoded as one segment, `{+x}` is put in as it is (a resource id, an address).
    pub path: &'static str,
    /// Query parameters in the order in which they are sent; values are filled and encoded.
    pub query: &'static [(&'static str, &'static str)],
    /// JSON that is posted; none for GET. `{x}` becomes the inside of a JSON text, `{ids}` a JSON array of texts.
    pub body: Option<&'static str>,
    /// Headers beside the usual ones.
    pub headers: &'static [(&'static str, &'static str)],
    /// How its answers go on.
    pub paging: Paging,
    /// For what it is asked once each within the source's scope.
    pub each: Each,
    /// Asked only where the request before it was refused.
    pub otherwise: bool,
    /// Whether its answers are evidence. Answers that only lead to others are kept for the journal but not listed.
    pub evidence: bool,
}

impl Request {
    /// A GET without pages: `Request { path: "/…", ..Request::GET }`.
    pub const GET: Self = Self {
        part: "",
        service: None,
        path: "",
        query: &[],
        body: None,
        headers: &[],
        paging: Paging::None,
        each: Each::Once,
        otherwise: false,
        evidence: true,
    };
}

/// For what a request is asked once each, within the scope of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// Once.
    Once,
    /// Each object of a kind that earlier requests of this source, at this place, named ([`Found::key`]).
    Found(&'static str),
    /// Each of these keys.
    Of(&'static [&'static str]),
    /// Each of the last so many days, newest first: `{day_start}` and `{day_end}`, RFC 3339 without a zone.
    Days(u32),
}

/// What may read a source, least privilege first, for an application and for a person who signs in.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// For a service principal; none where applications are not let in.
    pub application: Option<&'static str>,
    /// For an administrator who signs in; none where it does not serve people.
    pub delegated: Option<&'static str>,
}

impl Grant {
    /// The same for both kinds of identity.
    pub const fn both(grant: &'static str) -> Self {
        Self { application: Some(grant), delegated: Some(grant) }
    }

    /// For people only.
    pub const fn delegated(grant: &'static str) -> Self {
        Self { application: None, delegated: Some(grant) }
    }

    /// What an identity of a kind needs.
    pub const fn of(&self, identity: Identity) -> Option<&'static str> {
        match identity {
            Identity::Application => self.application,
            Identity::Delegated => self.delegated,
        }
    }
}

/// Who reads.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// A service principal or managed identity.
    Application,
    /// A person who signed in.
    Delegated,
}

impl Identity {
    /// The word for it, as the index and the journal write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Delegated => "delegated",
        }
    }
}
