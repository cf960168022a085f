//! How much of a result is decided, and how far to trust it: coverage and confidence.
//!
//! Both are reported beside the levels and never used in one.

use crate::indicator::{Outcome, Outcomes};
use crate::model::{Indicator, Model};
use crate::rulebook::Rulebook;
use crate::scorecard::{Coverage, Source};
use crate::{Answers, Context};

use super::rounded;

/// Shares of the applicable weight, by what decides it. Where nothing applies, all is decided.
pub(super) fn coverage<'a>(rated: impl Iterator<Item = (&'a Indicator, &'a Outcome)>) -> Coverage {
    let (mut whole, mut telemetry, mut attested, mut proxy) = (0.0, 0.0, 0.0, 0.0);
    for (indicator, outcome) in rated.filter(|(_, outcome)| outcome.applies()) {
        let weight = f64::from(indicator.weight);
        whole += weight;
        match outcome {
            Outcome { decided_by_telemetry: true, .. } => telemetry += weight,
            Outcome { decided: true, .. } => attested += weight,
            Outcome { hinted: true, .. } => proxy += weight,
            _ => {}
        }
    }
    if whole <= 0.0 {
        return Coverage { decided: 1.0, telemetry: 1.0, attested: 0.0, proxy: 0.0, open: 0.0 };
    }
    let share = |part: f64| rounded(part / whole);
    Coverage {
        decided: share(telemetry + attested),
        telemetry: share(telemetry),
        attested: share(attested),
        proxy: share(proxy),
        open: share(whole - telemetry - attested - proxy),
    }
}

/// How far each outcome is to be trusted: grade of the source, freshness and completeness of the evidence.
pub(super) fn confidence(
    rulebook: &Rulebook,
    answers: &Answers,
    outcomes: &Outcomes<'_>,
    context: &Context,
) -> Vec<f64> {
    let mut confidence = vec![0.0; rulebook.order().len()];
    for &position in rulebook.order() {
        let indicator = rulebook.at(position);
        let outcome = outcomes.at(position);
        let fresh = freshness(rulebook.model_at(position), context);
        let evidence = fresh * completeness(indicator, answers);
        let statement = outcomes.statement(&indicator.id);
        let stated =
            statement.map_or(0.0, |statement| if statement.has_link() { 0.8 } else { 0.5 });
        confidence[position] = match outcome.source {
            Source::Telemetry => evidence,
            Source::Attested | Source::Substituted => stated,
            Source::Proxy => indicator.strength.unwrap_or(0.0) * evidence,
            Source::Implied => {
                let by = outcome.implied_by.as_ref().and_then(|id| rulebook.position(id));
                by.map_or(0.0, |by| confidence[by])
            }
            Source::None => 0.0,
        };
    }
    confidence
}

/// 1 while fresh, then falling to a half at twice that age.
fn freshness(model: &Model, context: &Context) -> f64 {
    const DAY: f64 = 86_400.0;
    let age = context.evaluated_at.duration_since(context.snapshot.taken_at).as_secs_f64() / DAY;
    let window = f64::from(model.fresh_days.max(1));
    1.0 - ((age - window) / window).clamp(0.0, 1.0) / 2.0
}

/// The least completeness of the facts that were observed; a refuter or population counts as well.
fn completeness(indicator: &Indicator, answers: &Answers) -> f64 {
    let known = indicator
        .facts()
        .into_iter()
        .filter_map(|fact| answers.get(fact))
        .map(|answer| answer.completeness);
    known.filter(|part| part.is_finite()).fold(1.0, f64::min).clamp(0.0, 1.0)
}
