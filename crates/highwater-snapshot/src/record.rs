//! Record: one thing a service said, with where and when it was said.
//!
//! Owns the context that a reading may need beside the record itself. Keeps no state.

use std::borrow::Cow;

use crate::{Json, Time};

/// One record of a source on its way into rows.
#[derive(Clone, Copy, Debug)]
pub struct Record<'v> {
    /// The record.
    pub json: Json<'v>,
    /// What the request was about, where the record does not say it itself.
    pub place: &'v Place,
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
