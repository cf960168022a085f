//! What is known of each indicator: an interval, an estimate, a state and where they come from.
//!
//! The order of judgement is fixed: applicability, rule or statement, refuter, statement in place of
//! missing telemetry, implication, estimate. Every step is monotone, so better evidence only narrows a
//! result. Each indicator is judged twice, without and with statements, and the second result always
//! lies inside the first: a statement fills what telemetry leaves open and never overrides it.
//! Deliberately absent: levels, words, and any use of the confidence.

use std::collections::BTreeMap;

use highwater_facts::Interval;
use jiff::civil::Date;

use crate::attestation::UNSUPPORTED;
use crate::model::{Assessability, Indicator, Model, Polarity, Population, Role, WhenZero};
use crate::rule::{ANYTHING, Reading, Rule, Seen, seen};
use crate::rulebook::Rulebook;
use crate::scorecard::{Source, State};
use crate::{Answers, Attestations, Statement};

mod estimate;

/// Whether there is something that the indicator can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// There is, and enough of it.
    Yes,
    /// There is nothing, which leaves the indicator without meaning.
    No,
    /// There is nothing, which means that the score is 0.
    Absent,
    /// There are fewer than the least sample.
    TooFew,
    /// The evidence does not tell.
    Open,
}

/// What is known of one indicator. For a limitation the numbers say how true it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether it can be judged.
    pub applicability: Applicability,
    /// What evidence and statements allow.
    pub interval: Interval,
    /// What the evidence alone allows.
    pub telemetry: Interval,
    /// Best supported guess inside `interval`.
    pub estimate: f64,
    /// The state that follows.
    pub state: State,
    /// Where it comes from.
    pub source: Source,
    /// Whether undecided with a hint in the telemetry.
    pub hinted: bool,
    /// Whether both ends of `interval` lie in one rating class.
    pub decided: bool,
    /// Whether both ends of `telemetry` do.
    pub decided_by_telemetry: bool,
    /// The indicator whose result lifted this one.
    pub implied_by: Option<String>,
    /// The indicator whose estimate raised this one's.
    pub estimated_by: Option<String>,
    /// Whether a live statement and the telemetry exclude one another.
    pub contradiction: Option<Contradiction>,
}

/// How a statement and the telemetry disagree; the telemetry wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// More was stated than the telemetry allows.
    StatedMore,
    /// Less was stated than the telemetry shows.
    StatedLess,
}

/// The outcomes of a rulebook.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcomes<'a> {
    list: Vec<Outcome>,
    live: BTreeMap<&'a str, &'a Statement>,
}

impl<'a> Outcomes<'a> {
    /// The outcome of an indicator.
    pub fn get(&self, rulebook: &Rulebook, id: &str) -> Option<&Outcome> {
        rulebook.position(id).and_then(|position| self.list.get(position))
    }

    /// The statement about an indicator that counts.
    pub fn statement(&self, id: &str) -> Option<&'a Statement> {
        self.live.get(id).copied()
    }

    pub(crate) fn at(&self, position: usize) -> &Outcome {
        &self.list[position]
    }
}

impl Outcome {
    /// Whether it takes part in levels and coverage.
    pub fn applies(&self) -> bool {
        self.applicability != Applicability::No
    }
}

/// Judges every indicator of the rulebook as of a day.
pub fn infer<'a>(
    rulebook: &Rulebook,
    answers: &Answers,
    attestations: &'a Attestations,
    day: Date,
) -> Outcomes<'a> {
    let live = attestations.live(rulebook, day);
    let mut list = vec![unknown(); rulebook.order().len()];
    for &position in rulebook.order() {
        let indicator = rulebook.at(position);
        let statement = live.get(indicator.id.as_str()).copied();
        list[position] = Judgement { rulebook, answers, list: &list, indicator, statement }
            .outcome(rulebook.model_at(position));
    }
    Outcomes { list, live }
}

/// The score that satisfies a role: at least for a gate, more than for everything else.
pub(crate) fn satisfies(model: &Model, role: Role, contribution: f64) -> bool {
    match role {
        Role::Gate => contribution >= model.thresholds.gate,
        Role::Cap => contribution > model.thresholds.cap,
        Role::Core | Role::Supporting | Role::RollUp => contribution > model.thresholds.core,
    }
}

/// What a score contributes: itself, or for a limitation what is missing to it.
pub(crate) fn contribution(polarity: Polarity, score: f64) -> f64 {
    match polarity {
        Polarity::Achievement => score,
        Polarity::Limitation => 1.0 - score,
    }
}

/// One indicator, the evidence, and the outcomes of those that it needs.
struct Judgement<'a> {
    rulebook: &'a Rulebook,
    answers: &'a Answers,
    list: &'a [Outcome],
    indicator: &'a Indicator,
    statement: Option<&'a Statement>,
}

/// Whether statements are taken into account.
#[derive(Clone, Copy, PartialEq)]
enum With {
    Telemetry,
    Statements,
}

impl Judgement<'_> {
    fn outcome(&self, model: &Model) -> Outcome {
        let mut applicability =
            self.indicator.population.as_ref().map_or(Applicability::Yes, |p| self.population(p));
        if applicability == Applicability::Yes && self.rule(With::Telemetry, ANYTHING).is_none() {
            applicability = Applicability::No;
        }
        if applicability == Applicability::No {
            return Outcome {
                applicability,
                state: State::NotApplicable,
                source: Source::Telemetry,
                ..unknown()
            };
        }
        let base = self.base(applicability, With::Telemetry);
        let (telemetry, shown_by) = self.lift(applicability, base, With::Telemetry);
        let filled = within(
            self.substitute(applicability, self.base(applicability, With::Statements)),
            telemetry,
        );
        let (interval, implied_by) = self.lift(applicability, filled, With::Statements);
        let implied_by = implied_by.or(shown_by.filter(|_| interval.lo <= telemetry.lo));
        let (estimate, estimated_by) = self.lifted_estimate(applicability, interval);
        let decided = is_decided(model, interval);
        let hinted = !decided && self.hint(applicability).is_some();
        Outcome {
            applicability,
            interval,
            telemetry,
            estimate: estimate.clamp(interval.lo, interval.hi),
            state: state(model, self.indicator, interval),
            source: self.source(applicability, telemetry, interval, implied_by.is_some(), hinted),
            hinted,
            decided,
            decided_by_telemetry: is_decided(model, telemetry),
            implied_by,
            estimated_by,
            contradiction: self.contradiction(model, telemetry),
        }
    }

    /// How many subjects there are, against how many are needed. A share over nothing counts as none.
    fn population(&self, population: &Population) -> Applicability {
        let range = match seen(self.answers, &population.fact) {
            Seen::Range(range) => range,
            Seen::Empty => Interval::exactly(0.0),
            Seen::Nothing => return Applicability::Open,
        };
        let zero_matters = population.when_zero != WhenZero::Unknown;
        if population.suffices(range.lo) {
            Applicability::Yes
        } else if range.hi <= 0.0 {
            match population.when_zero {
                WhenZero::NotApplicable => Applicability::No,
                WhenZero::NotMet => Applicability::Absent,
                WhenZero::Unknown => Applicability::TooFew,
            }
        } else if population.suffices(range.hi) || (range.lo <= 0.0 && zero_matters) {
            Applicability::Open
        } else {
            Applicability::TooFew
        }
    }

    fn rule(&self, with: With, statement: Interval) -> Option<Interval> {
        self.read(&self.indicator.rule, with, statement)
    }

    fn read(&self, rule: &Rule, with: With, statement: Interval) -> Option<Interval> {
        let others = |id: &str| {
            let outcome = self.rulebook.position(id).map(|position| &self.list[position])?;
            let interval =
                if with == With::Telemetry { outcome.telemetry } else { outcome.interval };
            outcome.applies().then_some(interval)
        };
        rule.evaluate(&Reading { answers: self.answers, statement, others: &others })
    }

    /// The live statement's score, if statements count and there is one.
    fn stated(&self, with: With) -> Option<f64> {
        self.statement.filter(|_| with == With::Statements).map(Statement::score)
    }

    /// Rule or statement, then the refuter.
    fn base(&self, applicability: Applicability, with: With) -> Interval {
        let stated = self.stated(with).map(Interval::exactly);
        let direct = self.indicator.assessability == Assessability::Direct;
        let base = match applicability {
            Applicability::Absent => return Interval::exactly(0.0),
            Applicability::No | Applicability::Open => return ANYTHING,
            Applicability::TooFew if direct => return ANYTHING,
            Applicability::TooFew => return stated.unwrap_or(ANYTHING),
            Applicability::Yes => match self.indicator.assessability {
                Assessability::Direct | Assessability::Hybrid => {
                    self.rule(with, stated.unwrap_or(ANYTHING)).unwrap_or(ANYTHING)
                }
                Assessability::Proxy | Assessability::Attested => stated.unwrap_or(ANYTHING),
            },
        };
        let refuter =
            self.indicator.refuted_by.as_ref().and_then(|rule| self.read(rule, with, ANYTHING));
        match refuter {
            Some(refuter) => Interval { lo: base.lo.min(refuter.hi), hi: base.hi.min(refuter.hi) },
            None => base,
        }
    }

    /// A statement about a direct indicator stands in for the part of the source that was not collected.
    fn substitute(&self, applicability: Applicability, interval: Interval) -> Interval {
        let direct = self.indicator.assessability == Assessability::Direct
            && applicability == Applicability::Yes;
        match self.statement.filter(|_| direct && interval.lo < interval.hi) {
            Some(statement) => Interval::exactly(
                statement.score().min(UNSUPPORTED).clamp(interval.lo, interval.hi),
            ),
            None => interval,
        }
    }

    /// Raises the lower end to that of an indicator that includes this one.
    fn lift(
        &self,
        applicability: Applicability,
        interval: Interval,
        with: With,
    ) -> (Interval, Option<String>) {
        let mut lifted = (interval, None);
        if applicability != Applicability::Yes {
            return lifted;
        }
        for id in &self.indicator.implied_by {
            let Some(outcome) = self.rulebook.position(id).map(|position| &self.list[position])
            else {
                continue;
            };
            let lo =
                if with == With::Telemetry { outcome.telemetry.lo } else { outcome.interval.lo };
            if outcome.applies() && lo.min(interval.hi) > lifted.0.lo {
                lifted = (Interval { lo: lo.min(interval.hi), ..interval }, Some(id.clone()));
            }
        }
        lifted
    }

    fn source(
        &self,
        applicability: Applicability,
        telemetry: Interval,
        interval: Interval,
        implied: bool,
        hinted: bool,
    ) -> Source {
        let stated = self.statement.is_some() && interval != telemetry;
        let counts = applicability == Applicability::Yes || applicability == Applicability::TooFew;
        if implied {
            Source::Implied
        } else if stated && counts && self.indicator.assessability == Assessability::Direct {
            Source::Substituted
        } else if stated && counts {
            Source::Attested
        } else if telemetry != ANYTHING {
            Source::Telemetry
        } else if hinted {
            Source::Proxy
        } else {
            Source::None
        }
    }

    fn contradiction(&self, model: &Model, telemetry: Interval) -> Option<Contradiction> {
        let stated = self.statement?.answer.score();
        let (role, polarity) = (self.indicator.role, self.indicator.polarity);
        let good = |score: f64| satisfies(model, role, contribution(polarity, score));
        if telemetry == ANYTHING
            || good(telemetry.lo) != good(telemetry.hi)
            || good(stated) == good(telemetry.lo)
        {
            return None;
        }
        Some(if stated > telemetry.hi {
            Contradiction::StatedMore
        } else {
            Contradiction::StatedLess
        })
    }
}

fn unknown() -> Outcome {
    Outcome {
        applicability: Applicability::Open,
        interval: ANYTHING,
        telemetry: ANYTHING,
        estimate: 0.0,
        state: State::Unknown,
        source: Source::None,
        hinted: false,
        decided: false,
        decided_by_telemetry: false,
        implied_by: None,
        estimated_by: None,
        contradiction: None,
    }
}

/// The part of `interval` that `bounds` allow; the nearest point where they do not meet.
fn within(interval: Interval, bounds: Interval) -> Interval {
    Interval {
        lo: interval.lo.clamp(bounds.lo, bounds.hi),
        hi: interval.hi.clamp(bounds.lo, bounds.hi),
    }
}

fn is_decided(model: &Model, interval: Interval) -> bool {
    model.ratings.class(interval.lo) == model.ratings.class(interval.hi)
}

fn state(model: &Model, indicator: &Indicator, interval: Interval) -> State {
    let good =
        |score: f64| satisfies(model, indicator.role, contribution(indicator.polarity, score));
    match (indicator.polarity, good(interval.lo), good(interval.hi)) {
        (Polarity::Achievement, true, _) => State::Met,
        (Polarity::Achievement, false, true) | (Polarity::Limitation, true, false) => {
            State::Unknown
        }
        (Polarity::Achievement, false, false) if model.ratings.class(interval.hi) == 0 => {
            State::NotMet
        }
        (Polarity::Achievement, false, false) => State::Partly,
        (Polarity::Limitation, false, _) => State::Holds,
        (Polarity::Limitation, true, true) => State::Refuted,
    }
}

#[cfg(test)]
mod tests;
