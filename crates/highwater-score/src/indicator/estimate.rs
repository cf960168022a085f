//! The best supported guess inside an interval: what hints are worth where nothing decides.
//!
//! Gives no credit for silence: an unknown achievement is taken as missing, an unknown limitation as
//! holding. No estimate ever moves what is proven.

use highwater_facts::Interval;

use super::{Applicability, Judgement, With, contribution};
use crate::model::{Assessability, Polarity};
use crate::rule::{ANYTHING, Reading, Rule};

impl Judgement<'_> {
    /// The end of an interval that gives no credit for silence.
    fn cautious(&self, interval: Interval) -> f64 {
        match self.indicator.polarity {
            Polarity::Achievement => interval.lo,
            Polarity::Limitation => interval.hi,
        }
    }

    /// What the telemetry hints at where it cannot decide.
    pub(super) fn hint(&self, applicability: Applicability) -> Option<f64> {
        let strength = self.indicator.strength?;
        if applicability != Applicability::Yes && applicability != Applicability::TooFew {
            return None;
        }
        let taken = if self.indicator.assessability == Assessability::Hybrid {
            Interval::exactly(1.0)
        } else {
            ANYTHING
        };
        let formula = self.rule(With::Statements, taken)?;
        (formula != ANYTHING && self.observed_something())
            .then(|| strength * self.cautious(formula))
    }

    /// Whether any term of the rule says something, the statement aside.
    fn observed_something(&self) -> bool {
        let mut observed = false;
        self.indicator.rule.visit(&mut |term| {
            let says = term.fact().is_some() || matches!(term, Rule::Indicator(_));
            observed |= says
                && self
                    .read(term, With::Statements, ANYTHING)
                    .is_some_and(|range| range != ANYTHING);
        });
        observed
    }

    /// The estimate, raised to that of an indicator that includes this one, with the id of that one.
    pub(super) fn lifted_estimate(
        &self,
        applicability: Applicability,
        interval: Interval,
    ) -> (f64, Option<String>) {
        let mut lifted = (self.estimate(applicability, interval), None);
        if applicability != Applicability::Yes {
            return lifted;
        }
        for id in &self.indicator.implied_by {
            let position = self.rulebook.position(id);
            let Some(outcome) = position.map(|position| &self.list[position]) else { continue };
            if outcome.applies() && outcome.estimate.min(interval.hi) > lifted.0 {
                lifted = (outcome.estimate, Some(id.clone()));
            }
        }
        lifted
    }

    fn estimate(&self, applicability: Applicability, interval: Interval) -> f64 {
        let direct = self.indicator.assessability == Assessability::Direct;
        if !self.indicator.is_rated() {
            return self.roll_up_estimate().unwrap_or_else(|| self.cautious(interval));
        }
        match applicability {
            Applicability::Yes if direct || self.statement.is_some() => self.cautious(interval),
            Applicability::Yes => {
                self.hint(applicability).unwrap_or_else(|| self.cautious(interval))
            }
            Applicability::TooFew if !direct && self.statement.is_some() => self.cautious(interval),
            Applicability::TooFew => self.halved(applicability),
            Applicability::No | Applicability::Absent | Applicability::Open => {
                self.cautious(interval)
            }
        }
    }

    /// Half the credit that a sufficient sample of the same make would give.
    fn halved(&self, applicability: Applicability) -> f64 {
        let whole = match self.indicator.assessability {
            Assessability::Direct => {
                self.rule(With::Telemetry, ANYTHING).map(|formula| self.cautious(formula))
            }
            Assessability::Proxy | Assessability::Hybrid | Assessability::Attested => {
                self.hint(applicability)
            }
        };
        let polarity = self.indicator.polarity;
        contribution(polarity, whole.map_or(0.0, |whole| contribution(polarity, whole)) / 2.0)
    }

    fn roll_up_estimate(&self) -> Option<f64> {
        let others = |id: &str| {
            let outcome = self.rulebook.position(id).map(|position| &self.list[position])?;
            outcome.applies().then(|| Interval::exactly(outcome.estimate))
        };
        let reading = Reading { answers: self.answers, statement: ANYTHING, others: &others };
        self.indicator.rule.evaluate(&reading).map(|range| range.lo)
    }
}
