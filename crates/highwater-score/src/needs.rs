//! What would decide an open indicator, or improve one that falls short.
//!
//! Says which facts to collect, whether a statement would do, and which facts fall short. It does not
//! say what a step is worth for a level; that takes the whole capability.

use std::collections::BTreeSet;

use highwater_facts::Interval;

use crate::Answers;
use crate::indicator::{Applicability, Outcomes};
use crate::model::{Assessability, Indicator, Polarity};
use crate::rule::{ANYTHING, Reading, Rule, Seen, seen};
use crate::rulebook::Rulebook;
use crate::scorecard::{Need, State};

/// Steps for the indicator, the surest first; none where nothing is left to do or the id is unknown.
pub fn needs(
    rulebook: &Rulebook,
    answers: &Answers,
    outcomes: &Outcomes<'_>,
    id: &str,
) -> Vec<Need> {
    let (Some(indicator), Some(outcome)) = (rulebook.indicator(id), outcomes.get(rulebook, id))
    else {
        return Vec::new();
    };
    if !indicator.is_rated() {
        return Vec::new();
    }
    let stated = outcomes.statement(id).is_some();
    match (outcome.state, outcome.applicability) {
        (State::Met | State::Refuted | State::NotApplicable, _) => Vec::new(),
        (State::Unknown, Applicability::Open) => population(indicator, answers),
        (State::Unknown, Applicability::TooFew) => too_few(indicator, stated),
        (State::Unknown, _) => undecided(indicator, answers, stated),
        (State::Partly | State::NotMet | State::Holds, _) => {
            let statement = !stated && indicator.rule.waits_for_a_statement();
            vec![Need::Fix { facts: short(indicator, answers), statement }]
        }
    }
}

/// What would lift an indicator that is met, yet not wholly: its weakest facts, or a better answer.
pub(crate) fn improving(indicator: &Indicator, answers: &Answers) -> Vec<Need> {
    match short(indicator, answers) {
        facts if facts.is_empty() => vec![Need::Attest],
        facts => vec![Need::Fix { facts, statement: false }],
    }
}

fn population(indicator: &Indicator, answers: &Answers) -> Vec<Need> {
    indicator
        .population
        .iter()
        .map(|population| collect(vec![population.fact.clone()], answers))
        .collect()
}

fn too_few(indicator: &Indicator, stated: bool) -> Vec<Need> {
    let sample = indicator.population.iter();
    let mut steps: Vec<Need> =
        sample.map(|p| Need::Sample { fact: p.fact.clone(), minimum: p.minimum }).collect();
    if indicator.assessability != Assessability::Direct && !stated {
        steps.push(Need::Attest);
    }
    steps
}

fn undecided(indicator: &Indicator, answers: &Answers, stated: bool) -> Vec<Need> {
    let facts: Vec<String> = inexact(indicator, answers);
    let collect = (!facts.is_empty()).then(|| collect(facts, answers));
    let attest = (!stated).then_some(Need::Attest);
    match indicator.assessability {
        Assessability::Direct => collect.into_iter().collect(),
        Assessability::Hybrid => attest.into_iter().chain(collect).collect(),
        Assessability::Proxy | Assessability::Attested => attest.into_iter().collect(),
    }
}

fn collect(facts: Vec<String>, answers: &Answers) -> Need {
    let tables =
        facts.iter().filter_map(|fact| answers.get(fact)).flat_map(|answer| &answer.tables);
    let tables: BTreeSet<&String> = tables.collect();
    Need::Collect { tables: tables.into_iter().cloned().collect(), facts }
}

/// Facts of the rule that are not known exactly.
fn inexact(indicator: &Indicator, answers: &Answers) -> Vec<String> {
    let exact = |fact: &str| match seen(answers, fact) {
        Seen::Range(Interval { lo, hi }) => lo >= hi,
        Seen::Empty => true,
        Seen::Nothing => false,
    };
    indicator.rule.facts().into_iter().filter(|fact| !exact(fact)).map(str::to_owned).collect()
}

/// Facts whose own term falls short of full marks; for a limitation, those that speak for it.
fn short(indicator: &Indicator, answers: &Answers) -> Vec<String> {
    let reading = Reading { answers, statement: ANYTHING, others: &|_| None };
    let mut facts: Vec<String> = Vec::new();
    let mut look = |term: &Rule| {
        let Some(fact) = term.fact() else { return };
        let bad = term.evaluate(&reading).is_some_and(|score| match indicator.polarity {
            Polarity::Achievement => score.hi < 1.0,
            Polarity::Limitation => score.lo > 0.0,
        });
        if bad && !facts.iter().any(|known| known == fact) {
            facts.push(fact.to_owned());
        }
    };
    indicator.rule.visit(&mut |term| look(term));
    if let Some(refuter) = &indicator.refuted_by {
        refuter.visit(&mut |term| look(term));
    }
    facts
}
