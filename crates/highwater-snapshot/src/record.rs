//! Record: one thing a service said, with where and when it was said.
//!
//! Owns the context that a reading may need beside the record itself, and reads a flow's definition only
//! once for all the tables that it feeds.

use std::borrow::Cow;
use std::cell::OnceCell;

use highwater_definitions::CloudFlow;

use crate::{Json, Time};

/// One record of a source on its way into rows.
#[derive(Clone, Debug)]
pub struct Record<'v> {
    /// The record.
    pub json: Json<'v>,
    /// What the request was about, where the record does not say it itself.
    pub place: &'v Place,
    flow: OnceCell<Option<CloudFlow>>,
}

/// Where a record was read: the parts of the request that the record itself may not repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Tenant id, lower-case.
    pub tenant: Option<String>,
    /// Environment id, lower-case, the default one with its `default-` prefix.
    pub environment: Option<String>,
    /// Id of the parent object of the request (policy, flow, app, vault, group, resource …), lower-case.
    pub parent: Option<String>,
}

/// Which source said it, when, and as which of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Source id such as `bap.environments`.
    pub source: String,
    /// Number of the record in `raw/<source>.ndjson.zst`, from 1.
    pub record_no: i64,
    /// When it was read; never later than the snapshot.
    pub observed_at: Time,
}

impl<'v> Record<'v> {
    /// A record that was said in a place.
    pub const fn new(json: Json<'v>, place: &'v Place) -> Self {
        Self { json, place, flow: OnceCell::new() }
    }

    /// What the flow definition inside says, as `read` finds it the first time.
    pub(crate) fn flow(&self, read: impl FnOnce() -> Option<CloudFlow>) -> Option<&CloudFlow> {
        self.flow.get_or_init(read).as_ref()
    }

    /// A cursor at a dotted path.
    pub fn at(&self, path: &str) -> Json<'v> {
        self.json.at(path)
    }

    /// The environment: of the request, else at `path` of the record.
    pub fn environment(&self, path: &str) -> Option<Cow<'v, str>> {
        match &self.place.environment {
            Some(environment) => Some(Cow::Borrowed(environment.as_str())),
            None => self.json.at(path).segment(),
        }
    }

    /// The parent object of the request, such as the policy whose details these are.
    pub fn parent(&self) -> Option<Cow<'v, str>> {
        self.place.parent.as_deref().map(Cow::Borrowed)
    }

    /// The tenant that the snapshot is about.
    pub fn tenant(&self) -> Option<Cow<'v, str>> {
        self.place.tenant.as_deref().map(Cow::Borrowed)
    }
}
