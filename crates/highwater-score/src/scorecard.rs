//! The scorecard: the JSON that dashboards, reports and gates are written against.
//!
//! The shape is format 1 of the project's contract; keys may be added, never renamed or removed.
//! Holds results only: nothing here computes a level. Numbers between 0 and 1 carry four decimals,
//! every list has one fixed order, so that the same input gives the same bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::level::Levels;
use crate::model::{Polarity, Role};
use crate::{Snapshot, StatementFile, Tenant, Tool};

/// The version of this shape.
pub(crate) const FORMAT: u32 = 1;

/// Everything that a scoring found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scorecard {
    /// Version of this shape, 1.
    pub format: u32,
    /// The program that scored.
    pub tool: Tool,
    /// The tenant that was read.
    pub tenant: Tenant,
    /// The snapshot that was scored.
    pub snapshot: Snapshot,
    /// The rules that were applied.
    pub rulebook: RulebookScore,
    /// Time as of which statements count, RFC 3339 in UTC.
    pub evaluated_at: String,
    /// One entry a model, in the order of the rulebook.
    pub models: Vec<ModelScore>,
    /// Every fact, sorted by id.
    pub facts: Vec<FactScore>,
    /// Sources that could not be read, sorted by id.
    pub gaps: Vec<GapScore>,
    /// The statements and what became of them, sorted by indicators and date.
    pub attestations: Vec<AttestationScore>,
    /// The files that the statements stand in, and who signed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statement_files: Vec<StatementFile>,
    /// Statements that the evidence speaks against, sorted by indicator.
    #[serde(default)]
    pub contradictions: Vec<ContradictionScore>,
}

/// The rules that were applied; scorecards with different digests are not comparable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RulebookScore {
    /// Digest of the effective rules, models and facts, lower-case hex.
    pub sha256: String,
    /// The models that were scored.
    pub models: Vec<ModelEdition>,
}

/// A model and its edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelEdition {
    /// Model id such as `automation`.
    pub id: String,
    /// Edition such as `2024-07`.
    pub edition: String,
}

/// The result of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelScore {
    /// Model id.
    pub id: String,
    /// Model title.
    pub title: String,
    /// Least level of its capabilities.
    pub level: Levels,
    /// Median level of its capabilities, for trend charts.
    pub median: Levels,
    /// Ids of the capabilities whose proven level is the least; empty at the top level.
    pub limited_by: Vec<String>,
    /// How much of the model is decided.
    pub coverage: Coverage,
    /// The judged capabilities in the model's order.
    pub capabilities: Vec<CapabilityScore>,
    /// Capabilities that the organisation does not want judged.
    #[serde(default)]
    pub out_of_scope: Vec<OutOfScope>,
}

/// A capability that is not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutOfScope {
    /// Capability id.
    pub id: String,
    /// Two-letter code of its indicators.
    pub code: String,
    /// Capability title.
    pub title: String,
    /// The organisation's reason.
    pub reason: String,
}

/// The result of one capability or discipline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapabilityScore {
    /// Capability id such as `secure-govern`.
    pub id: String,
    /// Two-letter code of its indicators.
    pub code: String,
    /// Title.
    pub title: String,
    /// The level as a range.
    pub level: Levels,
    /// Part of the way from the proven level to the next, in `[0, 0.99]`; 0 at the top.
    pub progress: f64,
    /// How much of the capability is decided.
    pub coverage: Coverage,
    /// The next level and what is missing for it; `null` when nothing is.
    pub next: Option<Next>,
    /// The levels above the entry level, with goal and standing.
    #[serde(default)]
    pub levels: Vec<LevelScore>,
    /// Every indicator, by level and id.
    pub indicators: Vec<IndicatorScore>,
}

/// One level of a capability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelScore {
    /// Level number.
    pub level: u16,
    /// Level name in this model.
    pub name: String,
    /// What the level is about, in our words.
    pub goal: String,
    /// Whether the level's own requirements hold, lower levels aside.
    pub requirements: State,
    /// How much of the level is decided.
    pub coverage: Coverage,
}

/// The next level and what is missing for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Next {
    /// The first level above the proven one whose requirements are not proven.
    pub level: u16,
    /// Indicators that stand in the way, by id.
    pub open: Vec<String>,
}

/// Shares of the applicable weight, each in `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Decided by evidence or statement: `telemetry + attested`.
    pub decided: f64,
    /// Decided by evidence alone.
    pub telemetry: f64,
    /// Decided only with statements.
    pub attested: f64,
    /// Undecided, with a hint in the evidence.
    pub proxy: f64,
    /// Undecided, without any hint.
    pub open: f64,
}

/// The result of one indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IndicatorScore {
    /// Indicator id such as `AUT-SG-200-01`.
    pub id: String,
    /// Level that it belongs to.
    pub level: u16,
    /// Title in our words.
    pub title: String,
    /// Something to reach, or a limitation to overcome.
    pub polarity: Polarity,
    /// What it does to the level.
    pub role: Role,
    /// Its weight in the level's mean.
    pub weight: u8,
    /// For a limitation: the level from which it blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_from: Option<u16>,
    /// What is known.
    pub state: State,
    /// Least and greatest score that the evidence allows; for a limitation, how true it is.
    pub interval: [f64; 2],
    /// Best supported guess inside `interval`.
    pub estimate: f64,
    /// Where the result comes from.
    pub source: Source,
    /// How far to trust it, in `[0, 1]`; never used in a level.
    pub confidence: f64,
    /// Facts that were read, in the rule's order.
    pub facts: Vec<String>,
    /// Why, in plain words.
    pub reasons: Vec<String>,
    /// What to do about it.
    pub remediation: String,
    /// Who usually does it.
    pub owner: String,
    /// What would decide or improve it; empty where nothing is left to do.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The rule in words.
    #[serde(default)]
    pub rule: String,
    /// Why the rule is as it is.
    #[serde(default)]
    pub why: String,
    /// How the result may mislead.
    #[serde(default)]
    pub risk: String,
    /// Page of the published model.
    #[serde(default)]
    pub link: String,
}

/// What is known of an indicator.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Achievement: above the threshold of its role, whatever the rest may be.
    Met,
    /// Achievement: below the threshold, yet not nothing.
    Partly,
    /// Achievement: shown to be absent.
    NotMet,
    /// Limitation: it is so.
    Holds,
    /// Limitation: overcome.
    Refuted,
    /// The evidence allows both.
    Unknown,
    /// There is nothing that it could be about.
    NotApplicable,
}

/// Where an indicator's result comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Evidence of the tenant.
    Telemetry,
    /// A live statement.
    Attested,
    /// Evidence that only hints: it moves the estimate, never the proven level.
    Proxy,
    /// Another indicator that includes this one.
    Implied,
    /// A live statement in place of evidence that was not collected.
    Substituted,
    /// Nothing.
    None,
}

/// What would decide or improve an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Need {
    /// Evidence that is missing or incomplete.
    Collect {
        /// Facts that are not known exactly.
        facts: Vec<String>,
        /// Evidence tables behind them, as far as known.
        tables: Vec<String>,
    },
    /// A statement of a person.
    Attest,
    /// More subjects than there are.
    Sample {
        /// The fact that counts them.
        fact: String,
        /// Least number that allows a judgement.
        minimum: f64,
    },
    /// A change in the tenant.
    Fix {
        /// Facts that fall short.
        facts: Vec<String>,
        /// Whether a statement has to go with it, which nobody has made: the change alone will not do.
        #[serde(default, skip_serializing_if = "is_false")]
        statement: bool,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// One fact as it was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactScore {
    /// Fact id.
    pub id: String,
    /// `share`, `count`, `flag` or `measure`; `null` for a fact that was not even asked.
    pub kind: Option<String>,
    /// Least and greatest value; an open upper end is `null`. `null` when not observed, or when `empty`.
    #[serde(serialize_with = "range")]
    pub value: Option<(f64, Option<f64>)>,
    /// Whether a share or measure is known to have no subjects at all.
    pub empty: bool,
    /// Subjects that count for.
    #[serde(rename = "for")]
    pub trues: u64,
    /// Subjects that count against.
    #[serde(rename = "against")]
    pub falses: u64,
    /// Subjects that were not told.
    #[serde(rename = "unknown")]
    pub unknowns: u64,
    /// Evidence tables behind it.
    pub tables: Vec<String>,
    /// What could not be read of them.
    pub gaps: Vec<String>,
    /// What the fact asks.
    #[serde(default)]
    pub about: String,
    /// The same as a digest: where it differs, another question was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
}

/// One source that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapScore {
    /// Source id.
    pub source: String,
    /// Coverage status.
    pub status: String,
    /// What happened.
    pub reason: String,
    /// Permission that would close the gap, where known.
    pub grant: Option<String>,
    /// Indicators that are open and read what the source feeds, by id.
    pub unlocks: Vec<String>,
}

/// One statement and what became of it; a statement with several fates has several entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct AttestationScore {
    /// Indicators that share this fate, by id.
    pub indicators: Vec<String>,
    /// `live`, `expired`, `not_yet` (made after the time of evaluation) or `superseded`.
    pub status: String,
    /// First day on which it no longer counts.
    pub expires: String,
    /// `not`, `partly`, `largely` or `fully`.
    pub answer: String,
    /// Who stated it.
    pub by: String,
    /// When it was stated.
    pub on: String,
    /// What was given as evidence.
    pub evidence: Vec<String>,
    /// Remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A live statement that the evidence speaks against; the evidence wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContradictionScore {
    /// Indicator id.
    pub indicator: String,
    /// Who stated it.
    pub by: String,
    /// When.
    pub on: String,
    /// What was stated.
    pub answer: String,
    /// What the evidence allows.
    pub evidence: [f64; 2],
    /// The two in one sentence.
    pub reason: String,
}

impl Scorecard {
    /// The scorecard as JSON text, indented, with a final line break.
    ///
    /// # Errors
    /// When a number is not finite, which no scorecard of [`crate::score`] holds.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The indicator with this id, if it was judged.
    pub fn indicator(&self, id: &str) -> Option<&IndicatorScore> {
        self.indicators().find(|indicator| indicator.id == id)
    }

    /// Every judged indicator in the order of the scorecard.
    pub fn indicators(&self) -> impl Iterator<Item = &IndicatorScore> {
        self.models
            .iter()
            .flat_map(|model| &model.capabilities)
            .flat_map(|capability| &capability.indicators)
    }
}

/// The JSON Schema of [`Scorecard`], indented, with a final line break.
///
/// # Errors
/// When the schema cannot be written as JSON, which does not happen for these types.
pub fn schema() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&schemars::schema_for!(Scorecard)).map(|text| text + "\n")
}

/// Whole numbers are written without a fraction, so that a count reads as one.
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Real(f64),
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and inside the exact range, checked just before"
        )]
        if value.fract() == 0.0 && value.abs() < EXACT {
            Self::Whole(value as i64)
        } else {
            Self::Real(value)
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
fn range<S: Serializer>(
    value: &Option<(f64, Option<f64>)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.map(|(lo, hi)| (Number::from(lo), hi.map(Number::from))).serialize(serializer)
}
