//! A maturity model as data: levels, capabilities and their indicators.
//!
//! The types that the files of `config/models/<model>/` are read into. A model holds judgement
//! (rules, weights, thresholds) and words; it holds no evidence and computes nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::Rule;

/// A model: a profile of capabilities on one scale of levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Version of the file format, 1.
    pub format: u32,
    /// Id such as `automation`; editions of one model share it.
    pub id: String,
    /// First part of every indicator id, such as `AUT`.
    pub code: String,
    /// Title.
    pub title: String,
    /// Edition; of several editions the greatest in text order is used unless another one is asked for.
    pub edition: String,
    /// Page of the published model.
    pub source: String,
    /// Days for which telemetry is taken as fresh; it counts half at twice that age.
    pub fresh_days: u16,
    /// Thresholds of the level algorithm.
    pub thresholds: Thresholds,
    /// Upper bounds of the rating classes.
    pub ratings: Ratings,
    /// The scale, lowest level first.
    #[serde(rename = "level")]
    pub levels: Vec<LevelName>,
    /// The capabilities in the order in which they are shown.
    #[serde(rename = "capability")]
    pub capabilities: Vec<Capability>,
}

/// Thresholds of the level algorithm, each in `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// A gate needs at least this much.
    pub gate: f64,
    /// A core indicator needs more than this.
    pub core: f64,
    /// The weighted mean of a level needs at least this much.
    pub mean: f64,
    /// A limitation must be refuted by more than this.
    pub cap: f64,
}

/// Upper bounds of the classes *not*, *partly* and *largely*; above is *fully*.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratings {
    /// Greatest score of *not*.
    pub not: f64,
    /// Greatest score of *partly*.
    pub partly: f64,
    /// Greatest score of *largely*.
    pub largely: f64,
}

impl Ratings {
    /// The class of a score, 0 (*not*) to 3 (*fully*).
    pub fn class(&self, score: f64) -> u8 {
        [self.not, self.partly, self.largely].into_iter().map(|bound| u8::from(score > bound)).sum()
    }
}

/// A level of the scale. Its name belongs to the model, not to the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelName {
    /// Level number such as 300.
    pub number: u16,
    /// Name in this model.
    pub name: String,
}

/// A capability, or discipline, with its indicators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// Id such as `secure-govern`; also the name of its file.
    pub id: String,
    /// Second part of its indicators' ids, such as `SG`.
    pub code: String,
    /// Title.
    pub title: String,
    /// Section of the published page.
    pub source: String,
    /// What each level is about, in our words, by level number.
    pub goals: BTreeMap<String, String>,
    /// Its indicators by level and id; they stand in a file of their own.
    #[serde(default)]
    pub indicators: Vec<Indicator>,
}

/// One statement of a model and how it is inferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Id such as `AUT-SG-200-01`.
    pub id: String,
    /// Level that it belongs to.
    pub level: u16,
    /// Title in our words.
    pub title: String,
    /// Something to reach, or a limitation to overcome.
    pub polarity: Polarity,
    /// What it does to the level.
    pub role: Role,
    /// Weight in the level's mean and in coverage; 0 for a roll-up.
    pub weight: u8,
    /// For a limitation: the level from which it blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_from: Option<u16>,
    /// What decides it.
    pub assessability: Assessability,
    /// How much a hint in the telemetry moves the estimate, in `(0, 1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// The rule; for a limitation, how true it is.
    pub rule: Rule,
    /// What it is about, and how many are needed to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<Population>,
    /// Evidence without which it cannot hold, whatever is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuted_by: Option<Rule>,
    /// Indicators that include this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implied_by: Vec<String>,
    /// Days for which a statement counts when it names no expiry itself.
    pub statement_days: u16,
    /// Why the rule is as it is.
    pub why: String,
    /// How the result may mislead.
    pub risk: String,
    /// What to do when it falls short.
    pub remediation: String,
    /// Who usually does it.
    pub owner: String,
    /// Documents that the published model points to, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference: Vec<String>,
}

/// Something to reach, or a limitation to overcome.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Counts as far as it is so.
    Achievement,
    /// Blocks as long as it is so.
    Limitation,
}

/// What an indicator does to the level.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Must be met fully.
    Gate,
    /// Must be met largely.
    Core,
    /// Only weighs in the mean.
    Supporting,
    /// A limitation.
    Cap,
    /// A heading over other indicators: shown, never counted.
    #[serde(rename = "rollup")]
    RollUp,
}

/// What decides an indicator.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Assessability {
    /// Telemetry.
    Direct,
    /// A statement, unless the refuter speaks against it; telemetry hints.
    Proxy,
    /// Telemetry and a statement together, as the rule says.
    Hybrid,
    /// A statement; telemetry hints at most.
    Attested,
}

/// What an indicator is about, and how many are needed to judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PopulationText", into = "PopulationText")]
pub struct Population {
    /// The fact that counts the subjects.
    pub fact: String,
    /// Least number that allows a judgement.
    pub minimum: f64,
    /// Whether exactly `minimum` is still too few.
    pub exclusive: bool,
    /// What none at all means.
    pub when_zero: WhenZero,
}

impl Population {
    /// Whether this many are enough.
    pub fn suffices(&self, number: f64) -> bool {
        if self.exclusive { number > self.minimum } else { number >= self.minimum }
    }
}

/// What it means that there are no subjects at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenZero {
    /// The indicator does not apply.
    NotApplicable,
    /// The score is 0.
    NotMet,
    /// Nothing can be said.
    Unknown,
}

/// A population as it is written in a model file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PopulationText {
    fact: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    above: Option<f64>,
    when_zero: WhenZero,
}

impl TryFrom<PopulationText> for Population {
    type Error = String;

    fn try_from(text: PopulationText) -> Result<Self, String> {
        let (minimum, exclusive) = match (text.at_least, text.above) {
            (Some(minimum), None) if minimum > 0.0 && minimum.is_finite() => (minimum, false),
            (None, Some(minimum)) if minimum >= 0.0 && minimum.is_finite() => (minimum, true),
            _ => {
                return Err(
                    "a population needs either `at_least` (more than 0) or `above` (0 or more)"
                        .to_owned(),
                );
            }
        };
        Ok(Self { fact: text.fact, minimum, exclusive, when_zero: text.when_zero })
    }
}

impl From<Population> for PopulationText {
    fn from(population: Population) -> Self {
        let Population { fact, minimum, exclusive, when_zero } = population;
        let (at_least, above) =
            if exclusive { (None, Some(minimum)) } else { (Some(minimum), None) };
        Self { fact, at_least, above, when_zero }
    }
}

impl Indicator {
    /// Fact ids that decide it: those of the rule, the population and the refuter, each once.
    pub fn facts(&self) -> Vec<&str> {
        let mut facts = self.rule.facts();
        let others = self
            .population
            .iter()
            .map(|p| p.fact.as_str())
            .chain(self.refuted_by.iter().flat_map(Rule::facts));
        for fact in others {
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
        facts
    }

    /// Whether it is rated: everything but a roll-up.
    pub fn is_rated(&self) -> bool {
        self.role != Role::RollUp
    }

    /// Indicators whose result takes part in this one's.
    pub fn needs(&self) -> Vec<&str> {
        let mut ids = self.rule.indicators();
        ids.extend(self.refuted_by.iter().flat_map(Rule::indicators));
        ids.extend(self.implied_by.iter().map(String::as_str));
        ids
    }
}

impl Model {
    /// Level numbers, lowest first.
    pub fn scale(&self) -> Vec<u16> {
        self.levels.iter().map(|level| level.number).collect()
    }

    /// The name of a level in this model.
    pub fn level_name(&self, number: u16) -> Option<&str> {
        self.levels.iter().find(|level| level.number == number).map(|level| level.name.as_str())
    }

    /// Its indicators, capability by capability.
    pub fn indicators(&self) -> impl Iterator<Item = &Indicator> {
        self.capabilities.iter().flat_map(|capability| &capability.indicators)
    }
}
