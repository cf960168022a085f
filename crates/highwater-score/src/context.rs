//! The circumstances of a scoring: which tenant, which snapshot, as of when, what is out of scope.
//!
//! Everything that is neither evidence nor judgement enters here, so that the scoring itself reads
//! no clock, no environment and no file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Rulebook};

/// What [`crate::score`] is told about the run besides evidence and statements.
#[derive(Clone, Debug)]
pub struct Context {
    /// The program that scores.
    pub tool: Tool,
    /// The tenant that was read.
    pub tenant: Tenant,
    /// The snapshot that the answers come from.
    pub snapshot: Snapshot,
    /// The time as of which statements expire and evidence ages; normally the snapshot's time.
    pub evaluated_at: Timestamp,
    /// Ids of the models to report; `None` reports all of the rulebook.
    pub models: Option<BTreeSet<String>>,
    /// Capabilities that the organisation does not want judged.
    pub scope: Scope,
    /// Sources that could not be read, or not wholly.
    pub gaps: Vec<SourceGap>,
    /// What each fact asks, by fact id, copied into the scorecard; may be empty.
    pub about: BTreeMap<String, String>,
    /// What each fact asks as a digest, by fact id; part of what was applied. May be empty.
    pub questions: BTreeMap<String, String>,
    /// The files that the statements were read from.
    pub statement_files: Vec<StatementFile>,
}

impl Context {
    /// The UTC date as of which statements are live or not.
    pub fn evaluated_on(&self) -> Date {
        self.evaluated_at.to_zoned(TimeZone::UTC).date()
    }

    /// Whether the model is to be reported.
    pub fn wants(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|wanted| wanted.contains(model))
    }
}

/// Name and version of the program, as the scorecard shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Program name.
    pub name: String,
    /// Program version.
    pub version: String,
}

/// The tenant that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Tenant id (a GUID), or whatever identifies an import.
    pub id: String,
    /// Display name, when the evidence tells it.
    pub name: Option<String>,
}

/// The snapshot that was scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Snapshot id, the folder name without its prefix.
    pub id: String,
    /// When it was taken.
    #[schemars(with = "String")]
    pub taken_at: Timestamp,
    /// Digest of its manifest, lower-case hex.
    pub sha256: String,
}

/// A file of statements, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementFile {
    /// Digest of the file, lower-case hex.
    pub sha256: String,
    /// Its signature, which was checked; `null` when it is not signed.
    pub signature: Option<SignedBy>,
}

/// A signature that belongs to its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedBy {
    /// Short name of the key.
    pub key: String,
    /// When the file was signed, RFC 3339 in UTC, as the signer says.
    pub signed_at: String,
    /// Whether the key is one of those that are trusted.
    pub trusted: bool,
}

/// A source that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceGap {
    /// Source id such as `graph.conditional_access`.
    pub source: String,
    /// Coverage status: `denied`, `failed`, `partial`, `truncated` or `none`.
    pub status: String,
    /// One sentence that says what happened.
    pub reason: String,
    /// The permission that would close the gap, where known.
    pub grant: Option<String>,
    /// Evidence tables that this source feeds; they decide which indicators it would unlock.
    pub tables: Vec<String>,
}

impl SourceGap {
    /// The gap that has to be closed first: a reason that ends in `was not read (<source>)` names the list that was
    /// missing, and whoever lets that be read has closed this one too.
    #[must_use]
    pub fn root<'a>(&'a self, gaps: &'a [Self]) -> &'a Self {
        let list = self.reason.rsplit_once("was not read (").and_then(|it| it.1.strip_suffix(')'));
        list.filter(|list| *list != self.source)
            .and_then(|list| gaps.iter().find(|gap| gap.source == list))
            .unwrap_or(self)
    }
}

/// Capabilities that are not judged, each with the organisation's reason.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    excluded: BTreeMap<String, String>,
}

impl Scope {
    /// Checks the `[scope]` table of the configuration: keys are `model.capability`, values reasons.
    ///
    /// # Errors
    /// [`Error::Scope`] for an unknown capability, a missing reason, or a model without any capability left.
    pub fn new(
        rulebook: &Rulebook,
        out_of_scope: &[String],
        reasons: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let known: BTreeSet<String> = rulebook
            .capabilities()
            .map(|(model, capability)| format!("{}.{}", model.id, capability.id))
            .collect();
        if let Some(stray) = reasons.keys().find(|key| !out_of_scope.contains(key)) {
            return Err(scope_error(
                stray,
                "has a reason but is not listed in `out_of_scope`; list it or drop the reason",
            ));
        }
        let mut excluded = BTreeMap::new();
        for key in out_of_scope {
            if !known.contains(key) {
                return Err(scope_error(
                    key,
                    "is no capability of the rulebook; write `<model>.<capability>`, such as `automation.empower`",
                ));
            }
            let reason = reasons.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
            let reason = reason
                .ok_or_else(|| scope_error(key, "has no reason; say why in `[scope.reasons]`"))?;
            excluded.insert(key.clone(), reason.to_owned());
        }
        let scope = Self { excluded };
        match rulebook.models().iter().find(|model| {
            model.capabilities.iter().all(|c| scope.reason(&model.id, &c.id).is_some())
        }) {
            Some(model) => Err(scope_error(
                &model.id,
                "would have no capability left; leave one in, or score the other model alone with `--model`",
            )),
            None => Ok(scope),
        }
    }

    /// Why the capability is not judged, if it is not.
    pub fn reason(&self, model: &str, capability: &str) -> Option<&str> {
        self.excluded.get(&format!("{model}.{capability}")).map(String::as_str)
    }
}

fn scope_error(subject: &str, problem: &str) -> Error {
    Error::Scope { subject: subject.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_leads_to_the_list_that_was_missing() {
        let gap = |source: &str, reason: &str| SourceGap {
            source: source.to_owned(),
            status: "none".to_owned(),
            reason: reason.to_owned(),
            grant: Some(format!("{source}.Read")),
            tables: Vec::new(),
        };
        let gaps = [
            gap("a.list", "HTTP 403"),
            gap("a.one", "not asked: the list of its ones was not read (a.list)"),
            gap("b.one", "not asked: the list of its ones was not read (b.list)"),
        ];
        assert_eq!(gaps[1].root(&gaps), &gaps[0]);
        assert_eq!(gaps[2].root(&gaps), &gaps[2]);
        assert_eq!(gaps[0].root(&gaps), &gaps[0]);
    }
}
