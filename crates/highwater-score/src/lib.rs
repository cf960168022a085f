//! Maturity levels inferred from facts and statements.
//!
//! [`score`] takes what was observed ([`Answers`]), what was stated ([`Attestations`]) and a
//! [`Rulebook`] of models kept as data, and gives a [`Scorecard`]: every indicator met, not met,
//! honestly unknown or waiting for a statement, and the level of each capability as a range.
//!
//! Guarantees: the same input gives the same bytes; missing evidence never makes an indicator met or
//! not met; *telemetry ≤ proven ≤ estimate ≤ possible*. Deliberately absent: network, clock,
//! environment and evidence tables. Time and identity of the snapshot come in through [`Context`].

mod assemble;
mod attestation;
mod context;
mod error;
mod indicator;
mod issued;
mod level;
mod model;
mod needs;
mod reasons;
mod rule;
mod rulebook;
mod scorecard;
mod what_if;
mod words;

use std::collections::BTreeMap;

pub use attestation::{Attestations, Reply, Statement};
pub use context::{Context, Scope, SignedBy, Snapshot, SourceGap, StatementFile, Tenant, Tool};
pub use error::{Error, Problem};
pub use indicator::{Applicability, Contradiction, Outcome, Outcomes, infer};
pub use level::Levels;
pub use model::{
    Assessability, Capability, Indicator, LevelName, Model, Polarity, Population, Ratings, Role,
    Thresholds, WhenZero,
};
pub use needs::needs;
pub use rule::{Reading, Rule};
pub use rulebook::{Pins, Rulebook};
pub use scorecard::{
    AttestationScore, CapabilityScore, ContradictionScore, Coverage, FactScore, GapScore,
    IndicatorScore, LevelScore, ModelEdition, ModelScore, Need, Next, OutOfScope, RulebookScore,
    Scorecard, Source, State, schema,
};
pub use what_if::{Assumptions, in_the_way_if, levels_if};
pub use words::{in_words, outline};

use highwater_facts::Answer;

/// Everything that was observed, by fact id. A fact that is missing here could not be observed.
pub type Answers = BTreeMap<String, Answer>;

/// Scores every model that `context` asks for.
///
/// `answers` and `attestations` are read once for both models, because statements and implications
/// reach across them; the levels of two models are never mixed.
pub fn score(
    rulebook: &Rulebook,
    answers: &Answers,
    attestations: &Attestations,
    context: &Context,
) -> Scorecard {
    let outcomes = infer(rulebook, answers, attestations, context.evaluated_on());
    assemble::assemble(rulebook, answers, attestations, &outcomes, context)
}
