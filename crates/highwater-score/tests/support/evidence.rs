//! Evidence for tests: personas and random answers over the facts that the shipped models read.

#![allow(dead_code, reason = "each test target uses a part of it")]

use std::collections::BTreeMap;

use highwater_facts::{Answer, Interval, Kind};
use highwater_score::{
    Answers, Attestations, Context, Pins, Polarity, Reading, Reply, Rule, Rulebook, Scope,
    Scorecard, Snapshot, Statement, Tenant, Tool, score,
};
use jiff::civil::Date;
use proptest::prelude::*;

/// The shipped rulebook.
pub(crate) fn shipped() -> Rulebook {
    Rulebook::shipped(&Pins::new()).unwrap()
}

/// A made-up context of 22 November 2026.
pub(crate) fn context() -> Context {
    Context {
        tool: Tool { name: "highwater".to_owned(), version: "0.0.0".to_owned() },
        tenant: Tenant {
            id: "00000000-0000-0000-0000-000000000101".to_owned(),
            name: Some("Contoso".to_owned()),
        },
        snapshot: Snapshot {
            id: "2026-11-22T06-00-00Z".to_owned(),
            taken_at: "2026-11-22T06:00:00Z".parse().unwrap(),
            sha256: "0".repeat(64),
        },
        evaluated_at: "2026-11-22T06:00:00Z".parse().unwrap(),
        models: None,
        scope: Scope::default(),
        gaps: Vec::new(),
        about: BTreeMap::new(),
        questions: BTreeMap::new(),
        statement_files: Vec::new(),
    }
}

/// Scores with the shipped rulebook and the made-up context.
pub(crate) fn scored(
    rulebook: &Rulebook,
    answers: &Answers,
    attestations: &Attestations,
) -> Scorecard {
    score(rulebook, answers, attestations, &context())
}

/// The kind that the name and the use of a fact tell.
pub(crate) fn kind(rulebook: &Rulebook, fact: &str) -> Kind {
    let is_flag = rulebook.indicators().any(|indicator| {
        let mut found = false;
        indicator
            .rule
            .visit(&mut |term| found |= matches!(term, Rule::Is { fact: f, .. } if f == fact));
        found
    });
    if is_flag {
        Kind::Flag
    } else if fact.ends_with("_share") {
        Kind::Share
    } else if fact.ends_with("_days")
        || fact.ends_with("_ratio")
        || fact.ends_with("_hours")
        || fact.contains("growth")
    {
        Kind::Measure
    } else {
        Kind::Count
    }
}

/// Every fact that the models read, with its kind.
pub(crate) fn facts(rulebook: &Rulebook) -> Vec<(String, Kind)> {
    rulebook.facts().into_iter().map(|fact| (fact.to_owned(), kind(rulebook, fact))).collect()
}

/// An answer with this value.
pub(crate) fn answer(fact: &str, kind: Kind, value: Option<Interval>, empty: bool) -> Answer {
    Answer {
        id: fact.to_owned(),
        kind,
        value,
        empty,
        trues: 0,
        falses: 0,
        unknowns: 0,
        open: false,
        completeness: 1.0,
        tables: vec![fact.split('.').next().unwrap_or_default().to_owned()],
        gaps: Vec::new(),
    }
}

/// An answer known exactly.
pub(crate) fn exactly(fact: &str, kind: Kind, value: f64) -> Answer {
    answer(fact, kind, Some(Interval::exactly(value)), false)
}

/// How good a value of a fact is for the models as a whole, term by term; negative is bad.
fn merit(rulebook: &Rulebook, answers: &Answers, fact: &str) -> f64 {
    let mut merit = 0.0;
    for indicator in rulebook.indicators() {
        indicator.rule.visit(&mut |term| {
            if term.fact() == Some(fact) {
                let reading = Reading {
                    answers,
                    statement: Interval { lo: 0.0, hi: 1.0 },
                    others: &|_| None,
                };
                let score = term.evaluate(&reading).unwrap().lo;
                merit += if indicator.polarity == Polarity::Limitation { -score } else { score };
            }
        });
    }
    merit
}

/// The value among those that rules mention that is as good (or as bad) as can be; populations are there.
fn extreme(rulebook: &Rulebook, fact: &str, kind: Kind, best: bool) -> f64 {
    let least = rulebook
        .indicators()
        .filter_map(|i| i.population.as_ref())
        .filter(|p| p.fact == fact)
        .map(|p| p.minimum + 1.0);
    let least =
        least.fold(0.0, f64::max).min(if kind == Kind::Share { 1.0 } else { f64::INFINITY });
    let mut values = vec![0.0, 1.0];
    if matches!(kind, Kind::Count | Kind::Measure) {
        values.push(1_000.0);
        for indicator in rulebook.indicators() {
            indicator.rule.visit(&mut |term| match term {
                Rule::Up { fact: f, from, to } | Rule::Down { fact: f, from, to } if f == fact => {
                    values.extend([*from, *to]);
                }
                Rule::AtLeast { fact: f, value } | Rule::AtMost { fact: f, value } if f == fact => {
                    values.push(*value);
                }
                _ => {}
            });
        }
    }
    let sign = if best { 1.0 } else { -1.0 };
    let graded = values.into_iter().map(|value| value.max(least)).map(|value| {
        let answers = Answers::from([(fact.to_owned(), exactly(fact, kind, value))]);
        (sign * merit(rulebook, &answers, fact), value)
    });
    graded.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

/// Every fact known exactly, as good as can be.
pub(crate) fn ideal(rulebook: &Rulebook) -> Answers {
    facts(rulebook)
        .into_iter()
        .map(|(fact, kind)| {
            (fact.clone(), exactly(&fact, kind, extreme(rulebook, &fact, kind, true)))
        })
        .collect()
}

/// Every fact known exactly, as bad as can be, with everything there that there could be.
pub(crate) fn worst(rulebook: &Rulebook) -> Answers {
    facts(rulebook)
        .into_iter()
        .map(|(fact, kind)| {
            (fact.clone(), exactly(&fact, kind, extreme(rulebook, &fact, kind, false)))
        })
        .collect()
}

/// A statement of 1 October 2026.
pub(crate) fn statement(id: &str, answer: Reply, linked: bool) -> Statement {
    Statement {
        indicators: vec![id.to_owned()],
        answer,
        by: "CoE lead".to_owned(),
        on: Date::constant(2026, 10, 1),
        expires: None,
        evidence: if linked {
            vec!["https://intranet.example/minutes".to_owned()]
        } else {
            Vec::new()
        },
        note: None,
    }
}

/// The best answer about everything, with evidence.
pub(crate) fn all_stated(rulebook: &Rulebook) -> Attestations {
    let rated = rulebook.indicators().filter(|indicator| indicator.is_rated());
    let best = |polarity| if polarity == Polarity::Achievement { Reply::Fully } else { Reply::Not };
    Attestations { statements: rated.map(|i| statement(&i.id, best(i.polarity), true)).collect() }
}

/// Any value of a fact, as evidence would give it.
pub(crate) fn any_answer(fact: String, kind: Kind) -> BoxedStrategy<Answer> {
    let whole = kind == Kind::Count;
    let top = if matches!(kind, Kind::Share | Kind::Flag) { 1.0 } else { 30.0 };
    let value = prop_oneof![2 => Just(0.0), 2 => Just(1.0), 4 => 0.0..=1.0_f64].prop_map(
        move |part: f64| {
            if whole {
                (part * top).round()
            } else if kind == Kind::Flag {
                part.round()
            } else {
                part * top
            }
        },
    );
    let range = (value.clone(), value, 0..10_u8).prop_map(move |(a, b, shape)| match shape {
        0..5 => Interval::exactly(a),
        5 if !matches!(kind, Kind::Share | Kind::Flag) => Interval { lo: a, hi: f64::INFINITY },
        _ => Interval { lo: a.min(b), hi: a.max(b) },
    });
    let can_be_empty = matches!(kind, Kind::Share | Kind::Measure);
    (range, 0..12_u8)
        .prop_map(move |(range, shape)| match shape {
            0 => answer(&fact, kind, None, false),
            1 if can_be_empty => answer(&fact, kind, None, true),
            _ => answer(&fact, kind, Some(range), false),
        })
        .boxed()
}

/// Any answers to all facts; some facts were not even asked.
pub(crate) fn any_answers(rulebook: &Rulebook) -> BoxedStrategy<Answers> {
    let each: Vec<_> = facts(rulebook)
        .into_iter()
        .map(|(fact, kind)| (any_answer(fact, kind), 0..15_u8))
        .collect();
    each.prop_map(|drawn| {
        let asked = drawn.into_iter().filter(|(_, asked)| *asked > 0);
        asked.map(|(answer, _)| (answer.id.clone(), answer)).collect()
    })
    .boxed()
}

/// Statements about about a third of the indicators.
pub(crate) fn any_statements(rulebook: &Rulebook) -> BoxedStrategy<Attestations> {
    let ids: Vec<String> =
        rulebook.indicators().filter(|i| i.is_rated()).map(|i| i.id.clone()).collect();
    let each: Vec<_> =
        ids.into_iter().map(|id| (Just(id), 0..4_usize, any::<bool>(), 0..3_u8)).collect();
    each.prop_map(|drawn| {
        let made = drawn.into_iter().filter(|(.., made)| *made == 0);
        Attestations {
            statements: made
                .map(|(id, answer, linked, _)| statement(&id, Reply::ALL[answer], linked))
                .collect(),
        }
    })
    .boxed()
}

/// Better evidence: every answer narrowed towards a point, unknown ones replaced by what `fresh` says.
pub(crate) fn refined(old: &Answers, fresh: &Answers, picks: &[f64]) -> Answers {
    let mut refined = fresh.clone();
    for ((fact, answer), pick) in old.iter().zip(picks.iter().cycle()) {
        if answer.empty {
            refined.insert(fact.clone(), answer.clone());
        } else if let Some(range) = answer.value {
            let value = narrowed(answer.kind, range, *pick);
            refined.insert(fact.clone(), Answer { value: Some(value), ..answer.clone() });
        }
    }
    refined
}

/// A range inside `range`; below a half the lower part, above a half a point.
fn narrowed(kind: Kind, range: Interval, pick: f64) -> Interval {
    let hi = if range.hi.is_finite() { range.hi } else { range.lo + 40.0 };
    let raw = range.lo + (hi - range.lo) * pick;
    let point = if matches!(kind, Kind::Count | Kind::Flag) { raw.round() } else { raw };
    if pick < 0.25 {
        range
    } else if pick < 0.5 {
        Interval { lo: range.lo, hi: point }
    } else {
        Interval::exactly(point)
    }
}
