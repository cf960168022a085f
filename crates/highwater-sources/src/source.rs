//! Source: where one kind of evidence is asked for, by whom it may be read, and how its answers go on.
//!
//! Owns the vocabulary of the declarations. How a request is sent, retried and paged is `highwater-http`; in which
//! order and how often sources are asked is the runner.

use highwater_http::Paging;

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
    /// The requests that together make it whole.
    pub requests: &'static [Request],
    /// What may read it, least privilege first.
    pub grant: Grant,
    /// Statuses besides 2xx that mean "there is none of it here" (a table that comes with a solution).
    pub none_on: &'static [u16],
}

/// For what a source is asked once each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Once.
    Tenant,
    /// Each environment.
    Environment,
    /// Each environment that has Dataverse, at its own address.
    Dataverse,
    /// Each environment that hosts pipelines, at its own address.
    PipelinesHost,
    /// Each object of a kind that earlier answers name: `policy`, `group`, `environment_group`, `sku`, `vault`,
    /// `resource`, `workspace`, `app`, `flow`, `project`, `repository`, `organisation` …
    Each(&'static str),
}

/// One request of a source.
///
/// `{…}` parts of path, query and body are filled by the runner: `{tenant}`, `{env}`, `{parent}`, `{since}` …
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which part of the source it is; empty where there is only one.
    pub part: &'static str,
    /// Path below the base of the service, beginning with `/`.
    pub path: &'static str,
    /// Query parameters in the order in which they are sent.
    pub query: &'static [(&'static str, &'static str)],
    /// JSON that is posted; none for GET.
    pub body: Option<&'static str>,
    /// Headers beside the usual ones.
    pub headers: &'static [(&'static str, &'static str)],
    /// How its answers go on.
    pub paging: Paging,
}

/// What may read a source, least privilege first, for an application and for a person who signs in.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// For a service principal; none where applications are not let in.
    pub application: Option<&'static str>,
    /// For an administrator who signs in; none where it does not serve people.
    pub delegated: Option<&'static str>,
}
