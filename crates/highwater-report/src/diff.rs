//! Diff: what changed between two scorecards, and why.
//!
//! Guarantees that every indicator whose result or ground moved is listed once, with one class and all
//! causes that can be seen; a change that nothing explains is said to be unexplained, never guessed at.
//! Knows scorecards only: subjects that moved are added by whoever has both snapshots.

use std::collections::{BTreeMap, BTreeSet};

use highwater_score::{
    CapabilityScore, IndicatorScore, Levels, ModelScore, Polarity, Scorecard, State,
};
use serde::Serialize;

mod cause;
mod moved;
mod text;

pub use cause::{Cause, FactMove};
pub use moved::{Moved, MovedGroup, MovedSubject, NAMED, way};
pub(crate) use text::{cause_words, result as result_words};
pub use text::{headlines, render as render_text, summary};

/// What happened to an indicator, told apart so that a regression is never mistaken for lost sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The evidence became worse.
    Worse,
    /// A statement ran out, was withdrawn or was answered lower.
    Expired,
    /// Less can be seen than before.
    LostSight,
    /// Rules differ; the two results cannot be compared.
    RuleChanged,
    /// More can be seen than before.
    RegainedSight,
    /// A statement was made or answered higher.
    Attested,
    /// The evidence became better.
    Better,
}

impl Class {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 7] = [
        Self::Worse,
        Self::Expired,
        Self::LostSight,
        Self::RuleChanged,
        Self::RegainedSight,
        Self::Attested,
        Self::Better,
    ];

    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Expired => "statement expired",
            Self::LostSight => "lost sight",
            Self::RuleChanged => "rule changed",
            Self::RegainedSight => "regained sight",
            Self::Attested => "attested",
            Self::Better => "better",
        }
    }
}

/// Two scorecards compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Version of this shape, 1.
    pub format: u32,
    /// The earlier one.
    pub old: Side,
    /// The later one.
    pub new: Side,
    /// What makes the two hard to compare, one sentence each.
    pub warnings: Vec<String>,
    /// Levels of models and capabilities that moved, in the order of the later scorecard.
    pub levels: Vec<LevelMove>,
    /// How many indicators fell into each class.
    pub counts: BTreeMap<Class, usize>,
    /// Indicators that moved, the most urgent class first, then by id.
    pub indicators: Vec<IndicatorMove>,
    /// Sources whose reading changed.
    pub sources: Vec<SourceMove>,
}

/// One of the two scorecards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Tenant id.
    pub tenant: String,
    /// Snapshot id.
    pub snapshot: String,
    /// Time of evaluation.
    pub evaluated_at: String,
    /// Digest of the rules.
    pub rulebook: String,
}

/// A level that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelMove {
    /// Model id.
    pub model: String,
    /// Capability id; `null` for the model as a whole.
    pub capability: Option<String>,
    /// Title of the model or capability.
    pub title: String,
    /// Level before.
    pub old: Levels,
    /// Level now.
    pub new: Levels,
    /// Classes of the indicators of that capability that moved.
    pub because: BTreeSet<Class>,
}

/// An indicator that moved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndicatorMove {
    /// Indicator id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What happened.
    pub class: Class,
    /// Before; `null` when it was not judged.
    pub old: Option<Result>,
    /// Now; `null` when it is not judged any more.
    pub new: Option<Result>,
    /// Everything that can have moved it.
    pub causes: Vec<Cause>,
}

/// The result of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Result {
    /// State.
    pub state: State,
    /// Least and greatest score; for a limitation, how true it is.
    pub interval: [f64; 2],
}

/// A source whose reading changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceMove {
    /// Source id.
    pub source: String,
    /// Status before; `full` when it was no gap.
    pub old: String,
    /// Status now.
    pub new: String,
}

/// Compares two scorecards.
pub fn compare(old: &Scorecard, new: &Scorecard) -> Diff {
    let causes = cause::Causes::new(old, new);
    let before: BTreeMap<&str, &IndicatorScore> = by_id(old);
    let after: BTreeMap<&str, &IndicatorScore> = by_id(new);
    let ids: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut indicators: Vec<IndicatorMove> = ids
        .into_iter()
        .filter_map(|id| moved(&causes, before.get(id).copied(), after.get(id).copied()))
        .collect();
    indicators.sort_by(|a, b| a.class.cmp(&b.class).then(a.id.cmp(&b.id)));
    let mut counts = BTreeMap::new();
    for indicator in &indicators {
        *counts.entry(indicator.class).or_insert(0) += 1;
    }
    Diff {
        format: 1,
        old: side(old),
        new: side(new),
        warnings: warnings(old, new),
        levels: levels(old, new, &indicators),
        counts,
        indicators,
        sources: sources(old, new),
    }
}

impl IndicatorMove {
    /// Whether its state moved, and not only the score within it.
    pub fn is_news(&self) -> bool {
        self.old.map(|it| it.state) != self.new.map(|it| it.state)
    }
}

impl Diff {
    /// Whether a level or the state of an indicator moved. Scores move a little with every day of use.
    pub fn is_news(&self) -> bool {
        !self.levels.is_empty() || self.indicators.iter().any(IndicatorMove::is_news)
    }

    /// Facts that moved an indicator.
    pub fn facts(&self) -> BTreeSet<String> {
        let causes = self.indicators.iter().flat_map(|indicator| &indicator.causes);
        causes.filter_map(Cause::fact).map(|moved| moved.fact.clone()).collect()
    }

    /// Tells which subjects of a fact moved.
    pub fn tell(&mut self, fact: &str, moved: &Moved) {
        let causes = self.indicators.iter_mut().flat_map(|indicator| &mut indicator.causes);
        for it in causes.filter_map(Cause::fact_mut).filter(|it| it.fact == fact) {
            it.subjects = Some(moved.clone());
        }
    }
}

fn by_id(scorecard: &Scorecard) -> BTreeMap<&str, &IndicatorScore> {
    scorecard.indicators().map(|indicator| (indicator.id.as_str(), indicator)).collect()
}

fn side(scorecard: &Scorecard) -> Side {
    Side {
        tenant: scorecard.tenant.id.clone(),
        snapshot: scorecard.snapshot.id.clone(),
        evaluated_at: scorecard.evaluated_at.clone(),
        rulebook: scorecard.rulebook.sha256.clone(),
    }
}

fn warnings(old: &Scorecard, new: &Scorecard) -> Vec<String> {
    let mut found = Vec::new();
    if old.tenant.id != new.tenant.id {
        found.push(
            "The two scorecards are of different tenants: nothing here is a change over time."
                .to_owned(),
        );
    }
    if old.evaluated_at > new.evaluated_at {
        found.push("The first scorecard is the later one: read every change backwards.".to_owned());
    }
    if old.rulebook.sha256 != new.rulebook.sha256 {
        found.push(
            "The rules differ: a level may have moved without any change in the tenant.".to_owned(),
        );
    }
    let models = |scorecard: &Scorecard| -> Vec<String> {
        scorecard.models.iter().map(|model| model.id.clone()).collect()
    };
    if models(old) != models(new) {
        found.push("Not the same models were scored.".to_owned());
    }
    found
}

fn result(indicator: &IndicatorScore) -> Result {
    Result { state: indicator.state, interval: indicator.interval }
}

/// The score as something of which more is better.
fn goodness(indicator: &IndicatorScore) -> (f64, f64) {
    let [lo, hi] = indicator.interval;
    match indicator.polarity {
        Polarity::Achievement => (lo, hi),
        Polarity::Limitation => (1.0 - hi, 1.0 - lo),
    }
}

fn moved(
    causes: &cause::Causes<'_>,
    old: Option<&IndicatorScore>,
    new: Option<&IndicatorScore>,
) -> Option<IndicatorMove> {
    let (class, found) = match (old, new) {
        (Some(old), Some(new)) => {
            if result(old) == result(new) && old.source == new.source {
                return None;
            }
            let found = causes.of(old, new);
            (class(old, new, &found), found)
        }
        _ => (Class::RuleChanged, vec![Cause::Rule]),
    };
    let shown = new.or(old)?;
    Some(IndicatorMove {
        id: shown.id.clone(),
        title: shown.title.clone(),
        class,
        old: old.map(result),
        new: new.map(result),
        causes: found,
    })
}

/// The one class of a change: rules first, then statements, then what the evidence did.
fn class(old: &IndicatorScore, new: &IndicatorScore, causes: &[Cause]) -> Class {
    let has = |wanted: fn(&Cause) -> bool| causes.iter().any(wanted);
    if has(|cause| *cause == Cause::Rule) {
        return Class::RuleChanged;
    }
    let (before, after) = (goodness(old), goodness(new));
    let (up, down) =
        (after.0 > before.0 || after.1 > before.1, after.0 < before.0 || after.1 < before.1);
    let only_up = up && !down;
    if !only_up && has(|cause| matches!(cause, Cause::Expired { .. } | Cause::Withdrawn { .. })) {
        return Class::Expired;
    }
    if has(|cause| matches!(cause, Cause::Attested { .. })) {
        // A lower answer to the same question takes something back.
        return if down && !up { Class::Expired } else { Class::Attested };
    }
    let narrowed = after.0 >= before.0 && after.1 <= before.1;
    let widened = after.0 <= before.0 && after.1 >= before.1;
    let seen = has(|cause| matches!(cause, Cause::Regained { .. }));
    let lost = has(|cause| matches!(cause, Cause::Lost { .. }));
    let applies = |state: State| state != State::NotApplicable;
    match (narrowed, widened) {
        (true, false) if seen || !lost => Class::RegainedSight,
        (false, true) if lost || !seen => Class::LostSight,
        _ if up && !down => Class::Better,
        _ if down && !up => Class::Worse,
        _ if seen && !lost => Class::RegainedSight,
        _ if lost && !seen => Class::LostSight,
        _ if applies(old.state) && !applies(new.state) => Class::Better,
        _ if after.0 + after.1 >= before.0 + before.1 => Class::Better,
        _ => Class::Worse,
    }
}

fn levels(old: &Scorecard, new: &Scorecard, indicators: &[IndicatorMove]) -> Vec<LevelMove> {
    let mut found = Vec::new();
    for model in &new.models {
        let Some(before) = old.models.iter().find(|it| it.id == model.id) else { continue };
        let because = |capability: &CapabilityScore| -> BTreeSet<Class> {
            let own: BTreeSet<&str> =
                capability.indicators.iter().map(|indicator| indicator.id.as_str()).collect();
            indicators.iter().filter(|it| own.contains(it.id.as_str())).map(|it| it.class).collect()
        };
        let capabilities = capability_moves(before, model, because);
        if before.level != model.level {
            found.push(LevelMove {
                model: model.id.clone(),
                capability: None,
                title: model.title.clone(),
                old: before.level,
                new: model.level,
                because: capabilities.iter().flat_map(|it| it.because.iter().copied()).collect(),
            });
        }
        found.extend(capabilities);
    }
    found
}

fn capability_moves(
    old: &ModelScore,
    new: &ModelScore,
    because: impl Fn(&CapabilityScore) -> BTreeSet<Class>,
) -> Vec<LevelMove> {
    let moves = new.capabilities.iter().filter_map(|capability| {
        let before = old.capabilities.iter().find(|it| it.id == capability.id)?;
        (before.level != capability.level).then(|| LevelMove {
            model: new.id.clone(),
            capability: Some(capability.id.clone()),
            title: capability.title.clone(),
            old: before.level,
            new: capability.level,
            because: because(capability),
        })
    });
    moves.collect()
}

fn sources(old: &Scorecard, new: &Scorecard) -> Vec<SourceMove> {
    let status = |scorecard: &Scorecard, source: &str| {
        scorecard
            .gaps
            .iter()
            .find(|gap| gap.source == source)
            .map_or_else(|| "full".to_owned(), |gap| gap.status.clone())
    };
    let names: BTreeSet<&String> =
        old.gaps.iter().chain(&new.gaps).map(|gap| &gap.source).collect();
    let moves = names.into_iter().map(|source| SourceMove {
        source: source.clone(),
        old: status(old, source),
        new: status(new, source),
    });
    moves.filter(|it| it.old != it.new).collect()
}
