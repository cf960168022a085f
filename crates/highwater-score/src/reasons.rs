//! Why an indicator stands as it does, in plain words.
//!
//! One sentence a cause: what there is to judge, what was stated, what each fact says, what refuted or
//! implied. The sentences explain a result; no result depends on them.

use highwater_facts::{Answer, Kind};
use jiff::civil::Date;

use crate::attestation::UNSUPPORTED;
use crate::indicator::{Applicability, Contradiction, Outcome, Outcomes};
use crate::model::{Assessability, Indicator, Polarity, Population};
use crate::rule::{ANYTHING, Reading, Rule, Seen, seen};
use crate::rulebook::Rulebook;
use crate::scorecard::{Source, State};
use crate::words::{number, range};
use crate::{Answers, Statement};

/// The reasons for one outcome, the weightiest first.
pub(crate) fn reasons(
    rulebook: &Rulebook,
    answers: &Answers,
    outcomes: &Outcomes<'_>,
    indicator: &Indicator,
    lapsed: Option<&Statement>,
    day: Date,
) -> Vec<String> {
    let Some(outcome) = outcomes.get(rulebook, &indicator.id) else { return Vec::new() };
    let statement = outcomes.statement(&indicator.id);
    let mut reasons = Vec::new();
    reasons.extend(population(indicator, outcome, answers));
    if let (Some(statement), Some(contradiction)) = (statement, outcome.contradiction) {
        reasons.push(disagreement(indicator, outcome, statement, contradiction));
    }
    match (statement, lapsed) {
        (Some(statement), _) => reasons.extend(stated(indicator, outcome, statement)),
        (None, Some(statement)) => reasons.push(not_counted(rulebook, indicator, statement, day)),
        (None, None) => reasons.extend(missing_statement(indicator, outcome)),
    }
    if let Some(id) = &outcome.implied_by {
        reasons.push(format!("implied by {id}"));
    } else if let Some(id) = &outcome.estimated_by {
        reasons.push(format!("the estimate is that of {id}, which includes it"));
    }
    reasons.extend(refuted(indicator, outcome, answers));
    reasons.extend(facts(&indicator.rule, answers, indicator.polarity));
    let others = indicator.rule.indicators().into_iter();
    reasons.extend(
        others.filter_map(|id| outcomes.get(rulebook, id).map(|other| other_in_words(id, other))),
    );
    reasons
}

/// What a statement says against the telemetry, in one sentence.
pub(crate) fn disagreement(
    indicator: &Indicator,
    outcome: &Outcome,
    statement: &Statement,
    contradiction: Contradiction,
) -> String {
    let telemetry = range(outcome.telemetry);
    let comparison = match contradiction {
        Contradiction::StatedMore => "more than the evidence allows",
        Contradiction::StatedLess => "less than the evidence shows",
    };
    let subject = match indicator.polarity {
        Polarity::Achievement => "score",
        Polarity::Limitation => "truth of the limitation",
    };
    format!(
        "{} stated {} on {}, {comparison} ({subject} {telemetry}); the evidence counts",
        statement.by,
        statement.answer.word(),
        statement.on
    )
}

fn population(indicator: &Indicator, outcome: &Outcome, answers: &Answers) -> Option<String> {
    let Some(population) = &indicator.population else {
        return (outcome.applicability == Applicability::No)
            .then(|| "not applicable: nothing that it reads has any subjects".to_owned());
    };
    let fact = &population.fact;
    let there = match seen(answers, fact) {
        Seen::Range(seen) => format!("is {}", range(seen)),
        Seen::Empty => "has no subjects".to_owned(),
        Seen::Nothing => "was not observed".to_owned(),
    };
    let needed = minimum(population);
    match outcome.applicability {
        Applicability::Yes => None,
        Applicability::No if population.suffices(lower(answers, fact)) => {
            Some("not applicable: nothing that it reads has any subjects".to_owned())
        }
        Applicability::No => Some(format!("not applicable: {fact} {there}")),
        Applicability::Absent => {
            Some(format!("not met: {fact} {there}, so there is nothing to judge"))
        }
        Applicability::TooFew => Some(format!("sample too small: {fact} {there}, needed {needed}")),
        Applicability::Open => {
            Some(format!("whether it applies is open: {fact} {there}, needed {needed}"))
        }
    }
}

fn minimum(population: &Population) -> String {
    let word = if population.exclusive { "more than" } else { "at least" };
    format!("{word} {}", number(population.minimum))
}

fn lower(answers: &Answers, fact: &str) -> f64 {
    match seen(answers, fact) {
        Seen::Range(range) => range.lo,
        Seen::Empty | Seen::Nothing => 0.0,
    }
}

fn stated(indicator: &Indicator, outcome: &Outcome, statement: &Statement) -> Vec<String> {
    let mut reasons = Vec::new();
    let evidence =
        if statement.has_link() { "with evidence" } else { "without a link as evidence" };
    reasons.push(format!(
        "{} stated {} on {}, {evidence}",
        statement.by,
        statement.answer.word(),
        statement.on
    ));
    if statement.score() < statement.answer.score() {
        reasons.push(format!(
            "without a link as evidence a statement counts as {UNSUPPORTED} at most"
        ));
    }
    match (outcome.source, outcome.applicability) {
        (Source::Substituted, _) => {
            reasons.push(format!("the statement stands in for evidence that was not collected and counts as {UNSUPPORTED} at most"));
        }
        (_, Applicability::No | Applicability::Absent) => reasons.push(
            "the statement does not count: there is nothing that it could be about".to_owned(),
        ),
        (_, Applicability::Open) => reasons.push(
            "the statement does not count yet: whether the indicator applies is open".to_owned(),
        ),
        (_, Applicability::TooFew) if indicator.assessability == Assessability::Direct => {
            reasons.push(
                "the statement does not count: evidence alone decides this indicator".to_owned(),
            );
        }
        _ => {}
    }
    reasons
}

fn not_counted(
    rulebook: &Rulebook,
    indicator: &Indicator,
    statement: &Statement,
    day: Date,
) -> String {
    if statement.on > day {
        format!(
            "the statement of {} was made on {}, after the day of evaluation {day}",
            statement.by, statement.on
        )
    } else {
        format!(
            "the statement of {} expired on {}",
            statement.by,
            statement.expiry(&indicator.id, rulebook)
        )
    }
}

fn missing_statement(indicator: &Indicator, outcome: &Outcome) -> Option<String> {
    if outcome.state != State::Unknown || outcome.applicability == Applicability::Open {
        return None;
    }
    match indicator.assessability {
        Assessability::Direct => None,
        Assessability::Hybrid => {
            Some("evidence and statement decide together; a statement is missing".to_owned())
        }
        Assessability::Proxy => {
            Some("only a statement decides; the evidence moves the estimate".to_owned())
        }
        Assessability::Attested if outcome.hinted => {
            Some("only a statement decides; the evidence hints".to_owned())
        }
        Assessability::Attested => Some("only a statement decides".to_owned()),
    }
}

fn refuted(indicator: &Indicator, outcome: &Outcome, answers: &Answers) -> Vec<String> {
    let Some(refuter) =
        indicator.refuted_by.as_ref().filter(|_| outcome.applicability == Applicability::Yes)
    else {
        return Vec::new();
    };
    let reading = Reading { answers, statement: ANYTHING, others: &|_| None };
    let limits = refuter.evaluate(&reading).is_some_and(|range| range.hi < 1.0);
    let known = indicator.rule.facts();
    let lines = if limits { facts(refuter, answers, indicator.polarity) } else { Vec::new() };
    let fresh = lines.into_iter().filter(|line| !known.iter().any(|fact| line.starts_with(fact)));
    let heading = limits
        .then(|| format!("refuted: it needs that {}", crate::words::in_words(refuter, &|_| None)));
    heading.into_iter().chain(fresh).collect()
}

/// One sentence for each term that reads a fact.
fn facts(rule: &Rule, answers: &Answers, polarity: Polarity) -> Vec<String> {
    let reading = Reading { answers, statement: ANYTHING, others: &|_| None };
    let mut lines = Vec::new();
    rule.visit(&mut |term| {
        let Some(fact) = term.fact() else { return };
        let line = match (seen(answers, fact), term.evaluate(&reading)) {
            (Seen::Range(value), Some(score)) => {
                let counts = answers.get(fact).map(counts).unwrap_or_default();
                let (seen, score, bound) = (range(value), range(score), full_marks(term));
                match polarity {
                    Polarity::Achievement => {
                        format!("{fact} is {seen}{counts}, worth {score} (full marks {bound})")
                    }
                    Polarity::Limitation => {
                        format!("{fact} is {seen}{counts}, so the limitation is {score} true (wholly {bound})")
                    }
                }
            }
            (Seen::Empty, _) => format!("{fact} has no subjects and drops out"),
            _ => {
                format!("{fact} was not observed{}", answers.get(fact).map(gap).unwrap_or_default())
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    });
    lines
}

fn counts(answer: &Answer) -> String {
    if answer.kind != Kind::Share {
        return String::new();
    }
    let unknown =
        if answer.unknowns > 0 { format!(", {} unknown", answer.unknowns) } else { String::new() };
    format!(" ({} yes, {} no{unknown})", answer.trues, answer.falses)
}

fn gap(answer: &Answer) -> String {
    answer.gaps.first().map(|gap| format!(": {gap}")).unwrap_or_default()
}

fn full_marks(term: &Rule) -> String {
    match term {
        Rule::Up { to, .. } => format!("from {}", number(*to)),
        Rule::Down { from, .. } => format!("up to {}", number(*from)),
        Rule::AtLeast { value, .. } => format!("from {}", number(*value)),
        Rule::AtMost { value, .. } => format!("up to {}", number(*value)),
        Rule::Is { value, .. } => format!("for {}", if *value { "yes" } else { "no" }),
        Rule::All(_) | Rule::Any(_) | Rule::Mean(_) | Rule::Attested | Rule::Indicator(_) => {
            String::new()
        }
    }
}

fn other_in_words(id: &str, outcome: &Outcome) -> String {
    if outcome.applies() {
        format!("{id} is {}", range(outcome.interval))
    } else {
        format!("{id} does not apply and drops out")
    }
}
